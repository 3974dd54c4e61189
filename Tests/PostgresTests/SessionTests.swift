import Postgres
import TestSupport
import Testing

@Suite struct SessionTests {
  private func isFree(_ key: Int, _ pool: PostgresPool) async throws -> Bool {
    try await pool.transaction { transaction in
      try transaction.query("SELECT pg_try_advisory_xact_lock($1)", key)[0].decode(0)
    }
  }

  private func freshKey() -> Int { Int.random(in: 0 ... .max) }

  @Test func advisoryLockLastsAsLongAsTheSession() async throws {
    try await withTestDatabase { database in
      let pool = database.pool
      let key = freshKey()
      try await pool.withSession { session async throws in
        _ = try await session.query("SELECT pg_advisory_lock($1)", key)
        #expect(try await !isFree(key, pool))
        try await session.transaction { _ = try $0.query("SELECT 1") }
        #expect(try await !isFree(key, pool))
      }
      try await eventually("the lock is free again") { try await isFree(key, pool) }
    }
  }

  @Test func lockIsReleasedWhenTheBodyThrows() async throws {
    struct Refusal: Error {}
    try await withTestDatabase { database in
      let pool = database.pool
      let key = freshKey()
      await #expect(throws: Refusal.self) {
        try await pool.withSession { session async throws in
          _ = try await session.query("SELECT pg_advisory_lock($1)", key)
          throw Refusal()
        }
      }
      try await eventually("the lock is free again") { try await isFree(key, pool) }
    }
  }

  /// With the connection its locks are gone, so that another in its place would be a lie.
  @Test func lostSessionStaysLost() async throws {
    try await withTestDatabase { database in
      try await database.pool.withSession { session async throws in
        let backend = try await session.query("SELECT pg_backend_pid()")[0].decode(0, as: Int.self)
        try await terminate(backend, database.pool)
        for _ in 0..<2 {
          let error = await #expect(throws: PostgresError.self) {
            try await session.query("SELECT 1")
          }
          #expect(error?.code == .connectionLost)
        }
        let error = await #expect(throws: PostgresError.self) {
          try await session.transaction { _ = try $0.query("SELECT 1") }
        }
        #expect(error?.code == .connectionLost)
      }
    }
  }

  @Test func isOutsideThePoolsSize() async throws {
    try await withTestDatabase { database async throws in
      let gate = Gate()
      var occupants: [Task<Void, any Error>] = []
      for _ in 0..<4 { occupants.append(try await database.pool.occupy(gate)) }
      try await database.pool.withSession { session async throws in
        #expect(try await session.execute("CREATE TABLE a (b int8)") == 0)
        #expect(try await session.execute("INSERT INTO a VALUES (1), (2)") == 2)
      }
      for occupant in occupants {
        gate.open()
        try await occupant.value
      }
    }
  }

  @Test func escapedSessionIsClosed() async throws {
    try await withTestDatabase { database in
      let session = try await database.pool.withSession { session async throws in
        _ = try await session.query("SELECT 1")
        return session
      }
      let error = await #expect(throws: PostgresError.self) { try await session.query("SELECT 1") }
      #expect(error?.code == .closed)
    }
  }
}
