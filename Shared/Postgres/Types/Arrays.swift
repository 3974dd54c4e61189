/// What an `Array` of it means in PostgreSQL. Swift allows one conditional conformance of `Array`
/// only, so that the element decides: arrays of most types are arrays of theirs, while `[UInt8]` is
/// `bytea`.
package protocol PostgresArrayElement: Sendable {
  static var postgresArrayType: PostgresType { get }
  static func encodeArray(_ elements: [Self], into bytes: inout [UInt8])
  static func decodeArray(
    _ bytes: UnsafeRawBufferPointer, type: PostgresType
  ) throws(PostgresError) -> [Self]
}

extension Array: PostgresEncodable where Element: PostgresArrayElement {
  package static var postgresType: PostgresType { Element.postgresArrayType }
  package func encode(into bytes: inout [UInt8]) { Element.encodeArray(self, into: &bytes) }
}

extension Array: PostgresDecodable where Element: PostgresArrayElement {
  package init(
    postgres bytes: UnsafeRawBufferPointer, type: PostgresType
  ) throws(PostgresError) {
    self = try Element.decodeArray(bytes, type: type)
  }
}

extension PostgresArrayElement where Self: PostgresEncodable & PostgresDecodable {
  package static var postgresArrayType: PostgresType { postgresType.array }

  package static func encodeArray(_ elements: [Self], into bytes: inout [UInt8]) {
    bytes.appendArrayHeader(count: elements.count, hasNulls: false, element: postgresType)
    for element in elements { bytes.appendWithLength(element) }
  }

  package static func decodeArray(
    _ bytes: UnsafeRawBufferPointer, type: PostgresType
  ) throws(PostgresError) -> [Self] {
    var reader = try ArrayReader(bytes, type)
    var elements: [Self] = []
    elements.reserveCapacity(reader.count)
    for _ in 0..<reader.count {
      guard let element = try reader.next() else { throw .decoding("an element is NULL", type) }
      elements.append(try Self(postgres: element, type: reader.element))
    }
    return elements
  }
}

/// Arrays with nulls.
extension Optional: PostgresArrayElement
where Wrapped: PostgresEncodable & PostgresDecodable & PostgresArrayElement {
  package static var postgresArrayType: PostgresType { Wrapped.postgresArrayType }

  package static func encodeArray(_ elements: [Wrapped?], into bytes: inout [UInt8]) {
    let hasNulls = elements.contains { $0 == nil }
    bytes.appendArrayHeader(
      count: elements.count, hasNulls: hasNulls, element: Wrapped.postgresType)
    for element in elements { bytes.appendWithLength(element) }
  }

  package static func decodeArray(
    _ bytes: UnsafeRawBufferPointer, type: PostgresType
  ) throws(PostgresError) -> [Wrapped?] {
    var reader = try ArrayReader(bytes, type)
    var elements: [Wrapped?] = []
    elements.reserveCapacity(reader.count)
    for _ in 0..<reader.count {
      guard let element = try reader.next() else {
        elements.append(nil)
        continue
      }
      elements.append(try Wrapped(postgres: element, type: reader.element))
    }
    return elements
  }
}

extension UInt8: PostgresArrayElement {
  package static var postgresArrayType: PostgresType { .bytea }
  package static func encodeArray(_ elements: [UInt8], into bytes: inout [UInt8]) {
    bytes.append(contentsOf: elements)
  }
  package static func decodeArray(
    _ bytes: UnsafeRawBufferPointer, type: PostgresType
  ) throws(PostgresError) -> [UInt8] {
    guard type == .bytea else { throw .mismatch([UInt8].self, type) }
    return Array(bytes)
  }
}

/// `bytea[]`.
extension Array: PostgresArrayElement where Element == UInt8 {}

extension [UInt8] {
  fileprivate mutating func appendArrayHeader(count: Int, hasNulls: Bool, element: PostgresType) {
    append(bigEndian: Int32(count == 0 ? 0 : 1))  // dimensions
    append(bigEndian: Int32(hasNulls ? 1 : 0))
    append(bigEndian: element.oid)
    guard count > 0 else { return }
    append(bigEndian: Int32(count))
    append(bigEndian: Int32(1))  // lower bound
  }
}

/// Walks over a one-dimensional array on the wire; never past its end, whatever the bytes say.
private struct ArrayReader {
  let count: Int
  let element: PostgresType
  private let type: PostgresType
  private let bytes: UnsafeRawBufferPointer
  private var position: Int

  init(_ bytes: UnsafeRawBufferPointer, _ type: PostgresType) throws(PostgresError) {
    self.bytes = bytes
    self.type = type
    guard bytes.count >= 12 else { throw .decoding("is no array", type) }
    func field(_ index: Int) -> Int32 {
      Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: index * 4, as: Int32.self))
    }
    element = PostgresType(oid: UInt32(bitPattern: field(2)))
    switch field(0) {
    case 0:
      count = 0
      position = 12
    case 1 where bytes.count >= 20 && field(3) >= 0 && Int(field(3)) <= (bytes.count - 20) / 4:
      count = Int(field(3))
      position = 20
    default: throw .decoding("is no one-dimensional array", type)
    }
  }

  /// The next element's bytes, nil for NULL.
  mutating func next() throws(PostgresError) -> UnsafeRawBufferPointer? {
    guard bytes.count - position >= 4 else { throw .decoding("malformed array", type) }
    let length = Int(
      Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: Int32.self)))
    position += 4
    if length == -1 { return nil }
    guard length >= 0, length <= bytes.count - position else {
      throw .decoding("malformed array", type)
    }
    defer { position += length }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + length])
  }
}
