import Contracts
import Messaging
import Postgres
import ServiceWiring

/// Reads `stage-changes.v1`: sets the timers and makes deliveries of every event.
struct StageStream: BatchHandler {
  let topics: [Topic] = [.stageChanges]
  let directory: DirectoryCache

  func handle(
    _ batch: ConsumedBatch, in transaction: borrowing PostgresTransaction, now: Instant
  ) throws -> BatchOutcome {
    var outcome = BatchOutcome()
    let incoming: [Incoming<StageEvent>] = Incoming.read(batch, into: &outcome) {
      (event) throws(MessageFailure) in
      try StorableText.check(
        event.pipeline, event.to, event.owner, event.team, event.name, event.data.changedName)
    }
    guard !incoming.isEmpty else { return outcome }
    var followUps = try FollowUpTable.lock(
      Set(incoming.map(\.payload.opportunityId)), in: transaction)
    var fanOut = try FanOut(in: transaction, directory: directory)
    var touched: Set<EntityID> = []
    for message in incoming {
      let event = message.payload
      let id = event.opportunityId
      let before = followUps[id]
      if before == nil {
        followUps[id] = FollowUp(first: event, partition: batch.partition)
      } else {
        let isNew = followUps[id]?.apply(event, partition: batch.partition) == true
        if !isNew { outcome.duplicates += 1 }
      }
      if followUps[id] != before { touched.insert(id) }
      // An event that came late is delivered nevertheless; a repeated one adds nothing.
      try fanOut.add(
        OutgoingEvent(
          event, source: message.source, data: message.data,
          currentStage: followUps[id]?.stage ?? ""))
    }
    try FollowUpTable.write(touched.compactMap { followUps[$0] }, in: transaction)
    try fanOut.write(at: now, in: transaction)
    outcome.applied = incoming.count - outcome.duplicates
    return outcome
  }
}
