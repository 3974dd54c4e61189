import Contracts
import Messaging

/// The visits of one opportunity as the whole of its events leaves them.
///
/// A move that was taken back began no visit: the one before it went on. Events that a restored
/// database has lost never were: those of a lower epoch whose sequence it issued once more. A
/// duplicate that became part of another deal made no visits at all.
struct StageCourse {
  struct Stay {
    var begin: StageFact
    /// The event that ended it, and the last one before that; nil while it lasts.
    var end: (event: StageFact, previous: StageFact)?
  }

  /// Without those that never were, in order; their sequences rise from event to event.
  private(set) var facts: [StageFact] = []
  /// The events that never were.
  private(set) var lost: [EventPosition] = []
  private(set) var stays: [Stay] = []
  /// The stay that lasts, or lasted when the deal became part of another one.
  private(set) var last: Stay?
  private(set) var mergedInto: EntityID?

  /// - Parameter facts: all events of the opportunity, by position.
  init(_ facts: [StageFact]) {
    self.facts.reserveCapacity(facts.count)
    for fact in facts {
      while let last = self.facts.last, last.position.sequence >= fact.position.sequence {
        lost.append(last.position)
        self.facts.removeLast()
      }
      self.facts.append(fact)
    }
    let reverted = Set(self.facts.compactMap(\.reverted))
    for (index, fact) in self.facts.enumerated()
    where fact.opensVisit && !reverted.contains(fact.position) {
      if let last = stays.indices.last {
        stays[last].end = (event: fact, previous: self.facts[index - 1])
      }
      stays.append(Stay(begin: fact))
    }
    last = stays.last
    mergedInto = self.facts.last { $0.mergedInto != nil }?.mergedInto
    if mergedInto != nil { stays = [] }
  }

  func visits(of opportunity: EntityID) -> [Visit] {
    stays.map { $0.visit(of: opportunity) }
  }

  /// What the events say of the stage in which the deal stands now; the last one to speak is right.
  var standing: StageFact? {
    guard let begin = last?.begin else { return nil }
    return facts.last { fact in
      fact.position >= begin.position && fact.to == begin.to && fact.category != nil
    } ?? begin
  }
}

extension StageCourse.Stay {
  func visit(of opportunity: EntityID) -> Visit {
    Visit(
      opportunityID: opportunity, enteredSequence: begin.position.sequence,
      pipeline: begin.pipeline, stage: begin.to ?? "", category: begin.category ?? .open,
      enteredAt: enteredAt,
      leaving: end.map { end in
        Visit.Leaving(
          at: end.event.occurredAt, sequence: end.event.position.sequence,
          to: end.event.to ?? "", direction: end.event.direction)
      })
  }

  var enteredAt: Instant? { begin.isEntryUnknown ? nil : begin.occurredAt }
}

extension TotalSums {
  /// Counts every entry and leaving.
  mutating func add(_ course: StageCourse, of opportunity: EntityID, times: Int64) {
    for stay in course.stays {
      let visit = stay.visit(of: opportunity)
      addEntry(of: visit, under: stay.begin.holder, times: times)
      if let end = stay.end { addEnd(of: visit, under: end.previous.holder, times: times) }
    }
  }
}
