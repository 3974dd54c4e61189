import Contracts

/// How a dead letter stands on `dead-letters.v1`: the original key and value byte for byte, the
/// original headers under `original_`, and where it came from and why under `sluice_`.
package enum DeadLetterMessage {
  package static let type = "sluice.message-dead-lettered.v1"

  /// The headers beside those of the envelope.
  package enum Header {
    package static let reasonCode = "sluice_reason_code"
    package static let reason = "sluice_reason"
    package static let group = "sluice_group"
    package static let originTopic = "sluice_origin_topic"
    package static let originPartition = "sluice_origin_partition"
    package static let originOffset = "sluice_origin_offset"
    package static let originTimestamp = "sluice_origin_timestamp"
    /// Of a message that the broker never took: its row in `outbox_undeliverable`.
    package static let outboxID = "sluice_outbox_id"
    /// Before the name of each header of the original.
    package static let originalPrefix = "original_"
  }

  static func outbox(
    _ letter: DeadLetter, topic: String, partition: Int32, group: String, at now: Instant
  ) -> OutboxMessage {
    let origin = "\(topic):\(partition):\(letter.message.offset)"
    var headers: [WireMessage.Header] = [
      .init("ce_specversion", "1.0"), .init("ce_id", "\(group):\(origin)"),
      .init("ce_source", group), .init("ce_type", type), .init("ce_time", now.description),
      .init("content-type", "application/octet-stream"),
      .init(Header.reasonCode, letter.failure.code.rawValue),
      .init(Header.reason, letter.failure.reason), .init(Header.group, group),
      .init(Header.originTopic, topic), .init(Header.originPartition, "\(partition)"),
      .init(Header.originOffset, "\(letter.message.offset)"),
    ]
    if let timestamp = letter.message.timestamp {
      headers.append(.init(Header.originTimestamp, timestamp.description))
    }
    headers += letter.message.wire.headers.map {
      .init(Header.originalPrefix + $0.name, $0.value)
    }
    return OutboxMessage(
      topic: .deadLetters,
      wire: WireMessage(
        key: letter.message.wire.key, value: letter.message.wire.value, headers: headers))
  }
}
