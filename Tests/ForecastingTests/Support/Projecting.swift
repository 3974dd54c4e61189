import Contracts
import Logging
import Messaging
import Postgres
import TestSupport

@testable import Forecasting

/// A schema with the tables of the service, lent to one test.
func withForecastingTables<Result>(
  _ body: (PostgresPool) async throws -> Result
) async throws -> Result {
  try await withTestDatabase { database in
    try await Migrator.migrate(
      database.pool, schema: database.schema,
      sets: [MessagingMigrations.set, ForecastingMigrations.set],
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

  /// Every row of every projection as text, to compare two states; without totals of zero, which
  /// may have a row or none.
  func snapshot() async throws -> [String] {
    var rows: [String] = []
    for table in ["applied_events", "current_stage", "visits", "stage_totals", "parked_events"] {
      let columns = table == "parked_events" ? "opportunity_id, epoch, sequence" : "*"
      let selection =
        table == "stage_totals"
        ? "WHERE (deals, amount_minor, entered, ended_known) <> (0, 0, 0, 0)" : ""
      let result = try await query(
        """
        SELECT '\(table) ' || row::text
        FROM (SELECT \(columns) FROM \(table) \(selection)) AS row ORDER BY 1
        """)
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
