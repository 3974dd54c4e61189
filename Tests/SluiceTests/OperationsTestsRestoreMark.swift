import Contracts
import Kafka
import Logging
import Postgres
import TestSupport
import Testing

@testable import Sluice

@Suite struct OperationsRestoreMarkTests {
  private func withHistory(
    _ rows: [(epoch: Int64, transaction: String)],
    _ body: (PostgresPool) async throws -> Void
  ) async throws {
    try await withTestDatabase { database in
      try await ServiceTables.createStageService(in: database.pool)
      for (index, row) in rows.enumerated() {
        try await database.pool.execute(
          """
          INSERT INTO history (opportunity_id, epoch, sequence, event_id, type, data, transaction)
          VALUES (gen_random_uuid(), $1, 1, gen_random_uuid(), 'sluice.x.v1',
            jsonb_build_object('n', $2::int), $3::text::xid8)
          """, row.epoch, Int32(index), row.transaction)
      }
      try await body(database.pool)
    }
  }

  /// The numbers of the events as the feed gives them.
  private func feed(_ pool: PostgresPool) async throws -> [Int32] {
    try await pool.query(
      """
      SELECT (data->>'n')::int FROM history
      WHERE transaction < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY transaction, position
      """
    ).map { try $0.decode(0) }
  }

  @Test func theEpochRisesAboveEveryOneThatIsKnown() async throws {
    try await withHistory([(1, "5"), (4, "6")]) { pool in
      let mark = RestoreMark(stageService: pool)
      let first = try await mark.set(above: 0)
      #expect((first.formerEpoch, first.epoch) == (1, 5))
      #expect((first.events, first.isFeedRewritten) == (2, false))
      let second = try await mark.set(above: 9)
      #expect((second.formerEpoch, second.epoch) == (5, 10))
      #expect(second.text().contains("sluice rebuild forecasting --from history"))
      let stored = try await pool.query("SELECT epoch FROM installation")
      #expect(try stored.map { try $0.decode(0, as: Int64.self) } == [10])
    }
  }

  @Test func rowsOfAnotherClusterComeIntoTheFeedOnceAndInOrder() async throws {
    let far = "9000000000000"
    try await withHistory([(1, "7"), (1, far), (1, "6"), (1, far)]) { pool in
      #expect(try await feed(pool) == [2, 0])
      let report = try await RestoreMark(stageService: pool).set(above: 0)
      #expect(report.isFeedRewritten)
      #expect(report.text().contains("void"))
      // The feed waits for transactions of other tests on the same server.
      try await eventually("the feed has everything") {
        try await feed(pool) == [0, 1, 2, 3]
      }
      #expect(try await !RestoreMark(stageService: pool).set(above: 0).isFeedRewritten)
    }
  }

  @Test func connectionsOfTheServiceAreSeen() async throws {
    try await withTestDatabase { database in
      let mark = RestoreMark(stageService: database.pool)
      let before = try await mark.connections()
      let other = PostgresPool(
        try PostgresConfiguration(url: database.url, applicationName: "stage-service"), size: 1,
        logger: Logger(label: "test"))
      _ = try await other.query("SELECT 1")
      #expect(try await mark.connections() > before)
      await other.close()
    }
  }

  @Test func theLogTellsTheLatestEpoch() async throws {
    let log = try await StageChanges.make()
    #expect(try await PublishedEpoch.read(log.reader) == 0)
    var events = Story.everything.items.map(\.event)
    events[events.count - 1].data.epoch = 6
    try await log.write(events)
    #expect(try await PublishedEpoch.read(log.reader) == 6)
  }
}
