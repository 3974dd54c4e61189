import Contracts
import Kafka

/// What the session knows of one assigned partition. Pure state; the session guards it.
struct PartitionState: Sendable {
  let topic: Topic
  /// Tells this assignment from an earlier one of the same partition, whose last batch may still be
  /// under way.
  let assignment: UInt64
  /// The offset that the store has: everything before it is done.
  var nextOffset: Int64
  /// To be compared with the event before `nextOffset` when the broker sends it.
  var expectedEventID: String?
  private(set) var buffer: [ConsumedMessage] = []
  /// Of the messages in the buffer.
  private(set) var bufferedBytes = 0
  var isInFlight = false
  var isPaused = false
  /// Why nothing more is processed, in words for an operator.
  var stopReason: String?
  /// Why the batch under way is tried again and again.
  var retryReason: String?
  /// Not yet told to the broker.
  var uncommitted = false
  var inFlightSince: ContinuousClock.Instant?
  var oldestInFlight: Instant?
  /// Since when there is lag without a message in hand.
  var behindSince: Instant?

  init(topic: Topic, assignment: UInt64, stored: StoredOffset) {
    self.topic = topic
    self.assignment = assignment
    self.nextOffset = stored.nextOffset
    self.expectedEventID = stored.lastEventID
  }

  /// Takes a message from the broker. The one before the stored offset is only compared.
  mutating func receive(_ message: ConsumedMessage) {
    guard stopReason == nil else { return }
    if message.offset < nextOffset {
      if message.offset == nextOffset - 1, let expected = expectedEventID,
        case let found = message.wire.storedEventID, found != expected
      {
        stopReason =
          "the event before offset \(nextOffset) is \(found ?? "another"), but the stored one is "
          + "\(expected): the topic was written anew"
      }
      return
    }
    buffer.append(message)
    bufferedBytes += message.wire.byteCount
  }

  mutating func clear() {
    buffer = []
    bufferedBytes = 0
  }

  /// The next messages to process, or nil when there are none or a batch is under way.
  mutating func take(
    upTo limit: Int, bytes: Int = .max, now: ContinuousClock.Instant
  ) -> [ConsumedMessage]? {
    guard stopReason == nil, !isInFlight, !buffer.isEmpty else { return nil }
    var count = 0
    var size = 0
    for message in buffer.prefix(limit) {
      let next = size + message.wire.byteCount
      if count > 0, next > bytes { break }
      (count, size) = (count + 1, next)
    }
    let batch = Array(buffer.prefix(count))
    buffer.removeFirst(count)
    bufferedBytes -= size
    isInFlight = true
    inFlightSince = now
    oldestInFlight = batch.first?.timestamp
    return batch
  }

  mutating func finish(_ next: StoredOffset) {
    isInFlight = false
    inFlightSince = nil
    oldestInFlight = nil
    retryReason = nil
    nextOffset = next.nextOffset
    expectedEventID = next.lastEventID
    uncommitted = true
  }

  /// Messages behind the log's end, and how old the oldest of them is.
  mutating func lag(high: Int64?, now: Instant) -> (messages: Int64, seconds: Double) {
    let messages = max(0, (high ?? nextOffset) - nextOffset)
    guard messages > 0 else {
      behindSince = nil
      return (0, 0)
    }
    behindSince = behindSince ?? now
    let oldest = oldestInFlight ?? buffer.first?.timestamp ?? behindSince ?? now
    return (messages, max(0, Double(now.microseconds - oldest.microseconds) / 1_000_000))
  }
}
