import Contracts
import Kafka

/// How far a group is behind in one partition. Pure.
struct PartitionLag: Encodable, Equatable, Sendable {
  /// What is out of the ordinary about a partition.
  enum Flag: String, Encodable, Sendable {
    /// The group has no position here yet and begins at the oldest message.
    case noCommit = "no-commit"
    /// Messages were deleted before they were read.
    case lost
    /// The position lies behind the log's end: another topic of the same name, or a lost log.
    case beyondEnd = "beyond-end"
    /// The broker did not deliver the next message in time, so that its age is not known.
    case unanswered
  }

  var topic: String
  var partition: Int32
  /// Offsets that the log holds: the oldest, and the next to be written. What an open transaction
  /// wrote is not counted yet, as nobody may read it.
  var logStart: Int64
  var logEnd: Int64
  /// The next offset to process by PostgreSQL, which is the truth; null before the first message.
  var stored: Int64?
  /// The next offset by Kafka's own record, which follows it.
  var committed: Int64?
  /// From the next message that there is to read to the log's end. 0 where only transaction markers
  /// and aborted messages follow, which no reader gets and no offset ever passes.
  var lagMessages: Int64
  /// Age of the next message to process; 0 when there is none, null when it is not known.
  var lagSeconds: Double?
  /// How many offsets between the position and the log's start are gone.
  var lostMessages: Int64
  var flags: [Flag] = []

  /// - Parameters:
  ///   - stored: where the group reads on; nil before it has a position.
  ///   - next: what was found at ``position(_:stored:)``.
  init(
    _ source: TopicPartition, log: Watermarks, stored: Int64?, committed: Int64?,
    next: NextMessage, now: Instant
  ) {
    topic = source.topic
    partition = source.partition
    logStart = log.low
    logEnd = log.high
    self.stored = stored
    self.committed = committed
    let position = PartitionLag.position(log, stored: stored)
    switch next {
    case .none:
      (lagMessages, lagSeconds) = (0, 0)
    case .message(let offset, let timestamp):
      lagMessages = max(0, log.high - max(position, offset))
      lagSeconds = timestamp.map { max(0, now.days(since: $0) * 86_400) }
    case .unanswered:
      lagMessages = max(0, log.high - position)
      lagSeconds = nil
      flags.append(.unanswered)
    }
    lostMessages = stored.map { max(0, log.low - $0) } ?? 0
    if stored == nil { flags.append(.noCommit) }
    if lostMessages > 0 { flags.append(.lost) }
    if let stored, stored > log.high { flags.append(.beyondEnd) }
  }

  /// The offset of the next message to process: without a stored one the oldest.
  static func position(_ log: Watermarks, stored: Int64?) -> Int64 {
    max(stored ?? log.low, log.low)
  }

  /// Behind, or odd. That a group has no position yet in an empty partition is neither.
  var isRemarkable: Bool { lagMessages > 0 || flags.contains { $0 != .noCommit } }

  /// The flags in words.
  var remark: String {
    flags.map { flag in
      switch flag {
      case .noCommit: "no commit"
      case .lost: "\(lostMessages) lost: deleted before they were read"
      case .beyondEnd: "the position lies behind the log's end: another topic, or a lost log"
      case .unanswered: "the broker does not deliver the next message"
      }
    }.joined(separator: "; ")
  }
}
