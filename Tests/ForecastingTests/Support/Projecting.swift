import Contracts
import Logging
import Messaging
import Postgres
import TestSupport
import Testing

@testable import Forecasting

/// A schema with the tables of the service, lent to one test.
///
/// - Parameter others: tables of other modules beside them.
func withForecastingTables<Result>(
  beside others: [MigrationSet] = [], _ body: (PostgresPool) async throws -> Result
) async throws -> Result {
  try await withTestDatabase { database in
    try await Migrator.migrate(
      database.pool, schema: database.schema,
      sets: [MessagingMigrations.set, ForecastingMigrations.set] + others,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    return try await body(database.pool)
  }
}

extension PostgresPool {
  /// Applies a batch of events as the consumer loop does: in one transaction.
  @discardableResult
  func project(_ events: [StageEvent]) async throws -> BatchOutcome {
    try await project(try events.map { try $0.wireMessage(source: "test") })
  }

  @discardableResult
  func project(_ messages: [WireMessage]) async throws -> BatchOutcome {
    try await handle(StageProjection(), .stageChanges, messages)
  }

  @discardableResult
  func publish(_ pipelines: PublishedPipeline...) async throws -> BatchOutcome {
    try await handle(
      PipelineProjection(), .pipelines, try pipelines.map { try $0.wireMessage(source: "test") })
  }

  func handle(
    _ handler: some BatchHandler, _ topic: Topic, _ messages: [WireMessage]
  ) async throws -> BatchOutcome {
    let batch = ConsumedBatch(
      topic: topic, partition: 0,
      messages: messages.enumerated().map { offset, wire in
        ConsumedMessage(offset: Int64(offset), timestamp: nil, wire: wire)
      })
    return try await transaction { transaction in
      try handler.handle(batch, in: transaction, now: History.start)
    }
  }

  /// Every row of every projection as text, to compare two states. Of the totals the sums of all
  /// shards, without those of zero: both may lie differently.
  func snapshot() async throws -> [String] {
    var rows: [String] = []
    for (table, content) in [
      ("applied_events", "SELECT * FROM applied_events"),
      ("current_stage", "SELECT * FROM current_stage"), ("visits", "SELECT * FROM visits"),
      ("parked_events", "SELECT opportunity_id, epoch, sequence FROM parked_events"),
      (
        "stage_totals",
        """
        SELECT pipeline, stage, owner, team, currency, sum(deals), sum(amount_minor), sum(entered),
          sum(advanced), sum(back), sum(lost), sum(reopened), sum(ended_known), sum(dwell_seconds)
        FROM stage_totals GROUP BY pipeline, stage, owner, team, currency
        HAVING (sum(deals), sum(amount_minor), sum(entered), sum(advanced + back + lost + reopened))
          <> (0, 0, 0, 0)
        """
      ),
      (
        "daily_changes",
        """
        SELECT day, pipeline, stage, to_stage, team, currency, sum(deals), sum(amount_minor),
          sum(entered), sum(advanced), sum(won), sum(back), sum(lost), sum(reopened),
          sum(ended_known), sum(dwell_seconds)
        FROM daily_changes GROUP BY day, pipeline, stage, to_stage, team, currency
        HAVING (sum(deals), sum(amount_minor), sum(entered), sum(advanced + back + lost + reopened),
          sum(ended_known), sum(dwell_seconds)) <> (0, 0, 0, 0, 0, 0)
        """
      ),
      (
        "dwell_totals",
        """
        SELECT pipeline, stage, team, bucket, ending, sum(visits) FROM dwell_totals
        GROUP BY pipeline, stage, team, bucket, ending HAVING sum(visits) <> 0
        """
      ),
      (
        "follow_up_changes",
        """
        SELECT day, pipeline, team, currency, sum(open), sum(forgotten) FROM follow_up_changes
        GROUP BY day, pipeline, team, currency HAVING (sum(open), sum(forgotten)) <> (0, 0)
        """
      ),
      ("noted_changes", "SELECT * FROM noted_changes"),
      ("deal_owners", "SELECT * FROM deal_owners"), ("deal_traits", "SELECT * FROM deal_traits"),
    ] {
      let result = try await query(
        "SELECT '\(table) ' || row::text FROM (\(content)) AS row ORDER BY 1")
      rows += try result.map { try $0.decode(0, as: String.self) }
    }
    return rows
  }

  func count(_ table: String) async throws -> Int {
    try await query("SELECT count(*) FROM \(table)")[0].decode(0)
  }
}

extension WireMessage {
  /// A stage event whose value is what the test says.
  static func event(type: String, value: [UInt8]?) -> WireMessage {
    WireMessage(
      key: nil, value: value,
      headers: [
        .init("ce_specversion", "1.0"), .init("ce_source", "test"), .init("ce_type", type),
        .init("ce_id", "01936f3e-7c00-7000-8000-000000000001"),
      ])
  }
}

/// Expects the tables that follow from the history, whether its log comes at once, twice or event by
/// event.
func expectTables(of history: History) async throws {
  let expected = Tables(naively: [history.log])
  try await withForecastingTables { pool in
    try await pool.project(history.log)
    #expect(try await Tables(of: pool).differences(from: expected) == [], "in one batch")
    // Delivered once more, nothing is taken back again.
    try await pool.project(history.log)
    #expect(try await Tables(of: pool).differences(from: expected) == [], "in one batch, twice")
  }
  try await withForecastingTables { pool in
    for event in history.log { try await pool.project([event]) }
    #expect(try await Tables(of: pool).differences(from: expected) == [], "one by one")
    try await pool.project([history.last])
    #expect(try await Tables(of: pool).differences(from: expected) == [], "the last one twice")
  }
}
