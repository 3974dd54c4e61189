package import struct FoundationEssentials.UUID

extension UUID: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  package static var postgresType: PostgresType { .uuid }
  package func encode(into bytes: inout [UInt8]) {
    Swift.withUnsafeBytes(of: uuid) { bytes.append(contentsOf: $0) }
  }

  package init(
    postgres bytes: UnsafeRawBufferPointer, type: PostgresType
  ) throws(PostgresError) {
    guard type == .uuid, bytes.count == 16 else { throw .mismatch(UUID.self, type) }
    self.init(
      uuid: (
        bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7],
        bytes[8], bytes[9], bytes[10], bytes[11], bytes[12], bytes[13], bytes[14], bytes[15]
      ))
  }
}
