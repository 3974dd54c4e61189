import Contracts
import Kafka
import Messaging

/// A dead letter as the operator sees it, without its value.
struct BuriedLetter: Encodable, Sendable {
  struct Origin: Encodable, Sendable {
    /// The name on the cluster.
    var topic: String?
    var partition: Int32?
    var offset: Int64?
    /// When the original was written.
    var timestamp: Instant?
  }

  struct Redrive: Encodable, Sendable {
    var at: Instant
    var topic: String
    var isMended: Bool
  }

  var position: LetterPosition
  /// Where the same letter lies once more: a producer may write a message twice.
  var copies: [LetterPosition] = []
  var id: String
  var buriedAt: Instant?
  /// The consumer group that could not process it.
  var group: String?
  var origin: Origin
  var reasonCode: String
  var reason: String
  var key: String?
  /// Type and id of the original event, where it was one.
  var eventType: String?
  var eventId: String?
  /// How often the original had been re-driven before it was buried here.
  var earlierRedrives: Int
  /// The re-drives of this letter, the newest last.
  var redrives: [Redrive] = []
  /// Of a message that the broker never took: its row in `outbox_undeliverable`, which has the value.
  var outboxId: String?

  var isRedriven: Bool { !redrives.isEmpty }
  /// How often the message has been re-driven in all.
  var redriveCount: Int { earlierRedrives + redrives.count }

  /// Nil for what is no dead letter.
  init?(_ message: KafkaMessage) {
    typealias Header = DeadLetterMessage.Header
    guard message.text("ce_type") == DeadLetterMessage.type, let id = message.text("ce_id")
    else { return nil }
    func original(_ name: String) -> String? { message.text(Header.originalPrefix + name) }
    position = LetterPosition(message)
    self.id = id
    buriedAt = message.text("ce_time").flatMap { Instant($0) } ?? message.timestamp
    group = message.text(Header.group)
    origin = Origin(
      topic: message.text(Header.originTopic),
      partition: message.text(Header.originPartition).flatMap { Int32($0) },
      offset: message.text(Header.originOffset).flatMap { Int64($0) },
      timestamp: message.text(Header.originTimestamp).flatMap { Instant($0) })
    reasonCode = message.text(Header.reasonCode) ?? "unknown"
    reason = message.text(Header.reason) ?? ""
    key = message.key.map { PlainText.line($0) }
    eventType = original("ce_type")
    eventId = original("ce_id")
    earlierRedrives = original(RedriveHeader.count).flatMap { Int($0) }.map { max(0, $0) } ?? 0
    outboxId = message.text(Header.outboxID)
  }

  /// Equal for copies of one letter only: after a topic was made anew, offsets come again, but not
  /// at the same time.
  var identity: String { "\(id) \(origin.timestamp?.description ?? "")" }

  private enum Key: String, CodingKey {
    case position, copies, id, buriedAt, group, origin, reasonCode, reason, key, eventType, eventId
    case redriveCount, redrives, outboxId, isRedriven
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(position, forKey: .position)
    try container.encode(copies, forKey: .copies)
    try container.encode(id, forKey: .id)
    try container.encodeIfPresent(buriedAt, forKey: .buriedAt)
    try container.encodeIfPresent(group, forKey: .group)
    try container.encode(origin, forKey: .origin)
    try container.encode(reasonCode, forKey: .reasonCode)
    try container.encode(reason, forKey: .reason)
    try container.encodeIfPresent(key, forKey: .key)
    try container.encodeIfPresent(eventType, forKey: .eventType)
    try container.encodeIfPresent(eventId, forKey: .eventId)
    try container.encode(redriveCount, forKey: .redriveCount)
    try container.encode(isRedriven, forKey: .isRedriven)
    try container.encode(redrives, forKey: .redrives)
    try container.encodeIfPresent(outboxId, forKey: .outboxId)
  }
}

extension LetterPosition {
  init(_ message: KafkaMessage) {
    self.init(partition: message.source.partition, offset: message.offset)
  }
}

extension KafkaMessage {
  /// The last header of that name as text.
  func text(_ name: String) -> String? {
    headers.last { $0.name == name }?.value.map { String(decoding: $0, as: UTF8.self) }
  }

  /// Nil where the broker gave none, or no time of the years 1970 to 9999.
  var timestamp: Instant? {
    guard case .message(_, let timestamp) = NextMessage(self) else { return nil }
    return timestamp
  }
}
