import Contracts
import Kafka
import Messaging

/// What `sluice dead-letters show` shows.
struct WholeLetter: Encodable, Sendable {
  /// Bytes as text where they are text, else in hexadecimal; null is null.
  struct Bytes: Encodable, Sendable {
    var text: String?
    var hex: String?

    init(_ bytes: [UInt8]) {
      text = PlainText.text(bytes, allowing: ["\n", "\r", "\t"])
      hex = text == nil ? PlainText.hex(bytes) : nil
    }
  }

  struct Header: Encodable, Sendable {
    var name: String
    var value: Bytes?
  }

  var letter: BuriedLetter
  /// Of the original message, under their own names.
  var headers: [Header]
  var key: Bytes?
  var value: Bytes?
  private let message: KafkaMessage

  init(_ letter: BuriedLetter, _ message: KafkaMessage) {
    self.letter = letter
    self.message = message
    headers = WholeLetter.originals(message).map {
      Header(name: $0.name, value: $0.value.map(Bytes.init))
    }
    key = message.key.map(Bytes.init)
    value = message.value.map(Bytes.init)
  }

  private enum CodingKeys: String, CodingKey { case letter, headers, key, value }

  private static func originals(_ message: KafkaMessage) -> [KafkaHeader] {
    let prefix = DeadLetterMessage.Header.originalPrefix
    return message.headers.filter { $0.name.hasPrefix(prefix) }
      .map { KafkaHeader(name: String($0.name.dropFirst(prefix.count)), value: $0.value) }
  }

  func text() -> String {
    var facts: [(String, String)] = [
      (
        "letter",
        ([letter.position] + letter.copies).map(\.description).joined(separator: ", also ")
      ),
      ("id", letter.id), ("buried", letter.buriedAt?.description ?? "?"),
      ("group", letter.group ?? "-"), ("origin", letter.origin.text),
      ("written", letter.origin.timestamp?.description ?? "?"),
      ("reason", "\(letter.reasonCode): \(letter.reason)"),
      ("re-driven", letter.redriveCount == 0 ? "never" : "\(letter.redriveCount)×"),
    ]
    for redrive in letter.redrives {
      facts.append(
        ("", "\(redrive.at) to \(redrive.topic)\(redrive.isMended ? ", mended" : "")"))
    }
    if let row = letter.outboxId {
      facts.append(("outbox", "row \(row) of outbox_undeliverable has the value"))
    }
    var lines = facts.map { name, value in
      name + String(repeating: " ", count: 11 - name.count) + PlainText.line(Array(value.utf8))
    }
    lines += ["", "headers"]
    lines += WholeLetter.originals(message).map { header in
      let name = PlainText.line(Array(header.name.utf8))
      return "  \(name): \(header.value.map(PlainText.line) ?? "(null)")"
    }
    lines += ["", "key", message.key.map(PlainText.block) ?? "(null)"]
    lines += ["", "value", message.value.map(PlainText.block) ?? "(null: a tombstone)"]
    return lines.joined(separator: "\n")
  }
}
