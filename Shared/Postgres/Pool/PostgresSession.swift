/// One connection that lasts as long as the body it is lent to. Calls run one after another.
package struct PostgresSession: Sendable {
  private let connection: PostgresConnection

  init(_ connection: PostgresConnection) { self.connection = connection }
}

extension PostgresSession {
  /// See `PostgresPool.query`.
  package func query(
    _ sql: String, _ parameters: (any PostgresEncodable)?...
  ) async throws(PostgresError) -> PostgresRows {
    try await query(sql, parameters: parameters)
  }

  package func query(
    _ sql: String, parameters: [(any PostgresEncodable)?]
  ) async throws(PostgresError) -> PostgresRows {
    PostgresRows(try await connection.run(sql, parameters))
  }

  @discardableResult
  package func execute(
    _ sql: String, _ parameters: (any PostgresEncodable)?...
  ) async throws(PostgresError) -> Int {
    try await execute(sql, parameters: parameters)
  }

  @discardableResult
  package func execute(
    _ sql: String, parameters: [(any PostgresEncodable)?]
  ) async throws(PostgresError) -> Int {
    try await connection.run(sql, parameters).affectedRows
  }

  /// See `PostgresPool.transaction`.
  package func transaction<Result: Sendable>(
    _ mode: TransactionMode = .readWrite,
    _ body: @Sendable (borrowing PostgresTransaction) throws -> Result
  ) async throws -> Result {
    try await connection.transaction(mode, body)
  }
}
