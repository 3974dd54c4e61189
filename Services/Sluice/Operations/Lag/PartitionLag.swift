import Contracts
import Kafka

/// How far a group is behind in one partition. Pure.
struct PartitionLag: Encodable, Equatable, Sendable {
  var topic: String
  var partition: Int32
  /// Offsets that the log holds: the oldest, and the next to be written.
  var logStart: Int64
  var logEnd: Int64
  /// The next offset to process by PostgreSQL, which is the truth; null before the first message.
  var stored: Int64?
  /// The next offset by Kafka's own record, which follows it.
  var committed: Int64?
  var lagMessages: Int64
  /// Age of the next message to process; 0 when there is none, null when it is not known.
  var lagSeconds: Double?
  var remark: String?

  /// - Parameter nextTimestamp: of the message at ``position(_:stored:)``.
  init(
    _ source: TopicPartition, log: Watermarks, stored: Int64?, committed: Int64?,
    nextTimestamp: Instant?, now: Instant
  ) {
    topic = source.topic
    partition = source.partition
    logStart = log.low
    logEnd = log.high
    self.stored = stored
    self.committed = committed
    let position = PartitionLag.position(log, stored: stored)
    lagMessages = max(0, log.high - position)
    if lagMessages == 0 {
      lagSeconds = 0
    } else {
      lagSeconds = nextTimestamp.map { max(0, now.days(since: $0) * 86_400) }
    }
    if let stored, stored < log.low {
      remark = "\(log.low - stored) messages were deleted before they were read"
    } else if let stored, stored > log.high {
      remark = "the stored offset lies behind the log's end: another cluster, or a lost log"
    }
  }

  /// The offset of the next message to process: without a stored one the oldest.
  static func position(_ log: Watermarks, stored: Int64?) -> Int64 {
    max(stored ?? log.low, log.low)
  }
}
