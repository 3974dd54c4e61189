/// A Swift value that can be bound to a parameter or written by COPY, in PostgreSQL's binary format.
package protocol PostgresEncodable: Sendable {
  /// What the server is told the parameter is. Binary COPY does no conversion: there the column must
  /// have exactly this type.
  static var postgresType: PostgresType { get }
  /// Appends the value's bytes, without a length.
  func encode(into bytes: inout [UInt8])
}

/// A Swift value that can be read from a column, in PostgreSQL's binary format.
package protocol PostgresDecodable: Sendable {
  /// - Parameters:
  ///   - bytes: borrowed from the result; not to be kept.
  ///   - type: the type of the column, or of the array's elements.
  init(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) throws(PostgresError)
}

extension [UInt8] {
  mutating func append<Value: FixedWidthInteger>(bigEndian value: Value) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }

  /// Appends a 32-bit length and then what `encode` appends; the form of array elements and of the
  /// fields of COPY. Whoever sends the bytes refuses 2 GiB and more.
  mutating func appendWithLength(_ value: (any PostgresEncodable)?) {
    guard let value else { return append(bigEndian: Int32(-1)) }
    let start = count
    append(bigEndian: Int32(0))
    value.encode(into: &self)
    let length = Int32(truncatingIfNeeded: count - start - 4)
    Swift.withUnsafeBytes(of: length.bigEndian) { length in
      for (index, byte) in length.enumerated() { self[start + index] = byte }
    }
  }
}

extension UnsafeRawBufferPointer {
  /// The integer at the start, or an error when the value is not exactly as long.
  func integer<Value: FixedWidthInteger>(
    _: Value.Type, _ type: PostgresType
  ) throws(PostgresError) -> Value {
    guard count == MemoryLayout<Value>.size else {
      throw .decoding("\(count) bytes where \(MemoryLayout<Value>.size) belong", type)
    }
    return Value(bigEndian: loadUnaligned(as: Value.self))
  }
}

extension PostgresError {
  /// For implementations of `PostgresDecodable`; the column's name is added by the row.
  package static func decoding(_ message: String, _ type: PostgresType) -> PostgresError {
    PostgresError(.decoding, "\(message) (type OID \(type.oid))")
  }

  static func mismatch<Value>(_: Value.Type, _ type: PostgresType) -> PostgresError {
    .decoding("can't be read as \(Value.self)", type)
  }
}
