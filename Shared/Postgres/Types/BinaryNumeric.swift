/// A `numeric` on the wire: digits of base 10,000, the first worth 10,000^weight.
struct BinaryNumeric {
  private let digits: [Int16]
  private let weight: Int
  private let sign: UInt16

  init(_ bytes: UnsafeRawBufferPointer, _ type: PostgresType) throws(PostgresError) {
    func field(_ index: Int) -> UInt16 {
      UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
    }
    guard bytes.count >= 8, bytes.count == 8 + 2 * Int(field(0)) else {
      throw .decoding("malformed numeric", type)
    }
    weight = Int(Int16(bitPattern: field(1)))
    sign = field(2)
    digits = (0..<Int(field(0))).map { Int16(bitPattern: field(4 + $0)) }
  }

  private var isNegative: Bool { sign == 0x4000 }

  /// Nil for fractions, not-a-number, infinities and what exceeds 64 bits.
  var integer: Int64? {
    guard sign == 0 || isNegative else { return nil }
    guard digits.dropFirst(max(0, weight + 1)).allSatisfy({ $0 == 0 }) else { return nil }
    guard !digits.isEmpty, weight >= 0 else { return 0 }
    var value: Int64 = 0
    // Counted downwards from zero, because Int64.min has no positive counterpart.
    for index in 0...weight {
      let digit = index < digits.count ? Int64(digits[index]) : 0
      let (product, overflow) = value.multipliedReportingOverflow(by: 10_000)
      let (difference, underflow) = product.subtractingReportingOverflow(digit)
      guard !overflow, !underflow else { return nil }
      value = difference
    }
    if isNegative { return value }
    let (positive, overflow) = Int64(0).subtractingReportingOverflow(value)
    return overflow ? nil : positive
  }

  var double: Double {
    switch sign {
    case 0xC000: return .nan
    case 0xD000: return .infinity
    case 0xF000: return -.infinity
    default: break
    }
    // Through the decimal text, which is the conversion that rounds correctly.
    var text = isNegative ? "-0" : "0"
    for digit in digits {
      let part = String(digit)
      text += String(repeating: "0", count: 4 - part.count) + part
    }
    return Double("\(text)e\(4 * (weight + 1 - digits.count))") ?? .nan
  }
}
