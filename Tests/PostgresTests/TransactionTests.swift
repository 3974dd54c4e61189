import Postgres
import TestSupport
import Testing

private struct Refusal: Error {}

@Suite struct TransactionTests {
  private func withTable(_ body: (PostgresPool) async throws -> Void) async throws {
    try await withTestDatabase { database in
      try await database.pool.execute("CREATE TABLE entry (id int8 PRIMARY KEY)")
      try await body(database.pool)
    }
  }

  private func count(_ pool: PostgresPool) async throws -> Int {
    try await pool.query("SELECT count(*) FROM entry")[0].decode(0)
  }

  @Test func commitsAndReturnsTheBodysResult() async throws {
    try await withTable { pool in
      let sum = try await pool.transaction { transaction in
        #expect(try transaction.execute("INSERT INTO entry VALUES ($1), ($2)", 1, 2) == 2)
        return try transaction.query("SELECT sum(id) AS s FROM entry")[0].decode("s", as: Int.self)
      }
      #expect(sum == 3)
      #expect(try await count(pool) == 2)
    }
  }

  @Test func throwRollsBack() async throws {
    try await withTable { pool async throws in
      await #expect(throws: Refusal.self) {
        try await pool.transaction { transaction in
          try transaction.execute("INSERT INTO entry VALUES (1)")
          throw Refusal()
        }
      }
      let duplicate = await #expect(throws: PostgresError.self) {
        try await pool.transaction { transaction in
          try transaction.execute("INSERT INTO entry VALUES (1)")
          try transaction.execute("INSERT INTO entry VALUES (1)")
        }
      }
      #expect(duplicate?.isUniqueViolation == true)
      #expect(try await count(pool) == 0)
    }
  }

  @Test func swallowedErrorIsNoSuccess() async throws {
    try await withTable { pool async throws in
      let error = await #expect(throws: PostgresError.self) {
        try await pool.transaction { transaction in
          try transaction.execute("INSERT INTO entry VALUES (1)")
          _ = try? transaction.execute("INSERT INTO entry VALUES (1)")
        }
      }
      #expect(error?.code == .transactionAborted)
      #expect(try await count(pool) == 0)
    }
  }

  @Test(arguments: ["COMMIT", "ROLLBACK"])
  func bodyThatEndsTheTransactionIsNoSuccess(statement: String) async throws {
    try await withTable { pool in
      let error = await #expect(throws: PostgresError.self) {
        try await pool.transaction { transaction in
          _ = try transaction.execute(statement)
        }
      }
      #expect(error?.code == .transactionAborted)
    }
  }

  @Test func refusedCommitIsTheServersError() async throws {
    try await withTable { pool in
      try await pool.execute(
        "CREATE TABLE child (parent int8 REFERENCES entry DEFERRABLE INITIALLY DEFERRED)")
      let error = await #expect(throws: PostgresError.self) {
        try await pool.transaction { transaction in
          _ = try transaction.execute("INSERT INTO child VALUES (1)")
        }
      }
      #expect(error?.isForeignKeyViolation == true)
    }
  }

  /// A trigger that runs at COMMIT ends its own backend.
  @Test func connectionLostDuringCommitIsUnknown() async throws {
    try await withTable { pool in
      try await pool.transaction { transaction in
        try transaction.executeScript(
          """
          CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(60); END';
          CREATE CONSTRAINT TRIGGER last_word AFTER INSERT ON entry
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die();
          """)
      }
      let error = await #expect(throws: PostgresError.self) {
        try await pool.transaction { transaction in
          _ = try transaction.execute("INSERT INTO entry VALUES (1)")
        }
      }
      #expect(error?.code == .commitUnknown)
      #expect(error?.sqlState == "57P01")
      #expect(error?.isRetriable == false)
      #expect(try await count(pool) == 0)

      // One statement alone commits by itself and shares the doubt; a reading one does not.
      let alone = await #expect(throws: PostgresError.self) {
        try await pool.execute("INSERT INTO entry VALUES (1)")
      }
      #expect(alone?.code == .commitUnknown)
      let reading = await #expect(throws: PostgresError.self) {
        try await pool.query("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)")
      }
      #expect(reading?.code == .connectionLost)
      #expect(reading?.isRetriable == true)
    }
  }

  @Test func connectionLostInsideTheBodyIsRetriable() async throws {
    try await withTable { pool async throws in
      let error = await #expect(throws: PostgresError.self) {
        try await pool.transaction { transaction in
          try transaction.execute("INSERT INTO entry VALUES (1)")
          _ = try transaction.query("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)")
        }
      }
      #expect(error?.code == .connectionLost)
      #expect(error?.isRetriable == true)
      // Also when the body swallows it.
      let swallowed = await #expect(throws: PostgresError.self) {
        try await pool.transaction { transaction in
          _ = try? transaction.query("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)")
        }
      }
      #expect(swallowed?.isRetriable == true)
      #expect(try await count(pool) == 0)
    }
  }

  @Test func terminatedBetweenTheLastStatementAndCommit() async throws {
    try await withTable { pool async throws in
      let error = await #expect(throws: PostgresError.self) {
        try await pool.transaction { transaction in
          try transaction.execute("INSERT INTO entry VALUES (1)")
          let backend = try transaction.query("SELECT pg_backend_pid()")[0].decode(0, as: Int.self)
          try blocking { try await terminate(backend, pool) }
        }
      }
      #expect(error?.code == .commitUnknown)
      #expect(try await count(pool) == 0)
    }
  }

  @Test func serializationFailureIsRetriable() async throws {
    try await withTable { pool in
      try await pool.execute("INSERT INTO entry VALUES (1)")
      let error = await #expect(throws: PostgresError.self) {
        try await pool.transaction { transaction in
          try transaction.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
          _ = try transaction.query("SELECT * FROM entry")
          try blocking { try await pool.execute("UPDATE entry SET id = 2") }
          try transaction.execute("UPDATE entry SET id = 3")
        }
      }
      #expect(error?.isSerializationFailure == true)
      #expect(error?.isRetriable == true)
    }
  }

  @Test(arguments: [TransactionMode.readOnly, .repeatableReadSnapshot])
  func readOnlyModesRefuseWriting(mode: TransactionMode) async throws {
    try await withTable { pool async throws in
      let error = await #expect(throws: PostgresError.self) {
        try await pool.transaction(mode) { transaction in
          _ = try transaction.execute("INSERT INTO entry VALUES (1)")
        }
      }
      #expect(error?.sqlState == "25006")
      #expect(try await count(pool) == 0)
    }
  }

  @Test func snapshotStaysTheSame() async throws {
    try await withTable { pool in
      let counts = try await pool.transaction(.repeatableReadSnapshot) { transaction in
        let first = try transaction.query("SELECT count(*) FROM entry")[0].decode(0, as: Int.self)
        try blocking { try await pool.execute("INSERT INTO entry VALUES (1)") }
        return [first, try transaction.query("SELECT count(*) FROM entry")[0].decode(0)]
      }
      #expect(counts == [0, 0])
    }
  }

  @Test func savepointUndoesOnlyItsPart() async throws {
    try await withTable { pool in
      try await pool.transaction { transaction in
        try transaction.execute("INSERT INTO entry VALUES (1)")
        let part = Result {
          try transaction.savepoint {
            try transaction.execute("INSERT INTO entry VALUES (2)")
            try transaction.execute("INSERT INTO entry VALUES (1)")
          }
        }
        guard case .failure(let error as PostgresError) = part, error.isUniqueViolation else {
          throw Refusal()
        }
        try transaction.savepoint { _ = try transaction.execute("INSERT INTO entry VALUES (3)") }
      }
      let rows = try await pool.query("SELECT id FROM entry ORDER BY id")
      #expect(try rows.map { try $0.decode(0, as: Int.self) } == [1, 3])
    }
  }

  /// A statement outside a transaction that leaves one open does not hand it to the next caller.
  @Test func strayTransactionIsRolledBack() async throws {
    try await withTable { pool in
      try await pool.execute("BEGIN")
      try await pool.execute("INSERT INTO entry VALUES (1)")
      #expect(try await count(pool) == 1)
      try await pool.transaction { _ = try $0.execute("INSERT INTO entry VALUES (2)") }
      #expect(try await count(pool) == 2)
    }
  }
}
