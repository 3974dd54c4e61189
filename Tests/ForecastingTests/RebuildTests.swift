import Contracts
import Kafka
import Messaging
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Forecasting

/// Rebuilds on a real database and a broker, with the consumer that serves.
@Suite struct RebuildTests {
  private static let poison = WireMessage.event(
    type: StageEventType.moved.rawValue, value: [0xFF])

  @Test(.timeLimit(.minutes(2)))
  func filledTablesEqualThoseThatServed() async throws {
    try await RebuildBench.with { bench in
      try await bench.publishPipeline()
      let events = Walks.events(60, seed: 1)
      let wires = try events.map { try $0.wireMessage(source: "test") }
      try await bench.produce(
        wires[..<40] + [Self.poison] + wires[30...] + [
          WireMessage.event(type: "x.y.v1", value: [])
        ],
        to: .stageChanges)
      try await bench.serving { status in
        try await bench.waitUntilConsumed()
        let before = try await bench.pool.snapshot()
        let offsets = try await bench.offsets()
        let outbox = try await bench.outbox()
        #expect(outbox.count == 1)
        try await bench.damage()

        let id = try await bench.request()
        try await bench.worker().work()
        let row = try await bench.row(id)
        #expect(row.state == "done", "\(row)")
        #expect(row.done == Int64(wires.count + 10 + 2 + 1))
        #expect((row.total, row.deadLetters) == (row.done, 1))
        #expect(try await bench.pool.snapshot() == before)
        #expect(try await bench.offsets() == offsets)
        // Neither lost nor published again, and with the ids that the relay knows.
        #expect(try await bench.outbox() == outbox)

        try await bench.produce(Walks.events(20, seed: 2))
        try await bench.waitUntilConsumed()
        #expect(try await bench.pool.count("current_stage") == 80)
        #expect(status.trouble == nil)
      }
    }
  }

  @Test(.timeLimit(.minutes(3)))
  func eventsThatComeMeanwhileAreInTheNewTablesToo() async throws {
    try await RebuildBench.with { bench in
      try await bench.publishPipeline()
      try await bench.produce(Walks.events(100, seed: 3))
      try await bench.serving { _ in
        try await bench.waitUntilConsumed()
        try await bench.damage()
        let isDone = Mutex(false)
        async let produced = bench.keepProducing { isDone.withLock { $0 } }
        let id: EntityID
        do {
          defer { isDone.withLock { $0 = true } }
          id = try await bench.running(bench.worker()) {
            let id = try await bench.request()
            try await eventually(within: .seconds(60), "the rebuild is done") {
              try await bench.row(id).state == "done"
            }
            return id
          }
        }
        let later = try await produced
        #expect(!later.isEmpty)
        try await bench.waitUntilConsumed()
        #expect(try await bench.row(id).reason == nil)
        let expected = try await withForecastingTables { fresh in
          try await fresh.publish(Ladder.published)
          try await fresh.project(Walks.events(100, seed: 3) + later)
          return try await fresh.snapshot()
        }
        #expect(try await bench.pool.snapshot() == expected)
      }
    }
  }

  @Test(.timeLimit(.minutes(3)))
  func goesOnAfterEveryCrash() async throws {
    try await RebuildBench.with { bench in
      try await bench.publishPipeline()
      try await bench.produce(Walks.events(50, seed: 4))
      try await bench.serving { _ in
        try await bench.waitUntilConsumed()
        let before = try await bench.pool.snapshot()
        try await bench.damage()
        let id = try await bench.request()
        let crashes = Crashes([
          .rebuildAfterBatch, .rebuildAfterBatch, .rebuildAfterBatch, .rebuildBeforeSwitch,
          .rebuildInSwitch, .rebuildAfterSwitch,
        ])
        var attempts = 0
        let worker = bench.worker { try crashes.meet($0) }
        while try await bench.row(id).state != "done", attempts < 20 {
          attempts += 1
          do { try await worker.work() } catch is Crashes.Crash {}
        }
        #expect(crashes.left == 0)
        #expect(attempts == 7)
        let row = try await bench.row(id)
        #expect((row.state, row.done) == ("done", row.total))
        #expect(try await bench.pool.snapshot() == before)
        try await bench.produce(Walks.events(10, seed: 5))
        try await bench.waitUntilConsumed()
        #expect(try await bench.pool.count("current_stage") == 60)
      }
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func oneWorkerWorksAtATime() async throws {
    try await RebuildBench.with { bench in
      try await bench.publishPipeline()
      try await bench.produce(Walks.events(10, seed: 6))
      try await bench.serving { _ in
        try await bench.waitUntilConsumed()
        let id = try await bench.request()
        // The second look comes while the first one holds the lock.
        let worker = bench.worker()
        async let first: Void = worker.work()
        async let second: Void = worker.work()
        _ = try await (first, second)
        #expect(try await bench.row(id).state == "done")
        // And without a request there is nothing to do.
        try await worker.work()
      }
    }
  }
}

extension RebuildBench {
  /// Wrong figures, a deal that is gone.
  func damage() async throws {
    try await pool.execute("UPDATE stage_totals SET entered = entered + 7")
    try await pool.execute("DELETE FROM visits WHERE left_at IS NULL")
    try await pool.execute("UPDATE current_stage SET owner = 'mallory'")
  }

  func outbox() async throws -> [String] {
    try await pool.query("SELECT row::text FROM outbox AS row ORDER BY id")
      .map { try $0.decode(0) }
  }

  /// Deals in small batches until told to stop; returns their events.
  func keepProducing(until isDone: () -> Bool) async throws -> [StageEvent] {
    var events: [StageEvent] = []
    var seed: UInt64 = 1_000
    repeat {
      let more = Walks.events(5, seed: seed)
      try await produce(more)
      events += more
      seed += 1
    } while !isDone()
    return events
  }
}
