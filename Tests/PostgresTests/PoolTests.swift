import Postgres
import TestSupport
import Testing

@Suite struct PoolTests {
  private func withPool(
    size: Int, acquireTimeout: Duration = .seconds(60),
    _ body: (PostgresPool) async throws -> Void
  ) async throws {
    try await withTestDatabase { database in
      let pool = PostgresPool(
        try PostgresConfiguration(url: database.url, applicationName: "test"),
        size: size, acquireTimeout: acquireTimeout, logger: quietLogger)
      try await body(pool)
      await pool.close()
    }
  }

  @Test func neverOpensMoreThanItsSize() async throws {
    try await withPool(size: 3) { pool in
      let backends = try await withThrowingTaskGroup { group in
        for _ in 0..<50 {
          group.addTask {
            try await pool.transaction { transaction in
              try transaction.query("SELECT pg_backend_pid(), pg_sleep(0.002)")[0]
                .decode(0, as: Int.self)
            }
          }
        }
        return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
      }
      #expect(backends.count <= 3)
      #expect(pool.statistics.busy == 0)
      #expect(pool.statistics.idle <= 3)
    }
  }

  @Test func waitersAreServedInOrder() async throws {
    try await withPool(size: 1) { pool in
      let gate = Gate()
      let occupant = try await pool.occupy(gate)
      let order = Record<Int>()
      try await withThrowingTaskGroup { group in
        for number in 0..<10 {
          group.addTask { try await pool.transaction { _ in order.append(number) } }
          try await eventually("waiter \(number) stands in the queue") {
            pool.statistics.waiting == number + 1
          }
        }
        gate.open()
        try await group.waitForAll()
      }
      try await occupant.value
      #expect(order.entries == Array(0..<10))
    }
  }

  @Test func waitingTooLongIsAnError() async throws {
    try await withPool(size: 1, acquireTimeout: .milliseconds(20)) { pool in
      let gate = Gate()
      let occupant = try await pool.occupy(gate)
      for _ in 0..<2 {
        let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
        #expect(error?.code == .poolTimeout)
        #expect(error?.isRetriable == true)
      }
      #expect(pool.statistics.waiting == 0)
      gate.open()
      try await occupant.value
      #expect(try await pool.query("SELECT 1").count == 1)
    }
  }

  @Test func cancelledWaiterLeavesTheQueue() async throws {
    try await withPool(size: 1) { pool in
      let gate = Gate()
      let occupant = try await pool.occupy(gate)
      let waiter = Task { try await pool.query("SELECT 1") }
      try await eventually("the waiter stands in the queue") { pool.statistics.waiting == 1 }
      waiter.cancel()
      let error = await #expect(throws: PostgresError.self) { try await waiter.value }
      #expect(error?.code == .cancelled)
      #expect(pool.statistics == (idle: 0, busy: 1, waiting: 0))
      gate.open()
      try await occupant.value
      // Cancelled beforehand: refused where it would have to wait, served where it need not.
      let late = Task {
        while !Task.isCancelled { await Task.yield() }
        return try await pool.query("SELECT 1").count
      }
      late.cancel()
      #expect(try await late.value == 1)
    }
  }

  @Test func cancelledBeforehandDoesNotWait() async throws {
    try await withPool(size: 1) { pool in
      let gate = Gate()
      let occupant = try await pool.occupy(gate)
      let late = Task {
        while !Task.isCancelled { await Task.yield() }
        _ = try await pool.query("SELECT 1")
      }
      late.cancel()
      let error = await #expect(throws: PostgresError.self) { try await late.value }
      #expect(error?.code == .cancelled)
      gate.open()
      try await occupant.value
    }
  }

  @Test func lostConnectionIsReplacedAndOthersStay() async throws {
    try await withTestDatabase { database in
      let pool = PostgresPool(
        try PostgresConfiguration(url: database.url, applicationName: "test"),
        size: 2, logger: quietLogger)
      let gate = Gate()
      let occupant = try await pool.occupy(gate)
      let first = try await backend(of: pool)
      try await terminate(first, database.pool)
      let second = try await pool.transaction { transaction in
        try transaction.query("SELECT pg_backend_pid()")[0].decode(0, as: Int.self)
      }
      #expect(second != first)
      try await terminate(second, database.pool)
      let third = try await backend(of: pool)
      #expect(third != second)
      gate.open()
      try await occupant.value
      await pool.close()
    }
  }

  @Test func closeRefusesWaitersAndWaitsForWork() async throws {
    try await withPool(size: 1) { pool in
      let gate = Gate()
      let occupant = try await pool.occupy(gate)
      let waiter = Task { try await pool.query("SELECT 1") }
      try await eventually("the waiter stands in the queue") { pool.statistics.waiting == 1 }
      let closings = Record<Bool>()
      let closing = Task {
        await pool.close()
        closings.append(true)
      }
      let refused = await #expect(throws: PostgresError.self) { try await waiter.value }
      #expect(refused?.code == .closed)
      #expect(closings.entries.isEmpty)
      gate.open()
      try await occupant.value
      await closing.value
      for _ in 0..<2 {
        let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
        #expect(error?.code == .closed)
      }
      await #expect(throws: PostgresError.self) { try await pool.withSession { _ in } }
      #expect(await pool.ping(timeout: .seconds(5)) == false)
    }
  }
}
