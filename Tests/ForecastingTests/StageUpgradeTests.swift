import Contracts
import Logging
import Messaging
import Postgres
import TestSupport
import Testing

@testable import Forecasting

/// Tables that an earlier version filled.
@Suite struct StageUpgradeTests {
  private static func migrate(_ database: TestDatabase, upTo number: Int? = nil) async throws {
    let migrations = ForecastingMigrations.set.migrations.filter { migration in
      number.map { migration.number <= $0 } ?? true
    }
    try await Migrator.migrate(
      database.pool, schema: database.schema,
      sets: [MessagingMigrations.set, MigrationSet("forecasting", migrations)],
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  /// A deal that went from lead to offer, as the first version wrote it.
  private static func write(_ history: History, into pool: PostgresPool) async throws {
    let (created, moved) = (history.events[0], history.events[1])
    try await pool.transaction { transaction in
      for event in history.events {
        try transaction.execute(
          """
          INSERT INTO applied_events (opportunity_id, epoch, sequence, event_id, type, pipeline,
            from_stage, to_stage, direction, owner, team, amount_minor, currency, occurred_at,
            recorded_at, entry_unknown)
          VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $12, $13, $11, $11, false)
          """,
          history.id, event.sequence, event.id, event.type.rawValue, Ladder.key, event.from,
          event.to, event.direction?.rawValue, event.owner, event.team, event.occurredAt,
          event.amount?.minor, event.amount?.currency)
      }
      try transaction.execute(
        """
        INSERT INTO current_stage (opportunity_id, epoch, sequence, pipeline, pipeline_version,
          stage, category, position, owner, team, amount_minor, currency, name, account, entered_at,
          entered_sequence, occurred_at)
        VALUES ($1, 1, 2, $2, 1, 'offer', 'open', 1, 'ann', 'north', 1000, 'CNY', 'Deal', 'Acme',
          $3, 2, $3)
        """, history.id, Ladder.key, moved.occurredAt)
      try transaction.execute(
        """
        INSERT INTO visits (opportunity_id, entered_sequence, pipeline, stage, category, entered_at,
          left_at, left_sequence, left_to, direction)
        VALUES ($1, 1, $2, 'lead', 'open', $3, $4, 2, 'offer', 'advance'),
          ($1, 2, $2, 'offer', 'open', $4, NULL, NULL, NULL, NULL)
        """, history.id, Ladder.key, created.occurredAt, moved.occurredAt)
      try transaction.execute(
        """
        INSERT INTO daily_counters (pipeline, day, stage, owner, team, entered, advanced, back,
          lost, reopened, ended_known, dwell_seconds)
        VALUES ($1, $2, 'lead', 'ann', 'north', 1, 0, 0, 0, 0, 0, 0),
          ($1, $3, 'lead', 'ann', 'north', 0, 1, 0, 0, 0, 1, 86400),
          ($1, $3, 'offer', 'ann', 'north', 1, 0, 0, 0, 0, 0, 0)
        """, Ladder.key, PostgresDate(daysSinceEpoch: created.occurredAt.day),
        PostgresDate(daysSinceEpoch: moved.occurredAt.day))
    }
  }

  @Test func aMoveThatWasAppliedBeforeTheUpgradeCanBeTakenBack() async throws {
    try await withTestDatabase { database in
      let pool = database.pool
      try await Self.migrate(database, upTo: 1)
      try await pool.execute(
        """
        INSERT INTO pipeline_stages (pipeline, version, position, stage, category, name_zh, name_en)
        SELECT $1, 1, position - 1, stage, category, stage, stage
        FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS row (stage, category, position)
        """, Ladder.key, Ladder.definition.stages.map(\.key),
        Ladder.definition.stages.map(\.category.rawValue))
      var history = History(1)
      history.create()
      history.move(to: "offer")
      try await Self.write(history, into: pool)

      try await Self.migrate(database)
      let before = Tables(naively: [history.log])
      #expect(try await Tables(of: pool).differences(from: before) == [])
      // What earlier versions did not write down is read from the log once more.
      let asked = try await pool.query("SELECT source, state FROM rebuilds")
      #expect(try asked.map { try $0.decode(0, as: String.self) } == ["log"])
      #expect(try asked.map { try $0.decode(1, as: String.self) } == ["requested"])
      history.revert()
      history.restore(losing: 1)
      history.change()
      history.revert()
      history.restore(losing: 2)
      history.note()
      history.revert()
      history.note()
      try await pool.project(Array(history.log.dropFirst(2)))
      let after = Tables(naively: [history.log])
      #expect(try await Tables(of: pool).differences(from: after) == [])
    }
  }
}
