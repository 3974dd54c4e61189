import Foundation
import Postgres
import TestSupport
import Testing

@Suite struct CopyTests {
  private let copy = "COPY fact (id, at, amount, note) FROM STDIN (FORMAT binary)"

  private func withTable(_ body: (PostgresPool) async throws -> Void) async throws {
    try await withTestDatabase { database in
      try await database.pool.execute(
        "CREATE TABLE fact (id uuid, at timestamptz, amount int8, note text)")
      try await body(database.pool)
    }
  }

  private func count(_ pool: PostgresPool) async throws -> Int {
    try await pool.query("SELECT count(*) FROM fact")[0].decode(0)
  }

  @Test func writesManyRows() async throws {
    try await withTable { pool in
      let copied = try await pool.transaction { transaction in
        try transaction.copyIn(copy) { writer throws(PostgresError) in
          for number in 0..<100_000 {
            try writer.row(
              UUID(), PostgresTimestamp(microsecondsSinceEpoch: Int64(number)), number,
              number % 2 == 0 ? "even" : nil)
          }
        }
      }
      #expect(copied == 100_000)
      let row = try await pool.query(
        """
        SELECT count(*), sum(amount), count(note), count(DISTINCT id),
               max(at) = '1970-01-01T00:00:00.099999Z'
        FROM fact
        """)[0]
      #expect(
        try (0..<4).map { try row.decode($0, as: Int.self) } == [
          100_000, 4_999_950_000, 50_000, 100_000,
        ])
      #expect(try row.decode(4, as: Bool.self))
    }
  }

  @Test func writesASequenceOfFields() async throws {
    try await withTable { pool in
      let copied = try await pool.transaction { transaction in
        let rows: [[(any PostgresEncodable)?]] = [[UUID(), nil, 1, "a"], [nil, nil, 2, ""]]
        return try transaction.copyIn(copy, rows: rows)
      }
      #expect(copied == 2)
      #expect(try await pool.transaction { try $0.copyIn(copy, rows: []) } == 0)
    }
  }

  @Test func wrongTypeAbortsTheTransactionOnly() async throws {
    try await withTable { pool async throws in
      let error = await #expect(throws: PostgresError.self) {
        try await pool.transaction { transaction in
          try transaction.copyIn(copy, rows: [[UUID(), nil, Int32(1), nil]])
        }
      }
      #expect(error?.code == .server(sqlState: "08P01"))
      #expect(error?.isRetriable == false)
      let tooFew = await #expect(throws: PostgresError.self) {
        try await pool.transaction { try $0.copyIn(copy, rows: [[UUID()]]) }
      }
      #expect(tooFew?.sqlState == "22P04")
      let early = await #expect(throws: PostgresError.self) {
        try await pool.transaction { transaction in
          try transaction.copyIn(copy) { writer throws(PostgresError) in
            for _ in 0..<50_000 { try writer.row(UUID(), 1) }
          }
        }
      }
      #expect(early?.sqlState == "22P04")
      #expect(try await count(pool) == 0)
    }
  }

  @Test func errorOfTheCallerIsTheOneReported() async throws {
    try await withTable { pool async throws in
      let refusal = PostgresError(.misuse, "mine")
      await #expect(throws: refusal) {
        try await pool.transaction { transaction in
          try transaction.copyIn(copy) { writer throws(PostgresError) in
            try writer.row(UUID(), PostgresTimestamp(microsecondsSinceEpoch: 0), 1, "a")
            throw refusal
          }
        }
      }
      #expect(try await count(pool) == 0)
    }
  }

  @Test func lostConnectionIsReported() async throws {
    try await withTable { pool async throws in
      let error = await #expect(throws: PostgresError.self) {
        try await pool.transaction { transaction in
          let backend = try transaction.query("SELECT pg_backend_pid()")[0].decode(0, as: Int.self)
          _ = try transaction.copyIn(copy) { writer throws(PostgresError) in
            do {
              try blocking { try await terminate(backend, pool) }
            } catch {
              throw PostgresError(.misuse, "\(error)")
            }
            for number in 0..<100_000 {
              try writer.row(
                UUID(), PostgresTimestamp(microsecondsSinceEpoch: 0), number, "a")
            }
          }
        }
      }
      #expect(error?.code == .connectionLost)
      #expect(try await count(pool) == 0)
    }
  }

  @Test func otherStatementsAreRefused() async throws {
    try await withTable { pool in
      let error = await #expect(throws: PostgresError.self) {
        try await pool.transaction { try $0.copyIn("SELECT 1", rows: []) }
      }
      #expect(error?.code == .misuse)
      let missing = await #expect(throws: PostgresError.self) {
        try await pool.transaction { try $0.copyIn("COPY nowhere FROM STDIN", rows: []) }
      }
      #expect(missing?.sqlState == "42P01")
    }
  }
}
