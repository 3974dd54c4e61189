import Logging
import Messaging
import Postgres

/// The schema that serves, the one that is being filled beside it, and the one that served before.
///
/// All of a service's connections name the schema that serves; which tables that are changes with a
/// renaming.
struct RebuildSchemas: Sendable {
  let live: String
  var rebuilt: String { live + "_rebuild" }
  var former: String { live + "_old" }

  /// What is rebuilt; tables of other modules in the same schema stay the same through a switch.
  static let sets = [MessagingMigrations.set, ForecastingMigrations.set]

  /// Tables of those modules that do not follow from the events: they move over as they are.
  static let kept = ["outbox", "outbox_undeliverable", "rebuilds", "schema_migrations"]

  /// Whether the tables to be filled are there, in the form that this program knows.
  func isCurrent(on session: PostgresSession) async throws -> Bool {
    guard
      try await session.query("SELECT FROM pg_namespace WHERE nspname = $1", rebuilt).count == 1,
      try await !session.query(
        "SELECT to_regclass($1) WHERE to_regclass($1) IS NOT NULL",
        "\(quoteIdentifier(rebuilt)).schema_migrations"
      ).isEmpty
    else { return false }
    return try await session.query(
      """
      SELECT set_name, number, checksum FROM \(quoteIdentifier(live)).schema_migrations
      WHERE set_name = ANY($1::text[])
      EXCEPT
      SELECT set_name, number, checksum FROM \(quoteIdentifier(rebuilt)).schema_migrations
      """, RebuildSchemas.sets.map(\.name)
    ).isEmpty
  }

  /// Makes empty tables to be filled; what an earlier rebuild left goes.
  func create(on session: PostgresSession, pool: PostgresPool, logger: Logger) async throws {
    try await dropRebuilt(on: session)
    try await dropFormer(on: session)
    try await Migrator.migrate(
      pool, schema: rebuilt, sets: RebuildSchemas.sets, logger: logger)
  }

  func dropRebuilt(on session: PostgresSession) async throws {
    try await drop(rebuilt, on: session)
  }

  /// Fails (2BP01) where objects of others, such as views, stand on its tables.
  func dropFormer(on session: PostgresSession) async throws {
    try await drop(former, on: session)
  }

  /// Not CASCADE, which would take along what others have built on the tables.
  private func drop(_ schema: String, on session: PostgresSession) async throws {
    try await session.transaction { transaction in
      let tables = try RebuildSchemas.tables(of: schema, in: transaction)
      if !tables.isEmpty {
        try transaction.execute("DROP TABLE \(RebuildSchemas.list(tables, of: schema))")
      }
      try transaction.execute("DROP SCHEMA IF EXISTS \(quoteIdentifier(schema))")
    }
  }

  static func tables(
    of schema: String, in transaction: borrowing PostgresTransaction
  ) throws -> [String] {
    try transaction.query(
      """
      SELECT relname::text FROM pg_class JOIN pg_namespace AS space ON space.oid = relnamespace
      WHERE nspname = $1 AND relkind IN ('r', 'p') ORDER BY relname <> 'consumer_offsets', relname
      """, schema
    ).map { try $0.decode(0) }
  }

  static func list(_ tables: [String], of schema: String) -> String {
    tables.map { "\(quoteIdentifier(schema)).\(quoteIdentifier($0))" }.joined(separator: ", ")
  }
}

// MARK: - The switch

extension RebuildSchemas {
  /// Waits until no transaction uses the tables that serve, and keeps all others out until the end of
  /// this one. Gives up before a deadlock would end somebody else's transaction.
  func lock(in transaction: borrowing PostgresTransaction) throws {
    let tables = try RebuildSchemas.tables(of: live, in: transaction)
    try transaction.execute("SET LOCAL statement_timeout = '700ms'")
    try transaction.execute(
      "LOCK TABLE \(RebuildSchemas.list(tables, of: live)) IN ACCESS EXCLUSIVE MODE")
    try transaction.execute("SET LOCAL statement_timeout = 0")
  }

  /// Puts the filled tables in the place of those that serve. The caller holds the lock.
  func exchange(in transaction: borrowing PostgresTransaction) throws {
    for grant in try grants(in: transaction) { try transaction.execute(grant) }
    let filled = try Set(RebuildSchemas.tables(of: rebuilt, in: transaction))
      .subtracting(RebuildSchemas.kept)
    let staying = try RebuildSchemas.tables(of: live, in: transaction)
      .filter { !filled.contains($0) }
    try transaction.execute(
      "DROP TABLE \(RebuildSchemas.list(RebuildSchemas.kept, of: rebuilt))")
    for (from, to) in [(live, former), (rebuilt, live)] {
      try transaction.execute(
        "ALTER SCHEMA \(quoteIdentifier(from)) RENAME TO \(quoteIdentifier(to))")
    }
    // With its identity, so that the locks of the outbox's relay and the ids of its rows stay good.
    for table in staying {
      try transaction.execute(
        "ALTER TABLE \(RebuildSchemas.list([table], of: former)) "
          + "SET SCHEMA \(quoteIdentifier(live))")
    }
  }

  /// Who may use the tables that serve may use those that take their place.
  private func grants(in transaction: borrowing PostgresTransaction) throws -> [String] {
    try transaction.query(
      """
      SELECT format('GRANT %s ON %s TO %s%s', privilege_type, target,
        CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
        CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM (
        SELECT format('SCHEMA %I', $2::text) AS target, nspowner AS owner, acl.*
        FROM pg_namespace CROSS JOIN aclexplode(nspacl) AS acl WHERE nspname = $1
        UNION ALL
        SELECT format('%I.%I', $2::text, new.relname), old.relowner, acl.*
        FROM pg_class AS old CROSS JOIN aclexplode(old.relacl) AS acl
        JOIN pg_namespace AS space ON space.oid = old.relnamespace AND space.nspname = $1
        JOIN pg_namespace AS other ON other.nspname = $2
        JOIN pg_class AS new ON new.relnamespace = other.oid AND new.relname = old.relname
        WHERE old.relkind IN ('r', 'p')
      ) AS granted WHERE grantee <> owner
      """, live, rebuilt
    ).map { try $0.decode(0) }
  }
}
