/// Bytes that somebody else wrote, for a terminal: text where they are text, else hexadecimal digits.
/// Nothing that a terminal would act on is let through.
enum PlainText {
  /// On one line.
  static func line(_ bytes: [UInt8]) -> String {
    text(bytes, allowing: []) ?? "0x" + hex(bytes)
  }

  /// With the line breaks and tabs of the text, or a dump of sixteen bytes a line.
  static func block(_ bytes: [UInt8]) -> String {
    text(bytes, allowing: ["\n", "\r", "\t"]) ?? dump(bytes)
  }

  /// Nil when the bytes are not UTF-8, or hold control characters.
  static func text(_ bytes: [UInt8], allowing allowed: Set<Unicode.Scalar>) -> String? {
    guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
    let isPlain = text.unicodeScalars.allSatisfy {
      allowed.contains($0) || ![.control, .format].contains($0.properties.generalCategory)
    }
    return isPlain ? text : nil
  }

  static func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private static func dump(_ bytes: [UInt8]) -> String {
    stride(from: 0, to: bytes.count, by: 16).map { start in
      let row = bytes[start..<min(start + 16, bytes.count)]
      let digits = row.map { hex([$0]) }.joined(separator: " ")
      let text = row.map { (0x20..<0x7F).contains($0) ? String(UnicodeScalar($0)) : "." }.joined()
      let offset = String(start, radix: 16)
      return String(repeating: "0", count: max(0, 6 - offset.count)) + offset + "  " + digits
        + String(repeating: " ", count: 3 * (16 - row.count)) + "  " + text
    }.joined(separator: "\n")
  }
}
