package import Contracts
import Foundation
package import Postgres

/// How the contracts' values stand in PostgreSQL.
extension Instant: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  package static var postgresType: PostgresType { .timestamptz }

  package func encode(into buffer: inout [UInt8]) {
    PostgresTimestamp(microsecondsSinceEpoch: microseconds).encode(into: &buffer)
  }

  package init(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) throws(PostgresError) {
    self.init(
      microseconds: try PostgresTimestamp(postgres: bytes, type: type).microsecondsSinceEpoch)
  }
}

extension EntityID: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  package static var postgresType: PostgresType { .uuid }

  package func encode(into buffer: inout [UInt8]) { uuid.encode(into: &buffer) }

  package init(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) throws(PostgresError) {
    self.init(try UUID(postgres: bytes, type: type))
  }
}
