import Contracts

/// How a dead letter stands on `dead-letters.v1`: the original key and value byte for byte, the
/// original headers under `original_`, and where it came from and why under `sluice_`.
enum DeadLetterMessage {
  static let type = "sluice.message-dead-lettered.v1"

  static func outbox(
    _ letter: DeadLetter, topic: String, partition: Int32, group: String, at now: Instant
  ) -> OutboxMessage {
    let origin = "\(topic):\(partition):\(letter.message.offset)"
    var headers: [WireMessage.Header] = [
      .init("ce_specversion", "1.0"), .init("ce_id", "\(group):\(origin)"),
      .init("ce_source", group), .init("ce_type", type), .init("ce_time", now.description),
      .init("content-type", "application/octet-stream"),
      .init("sluice_reason_code", letter.failure.code.rawValue),
      .init("sluice_reason", letter.failure.reason), .init("sluice_group", group),
      .init("sluice_origin_topic", topic), .init("sluice_origin_partition", "\(partition)"),
      .init("sluice_origin_offset", "\(letter.message.offset)"),
    ]
    if let timestamp = letter.message.timestamp {
      headers.append(.init("sluice_origin_timestamp", timestamp.description))
    }
    headers += letter.message.wire.headers.map { .init("original_\($0.name)", $0.value) }
    return OutboxMessage(
      topic: .deadLetters,
      wire: WireMessage(
        key: letter.message.wire.key, value: letter.message.wire.value, headers: headers))
  }
}
