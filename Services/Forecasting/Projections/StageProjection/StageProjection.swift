import Contracts
import Messaging
import Postgres

/// Keeps `applied_events`, `current_stage`, `visits` and the tables of sums up to date with
/// `stage-changes.v1`, in a fixed number of statements per batch; a few more where an event takes
/// something back.
struct StageProjection: BatchHandler {
  let topics: [Topic] = [.stageChanges]
  let isDurable = false

  func handle(
    _ batch: ConsumedBatch, in transaction: borrowing PostgresTransaction, now: Instant
  ) throws -> BatchOutcome {
    var outcome = BatchOutcome()
    let incoming = decode(batch, into: &outcome)
    guard !incoming.isEmpty else { return outcome }
    let ids = Set(incoming.map(\.data.opportunityId)).sorted()
    let (current, parked) = try StageTables.load(ids, in: transaction)
    let plan = Resequencer.plan(
      last: current.mapValues { EventPosition(epoch: $0.epoch, sequence: $0.sequence) },
      incoming: incoming, parked: parked)
    try ParkedEvents.park(plan.park, in: transaction)
    try ParkedEvents.remove(plan.unparked, in: transaction)
    outcome.duplicates = plan.duplicates
    outcome.parked = plan.park.count
    outcome.unparked = plan.unparked.count
    if !plan.apply.isEmpty {
      try apply(plan.apply, to: current, batch.partition, in: transaction, &outcome)
    }
    return outcome
  }

  private func decode(_ batch: ConsumedBatch, into outcome: inout BatchOutcome) -> [StageEvent] {
    var events: [StageEvent] = []
    events.reserveCapacity(batch.messages.count)
    for message in batch.messages {
      do throws(MessageFailure) {
        switch try StageEvent.read(message.wire) {
        case .payload(let event, _):
          try StageEventCheck.check(event, value: message.wire.value)
          events.append(event)
        case .tombstone: outcome.tombstones += 1
        case .unknownType: outcome.unknownTypes += 1
        }
      } catch {
        outcome.deadLetters.append(DeadLetter(message: message, failure: error))
      }
    }
    return events
  }

  private func apply(
    _ events: [StageEvent], to current: [EntityID: CurrentStage], _ partition: Int32,
    in transaction: borrowing PostgresTransaction, _ outcome: inout BatchOutcome
  ) throws {
    let corrected = StageCorrection.opportunities(in: events, after: current)
    let histories = try StageTables.loadHistories(of: corrected, in: transaction)
    let inserted = try StageTables.insertFacts(events, in: transaction)
    outcome.duplicates += events.count - inserted.count
    outcome.applied = inserted.count
    guard !inserted.isEmpty else { return }
    try StageTables.noteReverts(inserted, in: transaction)
    try StageTables.noteMerges(inserted, in: transaction)
    try NotedTables.insert(inserted, in: transaction)
    let changes = StageFold.fold(current: current, histories: histories, events: inserted)
    try StageTables.remove(changes.vanished, in: transaction)
    try NotedTables.remove(changes.vanished, in: transaction)
    try StageTables.writeCurrent(changes.current, over: current, in: transaction)
    try StageTables.upsertVisits(changes.visits, in: transaction)
    try StageTables.endVisits(changes.ended, in: transaction)
    let shard = StageTables.shard(of: partition)
    try StageTables.addTotals(changes.totals, shard: shard, in: transaction)
    try DailyTables.add(changes.daily, shard: shard, in: transaction)
    try DwellTables.add(changes.dwell, shard: shard, in: transaction)
    try FollowUpTables.add(changes.followUps, shard: shard, in: transaction)
    try changes.traits.write(in: transaction)
  }
}
