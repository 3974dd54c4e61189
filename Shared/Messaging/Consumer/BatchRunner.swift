package import Contracts
import Kafka
import Logging
import Postgres
import Synchronization

/// Carries one batch through its transaction, whatever happens on the way.
struct BatchRunner: Sendable {
  let session: ConsumerSession
  let store: OffsetStore
  let partition: TopicPartition
  let assignment: UInt64

  private var logger: Logger { session.logger }

  /// Returns when the batch is committed or the partition has moved elsewhere; throws when the
  /// session must end (fence lost, outcome of a commit unknown).
  func run(_ messages: [ConsumedMessage]) async throws {
    var backoff = Backoff()
    var attempts = 0
    var isDecidedAgain = false
    while let expected = expectedOffset() {
      do {
        return try await apply(messages, expected: expected)
      } catch let lost as FenceLost {
        session.metrics.fenced()
        throw lost
      } catch {
        switch Blame(error) {
        case .unknownOutcome:
          throw error
        case .message(let failure):
          // A constraint may have been met by somebody else's write of the same moment.
          if messages.count == 1, !isDecidedAgain, isConstraint(error) {
            isDecidedAgain = true
            continue
          }
          return try await narrowDown(messages, failure, expected: expected)
        case .excess where messages.count > 1:
          session.metrics.retried()
          return try await runHalves(of: messages)
        case .excess, .environment:
          session.metrics.retried()
          attempts += 1
          if attempts >= Self.patience { say(error, attempts) }
          logger.warning(
            "batch not committed; trying again",
            metadata: ["partition": "\(partition)", "error": "\(error)"])
          try await Task.sleep(for: backoff.next())
          touch()
        }
      }
    }
  }

  /// Nil when the partition is no longer this session's, or stopping.
  private func expectedOffset() -> Int64? {
    guard !Task.isCancelled else { return nil }
    return session.update(partition, of: assignment) { $0.isInFlight ? $0.nextOffset : nil } ?? nil
  }

  private func isConstraint(_ error: any Error) -> Bool {
    (error as? PostgresError)?.sqlState?.hasPrefix("23") == true
  }

  /// A hiccup is over after fewer attempts; from here on an operator should look.
  private static let patience = 8

  private func say(_ error: any Error, _ attempts: Int) {
    let reason = "a batch was tried \(attempts) times: \(error)"
    session.update(partition, of: assignment) { $0.retryReason = reason }
  }

  /// A batch that waits for the environment is not stalled.
  private func touch() {
    session.update(partition, of: assignment) { $0.inFlightSince = .now }
  }

  /// Halves the batch until the message that cannot be processed stands alone, and buries that one.
  private func narrowDown(
    _ messages: [ConsumedMessage], _ failure: MessageFailure, expected: Int64
  ) async throws {
    guard messages.count > 1 else {
      return try await apply(messages, expected: expected, burying: failure)
    }
    try await runHalves(of: messages)
  }

  private func runHalves(of messages: [ConsumedMessage]) async throws {
    let middle = messages.count / 2
    try await run(Array(messages[..<middle]))
    session.update(partition, of: assignment) {
      $0.isInFlight = true
      $0.inFlightSince = .now
    }
    try await run(Array(messages[middle...]))
  }

  private func apply(
    _ messages: [ConsumedMessage], expected: Int64, burying failure: MessageFailure? = nil
  ) async throws {
    guard let last = messages.last, let route = session.routes[partition.topic] else { return }
    let clock = ContinuousClock()
    let start = clock.now
    let now = Instant.now()
    let next = StoredOffset(after: last)
    let batch = ConsumedBatch(
      topic: route.topic, partition: partition.partition, messages: messages)
    let group = session.membership.group
    let mode = route.handler.isDurable ? TransactionMode.readWrite : .readWriteDeferred
    let outcome = try await session.pool.transaction(mode) { transaction in
      try store.advance(partition, from: expected, to: next, in: transaction)
      var outcome = BatchOutcome()
      if let failure {
        outcome.deadLetters = messages.map { DeadLetter(message: $0, failure: failure) }
      } else {
        outcome = try route.handler.handle(batch, in: transaction, now: now)
      }
      let letters = outcome.deadLetters.map {
        DeadLetterMessage.outbox(
          $0, topic: partition.topic, partition: partition.partition, group: group, at: now)
      }
      try Outbox.append(outcome.outbox + letters, at: now, in: transaction)
      FailPoint.consumerBeforeCommit.hit()
      return outcome
    }
    FailPoint.consumerAfterCommit.hit()
    session.update(partition, of: assignment) { $0.finish(next) }
    if !outcome.outbox.isEmpty || !outcome.deadLetters.isEmpty { session.outboxSignal?.wake() }
    report(outcome, batch, took: clock.now - start)
  }

  /// Where a message stands, and the trace that it belongs to, under the name that requests log.
  private func place(of message: ConsumedMessage) -> Logger.Metadata {
    var metadata: Logger.Metadata = [
      "partition": "\(partition)", "offset": "\(message.offset)",
    ]
    let trace = message.wire.header("ce_traceparent")?.split(separator: "-") ?? []
    if trace.count >= 3 { metadata["traceId"] = "\(trace[1])" }
    return metadata
  }

  private func report(_ outcome: BatchOutcome, _ batch: ConsumedBatch, took: Duration) {
    let metrics = session.metrics
    let topic = batch.topic
    metrics.batch(topic, size: batch.messages.count, took: took)
    metrics.messages(topic, "applied", outcome.applied)
    metrics.messages(topic, "duplicate", outcome.duplicates)
    metrics.messages(topic, "tombstone", outcome.tombstones)
    metrics.messages(topic, "unknown-type", outcome.unknownTypes)
    metrics.messages(topic, "dead-letter", outcome.deadLetters.count)
    metrics.deadLetters(topic, outcome.deadLetters.count)
    metrics.gap(topic, outcome.parked)
    metrics.endToEnd(topic, from: batch.messages.lazy.compactMap(\.timestamp), to: .now())
    for message in batch.messages {
      logger.debug("message committed", metadata: place(of: message))
    }
    for letter in outcome.deadLetters {
      logger.error(
        "message became a dead letter",
        metadata: place(of: letter.message).merging(["reason": "\(letter.failure)"]) { $1 })
    }
    if outcome.parked > 0 {
      logger.warning(
        "events wait for a missing predecessor",
        metadata: ["partition": "\(partition)", "count": "\(outcome.parked)"])
    }
  }
}

/// Whose fault an error is.
package enum Blame {
  /// The connection broke during COMMIT: whether it took effect is known only to the stored offset.
  case unknownOutcome
  /// Trying again cannot help; the message is what is wrong.
  case message(MessageFailure)
  /// The database gave up on it as too long or too large: a smaller batch may pass. Of one message it
  /// is the environment's.
  case excess
  /// Database, network, configuration: try again until it works.
  case environment

  package init(_ error: any Error) {
    switch error {
    case let failure as MessageFailure:
      self = .message(failure)
    case let error as PostgresError:
      if case .commitUnknown = error.code {
        self = .unknownOutcome
      } else if let state = error.sqlState, Blame.ofMessage.contains(String(state.prefix(2))) {
        self = .message(MessageFailure(.unprocessable, "the database refuses it: \(error)"))
      } else if let state = error.sqlState, Blame.ofSize.contains(state) {
        self = .excess
      } else {
        self = .environment
      }
    default:
      self = .environment
    }
  }
  /// Classes of SQLSTATE: data exceptions, violated constraints, and limits of the program (such as
  /// the length of an indexed value).
  private static let ofMessage: Set = ["22", "23", "54"]
  /// Cancelled by a time-out, transaction idle for too long, out of memory.
  private static let ofSize: Set = ["57014", "25P03", "53200"]
}
