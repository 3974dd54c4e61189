import Contracts
import Kafka

/// The headers that a re-driven message carries beside its own.
enum RedriveHeader {
  /// `topic:partition:offset` of the dead letter.
  static let from = "sluice_redriven_from"
  /// How often the message has been re-driven, this time counted.
  static let count = "sluice_redrive_count"
}

/// The memory of a re-drive: a message on `dead-letters.v1` itself, on the partition of the letter
/// and with its key, written once the re-driven message is acknowledged.
struct RedriveNote: Codable, Equatable, Sendable {
  static let type = "sluice.dead-letter-redriven.v1"

  /// Where the letter lies on `dead-letters.v1`, and its CloudEvents id.
  var partition: Int32
  var offset: Int64
  var letterId: String
  /// Where the message was sent, by the name on the cluster.
  var topic: String
  /// How often the message has been re-driven, this time counted.
  var count: Int
  /// Whether it was sent with another value or other headers than those of the letter.
  var mended: Bool
  var at: Instant

  func record(on deadLetters: String, key: [UInt8]?) throws -> KafkaRecord {
    let event = CloudEvent(
      id: "redriven:\(letterId):\(count)", source: "sluice", type: RedriveNote.type, time: at)
    let wire = event.binary(key: "", data: try JSONCoding.encode(self))
    return KafkaRecord(
      topic: deadLetters, key: key, value: wire.value,
      headers: wire.headers.map { KafkaHeader(name: $0.name, value: $0.value) },
      partition: partition)
  }

  /// Nil for what is no such note.
  init?(_ message: KafkaMessage) {
    guard message.text("ce_type") == RedriveNote.type, let value = message.value,
      let note = try? JSONCoding.decode(RedriveNote.self, from: value)
    else { return nil }
    self = note
  }

  init(_ letter: BuriedLetter, to topic: String, mended: Bool, at now: Instant) {
    partition = letter.position.partition
    offset = letter.position.offset
    letterId = letter.id
    self.topic = topic
    count = letter.redriveCount + 1
    self.mended = mended
    at = now
  }
}
