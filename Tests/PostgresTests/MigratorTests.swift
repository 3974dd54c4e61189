import Postgres
import TestSupport
import Testing

@Suite struct MigratorTests {
  private let first = Migration(number: 1, name: "deals", sql: "CREATE TABLE deal (id int8);")
  private let second = Migration(
    number: 2, name: "teams",
    sql: "CREATE TABLE team (id int8); INSERT INTO team VALUES (1); -- 商机")

  private func migrate(
    _ database: TestDatabase, _ migrations: [Migration], schema: String? = nil
  ) async throws {
    try await Migrator.migrate(
      database.pool, schema: schema ?? database.schema,
      sets: [MigrationSet("stage-service", migrations)], logger: quietLogger)
  }

  private func applied(_ database: TestDatabase) async throws -> [String] {
    try await database.pool.query(
      "SELECT set_name || '/' || number || ' ' || name FROM schema_migrations ORDER BY 1"
    ).map { try $0.decode(0, as: String.self) }
  }

  @Test func appliesInOrderAndOnlyOnce() async throws {
    try await withTestDatabase { database in
      try await migrate(database, [first])
      for _ in 0..<2 { try await migrate(database, [second, first]) }
      #expect(try await applied(database) == ["stage-service/1 deals", "stage-service/2 teams"])
      #expect(try await database.pool.query("SELECT * FROM team").count == 1)
    }
  }

  @Test func setsAreNumberedOnTheirOwn() async throws {
    try await withTestDatabase { database in
      let other = Migration(number: 1, name: "outbox", sql: "CREATE TABLE outbox (id int8)")
      let sets = [MigrationSet("messaging", [other]), MigrationSet("stage-service", [first])]
      try await Migrator.migrate(
        database.pool, schema: database.schema, sets: sets, logger: quietLogger)
      #expect(try await applied(database) == ["messaging/1 outbox", "stage-service/1 deals"])
    }
  }

  @Test func replicasMayStartAtOnce() async throws {
    try await withTestDatabase { database in
      try await database.pool.execute("DROP SCHEMA \(quoteIdentifier(database.schema))")
      try await withThrowingTaskGroup { group in
        for _ in 0..<8 { group.addTask { try await migrate(database, [first, second]) } }
        try await group.waitForAll()
      }
      #expect(try await applied(database).count == 2)
      #expect(try await database.pool.query("SELECT * FROM team").count == 1)
    }
  }

  @Test func oddSchemaNamesAreQuoted() async throws {
    try await withTestDatabase { database in
      let schema = database.schema + "\"; x Y"
      try await migrate(database, [first], schema: schema)
      #expect(
        try await database.pool.query("SELECT FROM pg_tables WHERE schemaname = $1", schema).count
          == 2)
      try await database.pool.execute("DROP SCHEMA \(quoteIdentifier(schema)) CASCADE")
    }
  }

  @Test func changedMigrationIsRefused() async throws {
    try await withTestDatabase { database in
      try await migrate(database, [first])
      let changed = Migration(number: 1, name: "deals", sql: first.sql + " ")
      let error = await #expect(throws: PostgresError.self) {
        try await migrate(database, [changed, second])
      }
      #expect(error?.code == .migrationRefused)
      #expect(error?.message.contains("stage-service/1") == true)
      #expect(try await applied(database).count == 1)
    }
  }

  @Test func databaseNewerThanTheProgramIsRefused() async throws {
    try await withTestDatabase { database in
      try await migrate(database, [first, second])
      let error = await #expect(throws: PostgresError.self) { try await migrate(database, [first]) }
      #expect(error?.code == .migrationRefused)
      #expect(error?.message.contains("stage-service/2 teams") == true)
    }
  }

  @Test func migrationInsertedBeforeAnAppliedOneIsRefused() async throws {
    try await withTestDatabase { database in
      try await migrate(database, [second])
      let error = await #expect(throws: PostgresError.self) {
        try await migrate(database, [first, second])
      }
      #expect(error?.code == .migrationRefused)
      #expect(error?.message.contains("stage-service/1 deals") == true)
    }
  }

  @Test func failingMigrationLeavesNothing() async throws {
    try await withTestDatabase { database in
      let broken = Migration(
        number: 2, name: "broken", sql: "CREATE TABLE half (id int8); SELECT nonsense;")
      let error = await #expect(throws: PostgresError.self) {
        try await migrate(database, [first, broken])
      }
      #expect(error?.sqlState == "42703")
      #expect(error?.message.contains("stage-service/2 broken") == true)
      #expect(try await applied(database) == ["stage-service/1 deals"])
      #expect(
        try await database.pool.query(
          "SELECT FROM pg_tables WHERE tablename = 'half' AND schemaname = $1",
          database.schema
        ).isEmpty)
      // Once it is mended, it goes on from there.
      try await migrate(database, [first, second])
    }
  }

  @Test func migrationThatCommitsByItselfIsRefused() async throws {
    try await withTestDatabase { database async throws in
      let cheating = Migration(number: 1, name: "cheating", sql: "CREATE TABLE a (); COMMIT;")
      await #expect(throws: PostgresError.self) { try await migrate(database, [cheating]) }
      #expect(try await applied(database).isEmpty)
    }
  }

  @Test(arguments: ["m0012_stage_service", "m0012_stage_service.sql", "m0012_stage_service_sql"])
  func resourceNames(name: String) {
    let migration = Migration(resource: name, bytes: Array("SELECT 1".utf8))
    #expect(migration.number == 12)
    #expect(migration.name == "stage_service")
    #expect(migration.sql == "SELECT 1")
  }
}
