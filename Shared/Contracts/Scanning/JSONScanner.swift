/// Reads JSON of a known shape in one pass, without anything in between.
///
/// It takes only what plainly is what its reader expects. At everything else (an escape, a member
/// that is unknown or stands there twice, another type, a fraction where a whole number belongs, text
/// that is not UTF-8) it gives up, and the ordinary decoder has the word, on the value as on the
/// error. So it may know less than JSON allows, but must never read anything differently.
struct JSONScanner {
  struct GaveUp: Error {}

  private let bytes: UnsafeBufferPointer<UInt8>
  private var index = 0
  private var depth = 0

  private static let maximumDepth = 32

  private init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// What `read` makes of the whole text; nil when it gave up.
  static func scan<Value>(
    _ bytes: [UInt8], _ read: (inout JSONScanner) throws(GaveUp) -> Value
  ) -> Value? {
    bytes.withUnsafeBufferPointer { buffer in
      var scanner = JSONScanner(buffer)
      do throws(GaveUp) {
        let value = try read(&scanner)
        scanner.skipBlanks()
        return scanner.index == buffer.count ? value : nil
      } catch {
        return nil
      }
    }
  }

  // MARK: Structure

  /// An object whose members are among `names`; `read` takes the value of the n-th of them.
  mutating func object(
    _ names: MemberNames, _ read: (inout JSONScanner, Int) throws(GaveUp) -> Void
  ) throws(GaveUp) {
    try enter("{")
    var seen: UInt64 = 0
    var expected = 0
    if take("}") { return leave() }
    repeat {
      let name = try quoted()
      guard let number = names.position(of: name, expecting: expected), seen & 1 << number == 0
      else { throw GaveUp() }
      seen |= 1 << number
      expected = number + 1
      try expect(":")
      try read(&self, number)
    } while take(",")
    try expect("}")
    leave()
  }

  mutating func array(_ read: (inout JSONScanner) throws(GaveUp) -> Void) throws(GaveUp) {
    try enter("[")
    if take("]") { return leave() }
    repeat { try read(&self) } while take(",")
    try expect("]")
    leave()
  }

  mutating func read<Value: Scannable>() throws(GaveUp) -> Value { try Value.scan(&self) }

  /// Nil where `null` stands.
  mutating func optional<Value: Scannable>() throws(GaveUp) -> Value? {
    try takeWord("null") ? nil : try Value.scan(&self)
  }

  // MARK: Values

  fileprivate mutating func string() throws(GaveUp) -> String {
    guard let text = String(validating: try quoted(), as: UTF8.self) else { throw GaveUp() }
    return text
  }

  fileprivate mutating func boolean() throws(GaveUp) -> Bool {
    if try takeWord("true") { return true }
    if try takeWord("false") { return false }
    throw GaveUp()
  }

  fileprivate mutating func integer() throws(GaveUp) -> Int64 {
    let number = try digits()
    guard number.decimals == 0 else { throw GaveUp() }
    return number.isNegative ? -number.value : number.value
  }

  /// Up to 15 digits: both the digits and the power of ten are exact, and so is what IEEE 754 makes
  /// of their quotient.
  fileprivate mutating func number() throws(GaveUp) -> Double {
    let number = try digits()
    let value = Double(number.value) / JSONScanner.powers[number.decimals]
    return number.isNegative ? -value : value
  }

  fileprivate mutating func identity() throws(GaveUp) -> EntityID {
    guard let id = EntityID(canonical: try quoted()) else { throw GaveUp() }
    return id
  }

  fileprivate mutating func instant() throws(GaveUp) -> Instant {
    let text = try quoted()
    if let instant = Instant(utf8: text) { return instant }
    throw GaveUp()
  }

  fileprivate mutating func value() throws(GaveUp) -> JSONValue {
    skipBlanks()
    guard index < bytes.count else { throw GaveUp() }
    switch bytes[index] {
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "n"):
      guard try takeWord("null") else { throw GaveUp() }
      return .null
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean(try boolean())
    case UInt8(ascii: "["):
      var items: [JSONValue] = []
      try array { scanner throws(GaveUp) in items.append(try scanner.value()) }
      return .array(items)
    case UInt8(ascii: "{"): return .object(try members())
    default: return .integer(try integer())
    }
  }

  private mutating func members() throws(GaveUp) -> [String: JSONValue] {
    try enter("{")
    var members: [String: JSONValue] = [:]
    if take("}") {
      leave()
      return members
    }
    repeat {
      let name = try string()
      try expect(":")
      guard members.updateValue(try value(), forKey: name) == nil else { throw GaveUp() }
    } while take(",")
    try expect("}")
    leave()
    return members
  }

  // MARK: Bytes

  private static let powers = (0...15).map { exponent in
    (0..<exponent).reduce(1.0) { power, _ in power * 10 }
  }

  /// A number without an exponent.
  private mutating func digits() throws(GaveUp) -> (value: Int64, decimals: Int, isNegative: Bool) {
    skipBlanks()
    let isNegative = takeByte("-")
    let start = index
    var value: Int64 = 0
    func read(_ scanner: inout JSONScanner) -> Int {
      let first = scanner.index
      while scanner.index < scanner.bytes.count,
        case let digit = scanner.bytes[scanner.index] &- UInt8(ascii: "0"), digit < 10
      {
        // What overflows has too many digits, and is refused for that.
        value = value &* 10 &+ Int64(digit)
        scanner.index += 1
      }
      return scanner.index - first
    }
    let whole = read(&self)
    guard whole > 0, whole == 1 || bytes[start] != UInt8(ascii: "0") else { throw GaveUp() }
    var decimals = 0
    if takeByte(".") {
      decimals = read(&self)
      guard decimals > 0 else { throw GaveUp() }
    }
    let isZero = value == 0 && isNegative
    guard whole + decimals <= (decimals == 0 ? 18 : 15), !isZero else { throw GaveUp() }
    if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") { throw GaveUp() }
    return (value, decimals, isNegative)
  }

  /// The bytes between two quotation marks, without any escape among them.
  private mutating func quoted() throws(GaveUp) -> UnsafeBufferPointer<UInt8> {
    try expect("\"")
    let start = index
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\"") {
        index += 1
        return UnsafeBufferPointer(rebasing: bytes[start..<(index - 1)])
      }
      if byte == UInt8(ascii: "\\") || byte < 0x20 { break }
      index += 1
    }
    throw GaveUp()
  }

  private mutating func enter(_ mark: Unicode.Scalar) throws(GaveUp) {
    try expect(mark)
    depth += 1
    guard depth <= JSONScanner.maximumDepth else { throw GaveUp() }
  }

  private mutating func leave() { depth -= 1 }

  private mutating func expect(_ mark: Unicode.Scalar) throws(GaveUp) {
    guard take(mark) else { throw GaveUp() }
  }

  private mutating func take(_ mark: Unicode.Scalar) -> Bool {
    skipBlanks()
    return takeByte(mark)
  }

  private mutating func takeByte(_ mark: Unicode.Scalar) -> Bool {
    guard index < bytes.count, bytes[index] == UInt8(ascii: mark) else { return false }
    index += 1
    return true
  }

  /// False where something else begins.
  private mutating func takeWord(_ word: StaticString) throws(GaveUp) -> Bool {
    skipBlanks()
    guard index < bytes.count, bytes[index] == word.utf8Start.pointee else { return false }
    guard bytes.count - index >= word.utf8CodeUnitCount else { throw GaveUp() }
    for offset in 0..<word.utf8CodeUnitCount
    where bytes[index + offset] != word.utf8Start[offset] {
      throw GaveUp()
    }
    index += word.utf8CodeUnitCount
    return true
  }

  private mutating func skipBlanks() {
    while index < bytes.count, bytes[index] <= 0x20,
      [0x20, 0x0a, 0x0d, 0x09].contains(bytes[index])
    {
      index += 1
    }
  }
}

/// The names of an object's members, at most 64, in the order in which they are usually written.
struct MemberNames {
  private let names: [[UInt8]]

  init(_ names: [String]) { self.names = names.map { Array($0.utf8) } }

  /// - Parameter expected: where to look first.
  func position(of name: UnsafeBufferPointer<UInt8>, expecting expected: Int) -> Int? {
    for step in 0..<names.count {
      let number = expected + step < names.count ? expected + step : expected + step - names.count
      if names[number].count == name.count, names[number].elementsEqual(name) { return number }
    }
    return nil
  }
}

/// What a scanner can read.
protocol Scannable {
  static func scan(_ scanner: inout JSONScanner) throws(JSONScanner.GaveUp) -> Self
}

extension String: Scannable {
  static func scan(_ scanner: inout JSONScanner) throws(JSONScanner.GaveUp) -> String {
    try scanner.string()
  }
}

extension Bool: Scannable {
  static func scan(_ scanner: inout JSONScanner) throws(JSONScanner.GaveUp) -> Bool {
    try scanner.boolean()
  }
}

extension Int64: Scannable {
  static func scan(_ scanner: inout JSONScanner) throws(JSONScanner.GaveUp) -> Int64 {
    try scanner.integer()
  }
}

extension Int: Scannable {
  static func scan(_ scanner: inout JSONScanner) throws(JSONScanner.GaveUp) -> Int {
    Int(try scanner.integer())
  }
}

extension Double: Scannable {
  static func scan(_ scanner: inout JSONScanner) throws(JSONScanner.GaveUp) -> Double {
    try scanner.number()
  }
}

extension EntityID: Scannable {
  static func scan(_ scanner: inout JSONScanner) throws(JSONScanner.GaveUp) -> EntityID {
    try scanner.identity()
  }
}

extension Instant: Scannable {
  static func scan(_ scanner: inout JSONScanner) throws(JSONScanner.GaveUp) -> Instant {
    try scanner.instant()
  }
}

extension JSONValue: Scannable {
  static func scan(_ scanner: inout JSONScanner) throws(JSONScanner.GaveUp) -> JSONValue {
    try scanner.value()
  }
}
