/// Strict UTF-8, and advice for those whose file is something else.
enum TextEncoding {
  static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// The first byte that is not UTF-8: the line it stands on and its place in that line, both
  /// counted from 1, and what to do.
  struct Fault: Hashable {
    var line: Int
    var byteInLine: Int
    var message: String
  }

  /// Nil when all of it is UTF-8 (and not another encoding that happens to pass for it).
  static func fault(in bytes: [UInt8]) -> Fault? {
    if let encoding = wideEncoding(bytes) {
      return Fault(line: 1, byteInLine: 1, message: "the file is \(advice(encoding))")
    }
    let isValid = bytes.withUnsafeBufferPointer { String(validating: $0, as: UTF8.self) != nil }
    guard !isValid else { return nil }
    let index = firstInvalid(bytes)
    let before = bytes[..<index]
    let line = before.count { $0 == newline } + 1
    let lineStart = before.lastIndex(of: newline).map { $0 + 1 } ?? 0
    let value = String(bytes[index], radix: 16, uppercase: true)
    return Fault(
      line: line, byteInLine: index - lineStart + 1,
      message:
        "byte \(index - lineStart + 1) of the line (0x\(value)) is not UTF-8; the file looks "
        + "like \(advice(looksLikeGBK(bytes) ? "GB18030" : "WINDOWS-1252"))")
  }

  private static let newline = UInt8(ascii: "\n")

  private static func advice(_ encoding: String) -> String {
    let name =
      switch encoding {
      case "GB18030": "GBK (GB18030)"
      case "WINDOWS-1252": "Windows-1252"
      default: encoding
      }
    return "\(name): convert it with iconv -f \(encoding) -t UTF-8 IN.csv > OUT.csv"
  }

  /// UTF-16 by its mark, or by the zero bytes that Latin text has in it.
  private static func wideEncoding(_ bytes: [UInt8]) -> String? {
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { return "UTF-16" }
    guard bytes.count >= 2 else { return nil }
    if bytes[0] == 0, bytes[1] != 0 { return "UTF-16BE" }
    return bytes[0] != 0 && bytes[1] == 0 ? "UTF-16LE" : nil
  }

  /// Where the longest valid beginning ends.
  private static func firstInvalid(_ bytes: [UInt8]) -> Int {
    var decoder = Unicode.UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var index = 0
    while true {
      switch decoder.parseScalar(from: &iterator) {
      case .valid(let scalar): index += scalar.count
      case .emptyInput, .error: return index
      }
    }
  }

  /// In GBK text nearly every byte above 127 is the first of a pair of two such bytes.
  private static func looksLikeGBK(_ bytes: [UInt8]) -> Bool {
    var pairs = 0
    var others = 0
    var index = 0
    while index < bytes.count {
      guard bytes[index] >= 0x80 else {
        index += 1
        continue
      }
      if bytes[index] >= 0x81, index + 1 < bytes.count, bytes[index + 1] >= 0x80 {
        pairs += 1
      } else {
        others += 1
      }
      index += 2
    }
    return pairs > others
  }
}
