import Contracts
import Messaging

/// Whether somebody has to follow up a deal, and until when.
struct FollowUpState: Sendable {
  var pipeline: String
  var holder: Holder
  /// The deal stands in a stage in which deals are open.
  var isOpen: Bool
  /// Nil where nothing is due: no deadline, followed up since the entry, or on hold.
  var due: Instant?

  /// Texts byte by byte.
  func isSame(as other: FollowUpState) -> Bool {
    isOpen == other.isOpen && due == other.due && pipeline.hasSameBytes(as: other.pipeline)
      && (holder.team ?? "").hasSameBytes(as: other.holder.team ?? "")
      && (holder.currency ?? "").hasSameBytes(as: other.holder.currency ?? "")
  }

  func isForgotten(at time: Instant) -> Bool {
    guard isOpen, let due else { return false }
    return due <= time
  }
}

extension CurrentStage {
  var followUp: FollowUpState {
    FollowUpState(
      pipeline: pipeline, holder: holder, isOpen: category == .open, due: followUpDueAt)
  }
}

/// What a deal's events say of its follow-up, one after the other.
///
/// A stay that was taken back set no deadline: the one before it went on until the reversal.
private struct FollowUpWalk {
  let reverted: Set<EventPosition>
  let silent: [ClosedRange<EventPosition>]
  private var begin: StageFact?
  private var category = StageCategory.open
  private var holder = Holder()
  private var due: Instant?

  /// - Parameter silent: from a move that was taken back to the event before its reversal.
  init(reverted: Set<EventPosition>, silent: [ClosedRange<EventPosition>]) {
    self.reverted = reverted
    self.silent = silent
  }

  mutating func step(_ fact: StageFact) {
    if fact.opensVisit, !reverted.contains(fact.position) {
      begin = fact
      category = fact.category ?? .open
    } else if let begin, fact.to == begin.to, let known = fact.category {
      category = known
    }
    holder = fact.holder
    if !silent.contains(where: { $0.contains(fact.position) }) { due = fact.followUpDueAt }
  }

  var state: FollowUpState? {
    begin.map { begin in
      FollowUpState(
        pipeline: begin.pipeline, holder: holder, isOpen: category == .open, due: due)
    }
  }
}

extension StageCourse {
  struct FollowUpStep: Sendable {
    var at: Instant
    /// As the events that had happened by then tell it; nil while there is no stay.
    var state: FollowUpState?
  }

  /// The follow-up after each event, in the order in which they happened; none of a duplicate.
  var followUps: [FollowUpStep] {
    guard mergedInto == nil else { return [] }
    let inTime = facts.indices.sorted {
      (facts[$0].occurredAt, $0) < (facts[$1].occurredAt, $1)
    }
    let empty = FollowUpWalk(reverted: reverted, silent: silent)
    var walk = empty
    guard !inTime.elementsEqual(facts.indices) else {
      return facts.map { fact in
        walk.step(fact)
        return FollowUpStep(at: fact.occurredAt, state: walk.state)
      }
    }
    var known: [Int] = []
    return inTime.map { index in
      known.append(index)
      walk = empty
      for index in known.sorted() { walk.step(facts[index]) }
      return FollowUpStep(at: facts[index].occurredAt, state: walk.state)
    }
  }

  private var silent: [ClosedRange<EventPosition>] {
    facts.indices.compactMap { index in
      guard index > 0, let move = facts[index].reverted, move <= facts[index - 1].position else {
        return nil
      }
      return move...facts[index - 1].position
    }
  }
}
