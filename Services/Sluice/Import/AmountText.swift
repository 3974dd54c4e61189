import Contracts

/// Reads amounts without ever going through a floating-point number.
enum AmountText {
  struct Malformed: Error, Hashable { var message: String }

  enum Unit: String, CaseIterable, Sendable { case major, minor }

  /// How many decimals the minor unit of an ISO 4217 currency has.
  static func decimals(of currency: String) -> Int {
    if withoutDecimals.contains(currency) { return 0 }
    return withThreeDecimals.contains(currency) ? 3 : 2
  }

  private static let withoutDecimals: Set<String> = [
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND",
    "VUV", "XAF", "XOF", "XPF",
  ]
  private static let withThreeDecimals: Set<String> = [
    "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND",
  ]

  static func parse(
    _ text: String, currency: String, unit: Unit
  ) throws(Malformed) -> Money {
    let decimals = unit == .major ? decimals(of: currency) : 0
    let isNegative = text.hasPrefix("-")
    let digits = isNegative ? text.dropFirst() : text[...]
    let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
    if digits.contains(where: { ",' _\u{A0}\u{202F}，".contains($0) }) {
      throw Malformed(
        message: "amount \"\(text)\" has separators; write digits with a point before the decimals")
    }
    guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isDigit) }) else {
      throw Malformed(
        message: "amount \"\(text)\" is not a number; write digits with a point before the "
          + "decimals, without a currency sign")
    }
    var fraction = parts.count == 2 ? String(parts[1]) : ""
    while fraction.utf8.count > decimals, fraction.hasSuffix("0") { fraction.removeLast() }
    guard fraction.utf8.count <= decimals else {
      throw Malformed(
        message: unit == .minor
          ? "amount \"\(text)\" is in minor units and must be whole"
          : "amount \"\(text)\" has more decimals than \(currency) has (\(decimals))")
    }
    fraction += String(repeating: "0", count: decimals - fraction.utf8.count)
    guard let minor = Int64((isNegative ? "-" : "") + parts[0] + fraction) else {
      throw Malformed(message: "amount \"\(text)\" is too large")
    }
    return Money(minor: minor, currency: currency)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
}
