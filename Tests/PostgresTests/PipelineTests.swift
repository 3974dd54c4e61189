import Postgres
import TestSupport
import Testing

private struct Refusal: Error {}

/// Statements that are sent without waiting for their answers.
@Suite struct PipelineTests {
  /// With a table `entry` and one connection, so that each call meets what the one before left.
  private func withTable(_ body: (PostgresPool) async throws -> Void) async throws {
    try await withTestDatabase { database in
      let pool = PostgresPool(
        try PostgresConfiguration(
          url: database.url, applicationName: "test", searchPath: database.schema),
        size: 1, logger: quietLogger)
      try await pool.execute("CREATE TABLE entry (id int8 PRIMARY KEY, text text)")
      try await body(pool)
      await pool.close()
    }
  }

  private func ids(_ pool: PostgresPool) async throws -> [Int] {
    try await pool.query("SELECT id FROM entry ORDER BY id").map { try $0.decode(0) }
  }

  @Test func areAnsweredInTheirOrder() async throws {
    try await withTable { pool async throws in
      for first in [1, 4] {
        let (count, texts) = try await pool.transaction { transaction in
          try transaction.send("INSERT INTO entry VALUES ($1, $2)", first, "a")
          try transaction.send("INSERT INTO entry VALUES ($1, $2)", first + 1, nil as String?)
          let count = try transaction.query("SELECT count(*) FROM entry")[0].decode(0, as: Int.self)
          try transaction.send("INSERT INTO entry VALUES ($1, $2)", first + 2, "c")
          let rows = try transaction.query(all: [
            ("SELECT text FROM entry WHERE id = $1", [first]), ("SELECT 'second'", []),
            ("SELECT text FROM entry WHERE id = $1", [first + 2]),
          ])
          #expect(try transaction.query(all: []).isEmpty)
          return (count, try rows.map { try $0[0].decode(0, as: String.self) })
        }
        #expect(count == first + 1)
        #expect(texts == ["a", "second", "c"])
      }
      #expect(try await ids(pool) == [1, 2, 3, 4, 5, 6])
    }
  }

  @Test func changesOfTypePrepareAgain() async throws {
    try await withTable { pool async throws in
      let texts = try await pool.transaction { transaction in
        for value in [7, "seven", 8] as [any PostgresEncodable] {
          try transaction.send(
            "INSERT INTO entry SELECT count(*), $1 FROM entry", parameters: [value])
        }
        return try transaction.query("SELECT text FROM entry ORDER BY id")
          .map { try $0.decode(0, as: String.self) }
      }
      #expect(texts == ["7", "seven", "8"])
    }
  }

  @Test func theErrorIsThatOfTheStatementThatFailed() async throws {
    try await withTable { pool async throws in
      let error = await #expect(throws: PostgresError.self) {
        try await pool.transaction { transaction in
          try transaction.send("INSERT INTO entry VALUES ($1, 'first')", 1)
          try transaction.send("INSERT INTO entry VALUES ($1, 'second')", 1)
          try transaction.send("SELECT 1 / $1::int8", 0)
          _ = try transaction.query("SELECT 'never prepared'")
        }
      }
      #expect(error?.isUniqueViolation == true)
      #expect(error?.constraint == "entry_pkey")
      #expect(try await ids(pool).isEmpty)
      // What was prepared is known as such, and what was not is prepared now.
      try await pool.transaction { transaction in
        try transaction.send("INSERT INTO entry VALUES ($1, 'first')", 1)
        try transaction.send("INSERT INTO entry VALUES ($1, 'second')", 2)
        try transaction.send("SELECT 1 / $1::int8", 1)
        #expect(try transaction.query("SELECT 'never prepared'").count == 1)
      }
      #expect(try await ids(pool) == [1, 2])
    }
  }

  @Test func anErrorThatNobodyWaitedForEndsTheTransaction() async throws {
    try await withTable { pool async throws in
      let error = await #expect(throws: PostgresError.self) {
        try await pool.transaction { transaction in
          try transaction.send("INSERT INTO entry VALUES (1)")
          try transaction.send("INSERT INTO entry VALUES (1)")
        }
      }
      #expect(error?.isUniqueViolation == true)
      #expect(try await ids(pool).isEmpty)
      let late = await #expect(throws: PostgresError.self) {
        try await pool.transaction { transaction in
          try transaction.send("INSERT INTO entry VALUES (1)")
          throw PostgresError(.misuse, "the body's own")
        }
      }
      #expect(late?.message == "the body's own")
      try await pool.transaction { try $0.send("INSERT INTO entry VALUES (2)") }
      #expect(try await ids(pool) == [2])
    }
  }

  @Test(arguments: [false, true])
  func anotherNumberOfRowsIsTheCallersError(_ isSwallowed: Bool) async throws {
    try await withTable { pool async throws in
      let change = { @Sendable (transaction: borrowing PostgresTransaction, id: Int) in
        try transaction.send("INSERT INTO entry VALUES ($1)", id)
        try transaction.send(
          "UPDATE entry SET text = 'x' WHERE id = $1", parameters: [1], expecting: 1, or: Refusal())
      }
      await #expect(throws: Refusal.self) {
        try await pool.transaction { transaction in
          try change(transaction, 5)
          if isSwallowed { _ = try? transaction.query("SELECT 1") }
        }
      }
      #expect(try await ids(pool).isEmpty)
      try await pool.transaction { try change($0, 1) }
      #expect(try await ids(pool) == [1])
    }
  }

  /// More than the sockets hold in either direction, while nobody reads.
  @Test func largeStatementsAndLargeAnswersDoNotWaitForEachOther() async throws {
    try await withTable { pool async throws in
      let text = String(repeating: "数据", count: 200_000)
      let lengths = try await pool.transaction { transaction in
        for id in 0..<20 {
          try transaction.send("INSERT INTO entry VALUES ($1, $2) RETURNING text", id, text)
        }
        return try transaction.query(
          all: (0..<20).map { ("SELECT text || $2 FROM entry WHERE id = $1", [$0, text]) }
        )
        .map { try $0[0].decode(0, as: String.self).count }
      }
      #expect(lengths == Array(repeating: 800_000, count: 20))
    }
  }

  @Test func aSavepointTakesBackWhatWasSentWithinIt() async throws {
    try await withTable { pool async throws in
      try await pool.transaction { transaction in
        try transaction.send("INSERT INTO entry VALUES (1)")
        let error = #expect(throws: PostgresError.self) {
          try transaction.savepoint {
            try transaction.send("INSERT INTO entry VALUES (2)")
            try transaction.send("INSERT INTO entry VALUES (1)")
          }
        }
        #expect(error?.isUniqueViolation == true)
        #expect(throws: Refusal.self) {
          try transaction.savepoint {
            try transaction.send(
              "DELETE FROM entry", parameters: [], expecting: 7, or: Refusal())
          }
        }
        try transaction.savepoint { try transaction.send("INSERT INTO entry VALUES (3)") }
        try transaction.send("INSERT INTO entry VALUES (4)")
      }
      #expect(try await ids(pool) == [1, 3, 4])
    }
  }

  @Test func aLostConnectionIsToldAsSuch() async throws {
    try await withTable { pool async throws in
      let end = "SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)"
      let asked = await #expect(throws: PostgresError.self) {
        try await pool.transaction { transaction in
          try transaction.send("INSERT INTO entry VALUES (1)")
          try transaction.send(end)
          _ = try transaction.query("SELECT 1")
        }
      }
      #expect(asked?.code == .connectionLost)
      #expect(asked?.sqlState == "57P01")
      // COMMIT was under way with the rest.
      let committing = await #expect(throws: PostgresError.self) {
        try await pool.transaction { transaction in
          try transaction.send("INSERT INTO entry VALUES (1)")
          try transaction.send(end)
        }
      }
      #expect(committing?.code == .commitUnknown)
      #expect(try await ids(pool).isEmpty)
    }
  }

  @Test func nothingIsSentOutsideATransaction() async throws {
    try await withTable { pool async throws in
      let error = await #expect(throws: PostgresError.self) {
        try await pool.transaction { transaction in
          try transaction.execute("ROLLBACK")
          try transaction.send("INSERT INTO entry VALUES (1)")
        }
      }
      #expect(error?.code == .transactionAborted)
      #expect(try await ids(pool).isEmpty)
    }
  }
}
