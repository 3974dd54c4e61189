internal import CPostgres

/// The rows of one answer. Values are read straight from libpq's memory, which lives as long as any
/// of them does.
package struct PostgresRows: Sendable {
  fileprivate let result: ResultHandle

  init(_ result: ResultHandle) { self.result = result }
}

extension PostgresRows: RandomAccessCollection {
  package var startIndex: Int { 0 }
  package var endIndex: Int { Int(PQntuples(result.pointer)) }

  package subscript(position: Int) -> PostgresRow {
    precondition(indices.contains(position), "row out of range")
    return PostgresRow(result: result, row: Int32(position))
  }
}

package struct PostgresRow: Sendable {
  fileprivate let result: ResultHandle
  fileprivate let row: Int32

  /// The value of a column, counted from 0. NULL is an error.
  package func decode<Value: PostgresDecodable>(
    _ column: Int, as type: Value.Type = Value.self
  ) throws(PostgresError) -> Value {
    guard let value = try optional(column, as: type) else {
      throw PostgresError(.decoding, "column \(result.describe(column)) is NULL")
    }
    return value
  }

  /// The value of a column, nil for NULL.
  package func optional<Value: PostgresDecodable>(
    _ column: Int, as _: Value.Type = Value.self
  ) throws(PostgresError) -> Value? {
    let pointer = result.pointer
    guard column >= 0, column < Int(PQnfields(pointer)) else {
      throw PostgresError(.decoding, "there is no column \(column) in the result")
    }
    let index = Int32(column)
    guard PQgetisnull(pointer, row, index) == 0 else { return nil }
    let bytes = UnsafeRawBufferPointer(
      start: PQgetvalue(pointer, row, index), count: Int(PQgetlength(pointer, row, index)))
    do {
      return try Value(postgres: bytes, type: PostgresType(oid: PQftype(pointer, index)))
    } catch {
      throw error.prefixed("column \(result.describe(column))")
    }
  }

  /// By the column's exact name; the first of that name. Each call searches the names.
  package func decode<Value: PostgresDecodable>(
    _ column: String, as type: Value.Type = Value.self
  ) throws(PostgresError) -> Value {
    try decode(try result.index(of: column), as: type)
  }

  package func optional<Value: PostgresDecodable>(
    _ column: String, as type: Value.Type = Value.self
  ) throws(PostgresError) -> Value? {
    try optional(try result.index(of: column), as: type)
  }
}

/// Owns a `PGresult` and frees it once.
///
/// `@unchecked Sendable`: libpq never changes a finished result and its accessors only read, so any
/// number of threads may read it; the last reference frees it.
final class ResultHandle: @unchecked Sendable {
  let pointer: OpaquePointer

  init(owning pointer: OpaquePointer) { self.pointer = pointer }

  deinit { PQclear(pointer) }

  /// Rows that a statement without a result set changed or counted; 0 for others.
  var affectedRows: Int { Int(String(cString: PQcmdTuples(pointer))) ?? 0 }

  func index(of column: String) throws(PostgresError) -> Int {
    for index in 0..<PQnfields(pointer) {
      if let name = PQfname(pointer, index), String(cString: name) == column { return Int(index) }
    }
    throw PostgresError(.decoding, "there is no column \(column) in the result")
  }

  func describe(_ column: Int) -> String {
    guard let name = PQfname(pointer, Int32(column)) else { return "\(column)" }
    return "\(column) (\(String(cString: name)))"
  }
}
