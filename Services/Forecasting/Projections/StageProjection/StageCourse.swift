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
  /// The moves that were taken back.
  let reverted: Set<EventPosition>
  let holds: HoldSpans

  /// - Parameter facts: all events of the opportunity, by position.
  init(_ facts: [StageFact]) {
    var lost: [EventPosition] = []
    var kept: [StageFact] = []
    kept.reserveCapacity(facts.count)
    for fact in facts {
      while let last = kept.last, last.position.sequence >= fact.position.sequence {
        lost.append(last.position)
        kept.removeLast()
      }
      kept.append(fact)
    }
    self.init(kept: kept, reverted: Set(kept.compactMap(\.reverted)), lost: lost)
  }

  /// - Parameters:
  ///   - facts: without those that never were, in order.
  ///   - reverted: the moves that were taken back, whether or not the facts say so.
  init(kept facts: [StageFact], reverted: Set<EventPosition>, lost: [EventPosition] = []) {
    self.facts = facts
    self.lost = lost
    self.reverted = reverted
    holds = HoldSpans(facts)
    for (index, fact) in facts.enumerated()
    where fact.opensVisit && !reverted.contains(fact.position) {
      if let last = stays.indices.last {
        stays[last].end = (event: fact, previous: facts[index - 1])
      }
      stays.append(Stay(begin: fact))
    }
    last = stays.last
    mergedInto = self.facts.last { $0.mergedInto != nil }?.mergedInto
    if mergedInto != nil { stays = [] }
  }

  func visits(of opportunity: EntityID) -> [Visit] {
    stays.map { $0.visit(of: opportunity, holds) }
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
  func visit(of opportunity: EntityID, _ holds: HoldSpans) -> Visit {
    Visit(
      opportunityID: opportunity, enteredSequence: begin.position.sequence,
      pipeline: begin.pipeline, stage: begin.to ?? "", category: begin.category ?? .open,
      enteredAt: enteredAt,
      leaving: end.map { end in
        Visit.Leaving(
          at: end.event.occurredAt, sequence: end.event.position.sequence,
          to: end.event.to ?? "", direction: end.event.direction, category: end.event.category,
          holder: end.previous.holder, amountMinor: end.previous.amountMinor,
          heldMicroseconds: holds.overlap(from: enteredAt, to: end.event.occurredAt))
      })
  }

  var enteredAt: Instant? { begin.isEntryUnknown ? nil : begin.occurredAt }
}

extension TotalSums {
  /// Counts every entry and leaving.
  mutating func add(_ course: StageCourse, of opportunity: EntityID, times: Int64) {
    for (stay, visit) in zip(course.stays, course.visits(of: opportunity)) {
      addEntry(of: visit, under: stay.begin.holder, times: times)
      addEnd(of: visit, times: times)
    }
  }
}
