/// Bound as `text`. A string with U+0000, which PostgreSQL can't store, is refused by the server
/// with SQLSTATE 22021.
extension String: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  package static var postgresType: PostgresType { .text }
  package func encode(into bytes: inout [UInt8]) { bytes.append(contentsOf: utf8) }

  /// Reads every text type, json and jsonb, and user-defined types whose binary form is their text
  /// (enums, citext).
  package init(
    postgres bytes: UnsafeRawBufferPointer, type: PostgresType
  ) throws(PostgresError) {
    var content = bytes[...]
    switch type {
    case .text, .varchar, .bpchar, .name, .json: break
    case .jsonb: content = try jsonbContent(bytes, type)
    case _ where type.oid >= PostgresType.firstUserDefinedOID: break
    default: throw .mismatch(String.self, type)
    }
    guard let text = String(validating: content, as: UTF8.self) else {
      throw .decoding("is not UTF-8", type)
    }
    self = text
  }
}

/// A JSON document as bytes, bound as `jsonb`.
package struct PostgresJSON: Hashable, PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  package var bytes: [UInt8]

  package init(_ bytes: [UInt8]) { self.bytes = bytes }
  package init(_ text: String) { self.bytes = Array(text.utf8) }

  package static var postgresType: PostgresType { .jsonb }
  package func encode(into bytes: inout [UInt8]) {
    bytes.append(jsonbVersion)
    bytes.append(contentsOf: self.bytes)
  }

  package init(
    postgres bytes: UnsafeRawBufferPointer, type: PostgresType
  ) throws(PostgresError) {
    switch type {
    case .json: self.bytes = Array(bytes)
    case .jsonb: self.bytes = Array(try jsonbContent(bytes, type))
    default: throw .mismatch(PostgresJSON.self, type)
    }
  }
}

private let jsonbVersion: UInt8 = 1

private func jsonbContent(
  _ bytes: UnsafeRawBufferPointer, _ type: PostgresType
) throws(PostgresError) -> Slice<UnsafeRawBufferPointer> {
  guard bytes.first == jsonbVersion else { throw .decoding("unknown version of jsonb", type) }
  return bytes.dropFirst()
}
