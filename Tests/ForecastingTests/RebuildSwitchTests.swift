import Contracts
import Dispatch
import Kafka
import Messaging
import Postgres
import TestSupport
import Testing

@testable import Forecasting

/// What the exchange of the tables waits for, takes along and leaves alone.
@Suite struct RebuildSwitchTests {
  private func withServed(_ body: (RebuildBench) async throws -> Void) async throws {
    try await RebuildBench.with { bench in
      try await bench.publishPipeline()
      try await bench.produce(Walks.events(10, seed: 20))
      try await bench.serving { _ in try await bench.waitUntilConsumed() }
      try await body(bench)
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func waitsForTransactionsThatReadTheTables() async throws {
    try await withServed { bench in
      let id = try await bench.request()
      let end = DispatchSemaphore(value: 0)
      let (started, continuation) = AsyncStream.makeStream(of: Void.self)
      async let reading: [Int] = bench.pool.transaction(.repeatableReadSnapshot) { transaction in
        let first = try transaction.query("SELECT count(*) FROM visits")
        continuation.finish()
        end.wait()
        // Of the same tables as the first, and as far as they were then.
        let second = try transaction.query("SELECT count(*) FROM visits")
        return [try first[0].decode(0), try second[0].decode(0)]
      }
      for await _ in started {}
      do {
        defer { end.signal() }
        try await bench.running(bench.worker()) {
          try await eventually("the switch waits") {
            try await bench.row(id).note?.contains("waits for transactions") == true
          }
          #expect(try await bench.row(id).state == "switching")
          end.signal()
          try await eventually("the rebuild is done") {
            try await bench.row(id).state == "done"
          }
        }
      }
      let counts = try await reading
      #expect(counts[0] == counts[1])
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func aConsumerWhoseOffsetIsNotInTheLogGoesOn() async throws {
    try await withServed { bench in
      let before = try await bench.pool.snapshot()
      try await bench.pool.execute("UPDATE consumer_offsets SET next_offset = 9999")
      try await bench.serving { status in
        try await eventually("the partitions are stopped") {
          status.trouble?.contains("outside the log") == true
        }
        let id = try await bench.request()
        // The offsets up to the one that is stored hold no messages.
        try await bench.worker(patience: .seconds(5)).work()
        #expect(try await bench.row(id).state == "done")
        #expect(try await bench.pool.snapshot() == before)
        try await bench.produce(Walks.events(5, seed: 21))
        try await bench.waitUntilConsumed()
        #expect(try await bench.pool.count("current_stage") == 15)
        try await eventually("nothing is stopped") { status.trouble == nil }
      }
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func whatOthersHaveInTheSchemaStays() async throws {
    try await withServed { bench in
      try await bench.pool.execute("CREATE TABLE accounts (id int PRIMARY KEY)")
      try await bench.pool.execute("INSERT INTO accounts VALUES (1), (2)")
      try await bench.pool.execute("GRANT SELECT ON current_stage TO PUBLIC")
      try await bench.pool.execute(
        """
        INSERT INTO consumer_offsets (cluster_id, topic, partition, consumer_group, next_offset)
        VALUES ('c', 'directory.v1', 0, 'g', 4)
        """)
      let tables = try await bench.tables()
      let id = try await bench.request()
      try await bench.worker().work()
      #expect(try await bench.row(id).state == "done")
      #expect(try await bench.tables() == tables)
      #expect(try await bench.pool.count("accounts") == 2)
      let granted = try await bench.pool.query(
        "SELECT count(*) FROM pg_class, aclexplode(relacl) AS acl "
          + "WHERE oid = 'current_stage'::regclass AND acl.grantee = 0")
      #expect(try granted[0].decode(0, as: Int.self) == 1)
      let offset = try await bench.pool.query(
        "SELECT next_offset FROM consumer_offsets WHERE topic = 'directory.v1'")
      #expect(try offset.first?.decode(0, as: Int64.self) == 4)
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func aViewOfOthersIsNotTakenAlong() async throws {
    try await withServed { bench in
      let other = bench.schema + "_views"
      try await bench.pool.execute("CREATE SCHEMA \(other)")
      try await bench.pool.execute("CREATE VIEW \(other).v AS SELECT * FROM visits")
      let id = try await bench.request()
      try await bench.worker().work()
      let row = try await bench.row(id)
      #expect(row.state == "done")
      #expect(row.note?.contains(bench.schemas.former) == true)
      // The next one says what is in its way.
      let next = try await bench.request()
      try await bench.worker().work()
      #expect(try await bench.row(next).state == "failed")
      #expect(try await bench.row(next).reason?.contains("depend") == true)
      try await bench.pool.execute("DROP SCHEMA \(other) CASCADE")
      let last = try await bench.request()
      try await bench.worker().work()
      #expect(try await bench.row(last).state == "done")
    }
  }

  /// Whoever adds a table decides whether it follows from the events.
  @Test func everyTableIsEitherFilledOrKept() async throws {
    try await withForecastingTables { pool in
      let rows = try await pool.query(
        """
        SELECT relname::text FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' ORDER BY 1
        """)
      let tables = try rows.map { try $0.decode(0, as: String.self) }
      #expect(
        tables.filter { !RebuildSchemas.kept.contains($0) } == [
          "applied_events", "consumer_offsets", "current_stage", "daily_changes", "deal_owners",
          "deal_traits", "dwell_totals", "follow_up_changes", "noted_changes",
          "parked_events", "pipeline_stages", "stage_totals", "visits",
        ])
    }
  }
}

extension RebuildBench {
  func tables() async throws -> [String] {
    let schema = schema
    return try await pool.transaction { try RebuildSchemas.tables(of: schema, in: $0) }
  }
}
