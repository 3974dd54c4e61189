import Contracts
import Messaging
import Postgres

/// Activities, from whoever published them: each is stored once, and belongs to a deal or is
/// unmatched when the batch is done.
struct ActivityHandler: BatchHandler {
  let topics: [Topic] = [.activities]
  let settlement: Settlement

  func handle(
    _ batch: ConsumedBatch, in transaction: borrowing PostgresTransaction, now: Instant
  ) throws -> BatchOutcome {
    var outcome = BatchOutcome()
    let activities = read(batch, now: now, &outcome)
    guard !activities.isEmpty else { return outcome }
    try MatchingLock.share(in: transaction)
    let known = try DealTables.known(to: activities, in: transaction)
    let judged = activities.map { (activity: $0, match: Match.decide($0, among: known)) }
    let new = try ActivityTables.insert(judged, in: transaction)
    var matched: [MatchedActivity] = []
    var unmatched: [UnmatchedActivity] = []
    for (activity, match) in judged where new.contains(activity.key) {
      switch match {
      case .deal(let deal, let by): matched.append(MatchedActivity(activity, deal, by: by))
      case .none(let reason, let candidates):
        unmatched.append(
          UnmatchedActivity(activity: activity, reason: reason, candidates: candidates))
      }
    }
    try UnmatchedTables.insert(unmatched, in: transaction)
    outcome.outbox = try settlement.settle(matched, at: now, in: transaction)
    outcome.applied = new.count
    outcome.duplicates += judged.count - new.count
    IngestMetrics.activities(.matched, matched.count)
    IngestMetrics.activities(.unmatched, unmatched.count)
    IngestMetrics.activities(.duplicate, outcome.duplicates)
    return outcome
  }

  /// The first of each identity.
  private func read(
    _ batch: ConsumedBatch, now: Instant, _ outcome: inout BatchOutcome
  ) -> [Activity] {
    var activities: [Activity] = []
    var keys: Set<EntityID> = []
    for message in batch.messages {
      do throws(MessageFailure) {
        switch try ObservedActivity.read(message.wire) {
        case .payload(let observed, let envelope):
          try NullCharacter.refuse(in: message.wire.value)
          let findings = ActivityCheck.findings(in: observed)
          guard findings.isEmpty else {
            throw MessageFailure(
              .unprocessable, findings.map(\.description).joined(separator: "; "))
          }
          let activity = Activity(
            observed, receivedAt: min(message.timestamp ?? now, now),
            traceparent: envelope.traceparent)
          if keys.insert(activity.key).inserted {
            activities.append(activity)
          } else {
            outcome.duplicates += 1
          }
        case .tombstone: outcome.tombstones += 1
        case .unknownType: outcome.unknownTypes += 1
        }
      } catch {
        outcome.deadLetters.append(DeadLetter(message: message, failure: error))
      }
    }
    return activities
  }
}
