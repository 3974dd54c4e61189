import Postgres
import TestSupport
import Testing

/// Statements stay prepared on their connection, whatever happens to the tables meanwhile.
@Suite struct PreparedStatementTests {
  private func withOneConnection(
    _ body: (PostgresPool) async throws -> Void
  ) async throws {
    try await withTestDatabase { database in
      let pool = PostgresPool(
        try PostgresConfiguration(
          url: database.url, applicationName: "test", searchPath: database.schema),
        size: 1, logger: quietLogger)
      try await body(pool)
      await pool.close()
    }
  }

  @Test func areReused() async throws {
    try await withOneConnection { pool in
      for _ in 0..<3 { _ = try await pool.query("SELECT 'reused'") }
      let rows = try await pool.query(
        "SELECT count(*) FROM pg_prepared_statements WHERE statement = $1", "SELECT 'reused'")
      #expect(try rows[0].decode(0, as: Int.self) == 1)
    }
  }

  @Test func areBounded() async throws {
    try await withOneConnection { pool in
      for number in 0..<400 { _ = try await pool.query("SELECT \(number)") }
      let rows = try await pool.query("SELECT count(*) FROM pg_prepared_statements")
      #expect(try rows[0].decode(0, as: Int.self) == 256)
    }
  }

  @Test func surviveAChangeOfTheTable() async throws {
    try await withOneConnection { pool in
      try await pool.execute("CREATE TABLE changing AS SELECT 1 AS a")
      #expect(try await pool.query("SELECT * FROM changing")[0].decode("a", as: Int.self) == 1)
      try await pool.execute("ALTER TABLE changing ADD b int8 DEFAULT 2")
      #expect(try await pool.query("SELECT * FROM changing")[0].decode("b", as: Int.self) == 2)
    }
  }

  @Test func changeInsideATransactionIsRetriable() async throws {
    try await withOneConnection { pool in
      try await pool.execute("CREATE TABLE changing AS SELECT 1 AS a")
      _ = try await pool.query("SELECT * FROM changing")
      try await pool.execute("ALTER TABLE changing ADD b int8 DEFAULT 2")
      let read = { @Sendable (transaction: borrowing PostgresTransaction) in
        try transaction.query("SELECT * FROM changing")[0].decode("b", as: Int.self)
      }
      let error = await #expect(throws: PostgresError.self) {
        try await pool.transaction(.readWrite, read)
      }
      #expect(error?.isRetriable == true)
      #expect(try await pool.transaction(.readWrite, read) == 2)
    }
  }

  @Test func surviveBeingForgottenByTheServer() async throws {
    try await withOneConnection { pool in
      #expect(try await pool.query("SELECT 7")[0].decode(0, as: Int.self) == 7)
      try await pool.execute("DEALLOCATE ALL")
      #expect(try await pool.query("SELECT 7")[0].decode(0, as: Int.self) == 7)
    }
  }
}
