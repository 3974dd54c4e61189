package import Contracts
package import Kafka
package import Postgres

/// A message as the consumer loop hands it over.
package struct ConsumedMessage: Sendable {
  package let offset: Int64
  /// When the producer wrote it; nil where the broker keeps no time.
  package let timestamp: Instant?
  package let wire: WireMessage

  package init(offset: Int64, timestamp: Instant?, wire: WireMessage) {
    self.offset = offset
    self.timestamp = timestamp
    self.wire = wire
  }

  package init(_ message: KafkaMessage) {
    self.init(
      offset: message.offset, timestamp: Instant(recordTime: message.timestampMilliseconds),
      wire: WireMessage(
        key: message.key, value: message.value,
        headers: message.headers.map { .init($0.name, $0.value) }))
  }
}

/// Consecutive messages of one partition.
package struct ConsumedBatch: Sendable {
  package let topic: Topic
  package let partition: Int32
  package let messages: [ConsumedMessage]

  package init(topic: Topic, partition: Int32, messages: [ConsumedMessage]) {
    self.topic = topic
    self.partition = partition
    self.messages = messages
  }
}

/// What a consumer group does with its messages. One handler may serve several topics.
package protocol BatchHandler: Sendable {
  var topics: [Topic] { get }
  /// Whether a batch must be on disk before the next one begins. One that writes only what can be read
  /// again from its topics need not: after a crash of the database its offsets, which stand in the
  /// same transactions, lie before what was lost.
  var isDurable: Bool { get }

  /// Applies a batch inside the transaction that also moves the stored offset, on the connection's
  /// own thread. What it throws rolls everything back: a retriable database error is tried again, an
  /// error that a message causes is narrowed down to that message, which becomes a dead letter.
  func handle(
    _ batch: ConsumedBatch, in transaction: borrowing PostgresTransaction, now: Instant
  ) throws -> BatchOutcome
}

extension BatchHandler {
  package var isDurable: Bool { true }
}

/// What a handled batch came to. The loop writes outbox and dead letters in the same transaction and
/// counts the rest after the commit.
package struct BatchOutcome: Sendable {
  package var outbox: [OutboxMessage] = []
  package var deadLetters: [DeadLetter] = []
  package var applied = 0
  package var duplicates = 0
  package var tombstones = 0
  package var unknownTypes = 0
  /// Events that wait for a predecessor from now on, and those that waited until now.
  package var parked = 0
  package var unparked = 0

  package init() {}
}

/// A message that cannot be processed, and why.
package struct DeadLetter: Sendable {
  package let message: ConsumedMessage
  package let failure: MessageFailure

  package init(message: ConsumedMessage, failure: MessageFailure) {
    self.message = message
    self.failure = failure
  }
}

extension Instant {
  /// A producer may write any number: one outside the years 1970 to 9999 is no time.
  fileprivate init?(recordTime milliseconds: Int64?) {
    guard let milliseconds, (0..<253_402_300_800_000).contains(milliseconds) else { return nil }
    self.init(milliseconds: milliseconds)
  }
}
