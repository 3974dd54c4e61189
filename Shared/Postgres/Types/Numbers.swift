extension Bool: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  package static var postgresType: PostgresType { .bool }
  package func encode(into bytes: inout [UInt8]) { bytes.append(self ? 1 : 0) }

  package init(
    postgres bytes: UnsafeRawBufferPointer, type: PostgresType
  ) throws(PostgresError) {
    guard type == .bool else { throw .mismatch(Bool.self, type) }
    self = try bytes.integer(UInt8.self, type) != 0
  }
}

extension Int16: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  package static var postgresType: PostgresType { .int2 }
  package func encode(into bytes: inout [UInt8]) { bytes.append(bigEndian: self) }
}

extension Int32: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  package static var postgresType: PostgresType { .int4 }
  package func encode(into bytes: inout [UInt8]) { bytes.append(bigEndian: self) }
}

extension Int64: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  package static var postgresType: PostgresType { .int8 }
  package func encode(into bytes: inout [UInt8]) { bytes.append(bigEndian: self) }
}

extension Int: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  package static var postgresType: PostgresType { .int8 }
  package func encode(into bytes: inout [UInt8]) { bytes.append(bigEndian: Int64(self)) }
}

/// Full transaction identifiers, as `pg_current_xact_id()` returns them.
extension UInt64: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  package static var postgresType: PostgresType { .xid8 }
  package func encode(into bytes: inout [UInt8]) { bytes.append(bigEndian: self) }
}

/// Every integer reads every integer type, and a whole `numeric` (which is what `sum(bigint)` gives),
/// as long as the value fits.
extension PostgresDecodable where Self: FixedWidthInteger {
  package init(
    postgres bytes: UnsafeRawBufferPointer, type: PostgresType
  ) throws(PostgresError) {
    let value: Self? =
      switch type {
      case .int2: try Self(exactly: bytes.integer(Int16.self, type))
      case .int4: try Self(exactly: bytes.integer(Int32.self, type))
      case .int8: try Self(exactly: bytes.integer(Int64.self, type))
      case .oid: try Self(exactly: bytes.integer(UInt32.self, type))
      case .xid8: try Self(exactly: bytes.integer(UInt64.self, type))
      case .numeric: try BinaryNumeric(bytes, type).integer.flatMap { Self(exactly: $0) }
      default: throw .mismatch(Self.self, type)
      }
    guard let value else { throw .decoding("does not fit into \(Self.self)", type) }
    self = value
  }
}

extension Double: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  package static var postgresType: PostgresType { .float8 }
  package func encode(into bytes: inout [UInt8]) { bytes.append(bigEndian: bitPattern) }

  package init(
    postgres bytes: UnsafeRawBufferPointer, type: PostgresType
  ) throws(PostgresError) {
    switch type {
    case .float8: self = try Double(bitPattern: bytes.integer(UInt64.self, type))
    case .float4: self = try Double(Float(bitPattern: bytes.integer(UInt32.self, type)))
    case .numeric: self = try BinaryNumeric(bytes, type).double
    default: throw .mismatch(Double.self, type)
    }
  }
}
