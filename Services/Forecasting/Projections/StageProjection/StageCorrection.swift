import Contracts
import Messaging

/// The changes of one opportunity of which a batch takes something back: a move, all of it because it
/// was a duplicate, or what a restored database has lost.
///
/// Its visits and totals are worked out from all of its events, as they were before the batch and
/// as they are after it, so that what was counted under whichever owner, team and currency is taken
/// back from there.
struct StageCorrection {
  private let former: CurrentStage?
  private let row: CurrentStage?
  private let id: EntityID
  private let before: StageCourse
  private let after: StageCourse

  /// - Parameters:
  ///   - history: all that was applied before, by position.
  ///   - events: what is new, in order; at least one.
  init(current: CurrentStage?, history: [StageFact], events: [StageEvent]) {
    former = current
    id = events[0].opportunityId
    before = StageCourse(history)
    after = StageCourse(history + events.map { StageFact($0) })
    guard let stay = after.last, let standing = after.standing else {
      row = nil
      return
    }
    var row = current ?? CurrentStage(first: events[0])
    for event in events { row.update(from: event) }
    row.stand(in: stay, standing)
    row.mergedInto = after.mergedInto
    self.row = row
  }

  func add(to changes: inout StageFold.Changes, _ totals: inout TotalSums) {
    guard let row else { return }
    changes.current.append(row)
    totals.addStanding(of: row, before: former)
    totals.add(before, of: id, times: -1)
    totals.add(after, of: id, times: 1)
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
  /// The opportunities of which these events take something back.
  ///
  /// - Parameter current: where the opportunities stood before.
  static func opportunities(
    in events: [StageEvent], after current: [EntityID: CurrentStage]
  ) -> Set<EntityID> {
    var corrected: Set<EntityID> = []
    for event in events
    where event.type == .moveReverted || event.type == .merged
      || current[event.opportunityId]?.mergedInto != nil
    {
      corrected.insert(event.opportunityId)
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
