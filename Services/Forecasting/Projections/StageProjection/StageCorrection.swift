import Contracts
import Messaging

/// The changes of one opportunity of which a batch takes something back: a move, all of it because it
/// was a duplicate, or what a restored database has lost. Or of which it brings something that happened
/// before what is known already.
///
/// Its visits and totals are worked out from all of its events, as they were before the batch and
/// as they are after it, so that what was counted under whichever owner, team and currency is taken
/// back from there.
struct StageCorrection {
  private let former: CurrentStage?
  private let row: CurrentStage?
  private let id: EntityID
  private let events: [StageEvent]
  private let before: StageCourse
  private let after: StageCourse

  /// - Parameters:
  ///   - history: all that was applied before, by position.
  ///   - events: what is new, in order; at least one.
  init(current: CurrentStage?, history: [StageFact], events: [StageEvent]) {
    former = current
    self.events = events
    id = events[0].opportunityId
    before = StageCourse(history)
    after = StageCourse(history + events.map { StageFact($0) })
    guard let stay = after.last, let standing = after.standing else {
      row = nil
      return
    }
    var row = current ?? CurrentStage(first: events[0])
    for event in events { row.update(from: event) }
    row.stand(in: stay, standing, after)
    row.mergedInto = after.mergedInto
    self.row = row
  }

  func add(to changes: inout StageFold.Changes, _ sums: inout FigureSums) {
    guard let row else { return }
    changes.current.append(row)
    sums.totals.addStanding(of: row, before: former)
    sums.add(before, of: id, times: -1)
    sums.add(after, of: id, times: 1)
    for event in events { sums.traits.note(event, ownedBefore: nil) }
    let begun = Set(after.stays.map(\.begin.position))
    // A restored database issues a sequence once more, for another visit.
    let vanished = Set(
      before.stays.map(\.begin.position).filter { !begun.contains($0) }.map(\.sequence))
    let kept = Set(before.visits(of: id)).filter { !vanished.contains($0.enteredSequence) }
    changes.visits += after.visits(of: id).filter { !kept.contains($0) }
    changes.vanished.visits += vanished.map { (id, $0) }
    changes.vanished.events += after.lost.map { (id, $0) }
  }
}

extension StageCorrection {
  /// The opportunities of which these events take something back, or in which they happened earlier
  /// than another that is known.
  ///
  /// - Parameter current: where the opportunities stood before.
  static func opportunities(
    in events: [StageEvent], after current: [EntityID: CurrentStage]
  ) -> Set<EntityID> {
    var corrected: Set<EntityID> = []
    var latest: [EntityID: Instant] = [:]
    for event in events {
      let id = event.opportunityId
      if event.type == .moveReverted || event.type == .merged || current[id]?.mergedInto != nil {
        corrected.insert(id)
      }
      let time = event.data.occurredAt
      if let known = latest[id] ?? current[id]?.latestAt, time < known {
        corrected.insert(id)
      } else {
        latest[id] = time
      }
    }
    let epoch = events.first?.epoch
    let isOneEpoch =
      events.allSatisfy { $0.epoch == epoch } && current.values.allSatisfy { $0.epoch == epoch }
    if isOneEpoch { return corrected }
    var last = current.mapValues(\.sequence)
    for event in events {
      if let last = last[event.opportunityId], event.sequence <= last {
        corrected.insert(event.opportunityId)
      }
      last[event.opportunityId] = event.sequence
    }
    return corrected
  }
}
