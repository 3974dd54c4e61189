import Contracts
import Messaging
import Postgres
import ServiceWiring

/// Reads `notices.v1` and makes deliveries of what others have to say. Our own notices became
/// deliveries when they were made.
struct NoticeStream: BatchHandler {
  let topics: [Topic] = [.notices]
  let directory: DirectoryCache

  func handle(
    _ batch: ConsumedBatch, in transaction: borrowing PostgresTransaction, now: Instant
  ) throws -> BatchOutcome {
    var outcome = BatchOutcome()
    let incoming: [Incoming<Notice>] = Incoming.read(batch, into: &outcome)
    let foreign = incoming.filter { $0.source != NotifierSource.name }
    outcome.duplicates = incoming.count - foreign.count
    outcome.applied = foreign.count
    guard !foreign.isEmpty else { return outcome }
    var fanOut = try FanOut(in: transaction, directory: directory)
    for message in foreign {
      try fanOut.add(
        OutgoingEvent(message.payload, source: message.source, data: message.data))
    }
    try fanOut.write(at: now, in: transaction)
    return outcome
  }
}
