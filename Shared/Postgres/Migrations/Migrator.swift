package import Logging

/// Brings a schema up to date.
package enum Migrator {
  /// Applies what is missing of `sets`, in the given order, each migration in a transaction of its
  /// own with `search_path` set to `schema`. Creates the schema if there is none. Any number of
  /// replicas may call it at once: one works, the others wait and find nothing to do.
  ///
  /// Throws `migrationRefused` when an applied migration has another text now, or when the schema
  /// holds migrations that this program does not know.
  package static func migrate(
    _ pool: PostgresPool, schema: String, sets: [MigrationSet], logger: Logger
  ) async throws {
    // The session's end gives the lock back, however this ends.
    try await pool.withSession { session in
      // Waiting for another replica, and filling a new column, may take their time.
      try await session.execute("SET statement_timeout = 0")
      _ = try await session.query(
        "SELECT pg_advisory_lock(hashtextextended($1, 0))", "sluice migrations of \(schema)")
      try await session.transaction { try prepareSchema($0, schema) }
      for set in sets {
        let missing = try await session.transaction { try pending($0, schema, set) }
        for migration in missing {
          try await session.transaction { try apply($0, schema, set, migration) }
          logger.info(
            "applied migration",
            metadata: ["schema": "\(schema)", "migration": "\(set.title(of: migration))"])
        }
      }
    }
  }

  private static func prepareSchema(
    _ transaction: borrowing PostgresTransaction, _ schema: String
  ) throws(PostgresError) {
    // Not simply IF NOT EXISTS: that asks for the right to create even where the schema exists.
    if try transaction.query("SELECT FROM pg_namespace WHERE nspname = $1", schema).isEmpty {
      try transaction.execute("CREATE SCHEMA \(quoteIdentifier(schema))")
    }
    try transaction.execute(
      """
      CREATE TABLE IF NOT EXISTS \(quoteIdentifier(schema)).schema_migrations (
        set_name text NOT NULL,
        number integer NOT NULL,
        name text NOT NULL,
        checksum bytea NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (set_name, number)
      )
      """)
  }

  /// What is not applied yet, after checking that what is applied is what the program has.
  private static func pending(
    _ transaction: borrowing PostgresTransaction, _ schema: String, _ set: MigrationSet
  ) throws(PostgresError) -> [Migration] {
    let rows = try transaction.query(
      """
      SELECT coalesce(applied.number, ours.number), applied.name,
             applied.number IS NOT NULL, ours.number IS NOT NULL,
             applied.checksum IS NOT DISTINCT FROM sha256(convert_to(ours.sql, 'UTF8'))
      FROM (SELECT * FROM \(quoteIdentifier(schema)).schema_migrations WHERE set_name = $1) AS applied
      FULL JOIN unnest($2::int8[], $3::text[]) AS ours (number, sql) USING (number)
      ORDER BY 1
      """, set.name, set.migrations.map(\.number), set.migrations.map(\.sql))
    var missing: [Migration] = []
    var lastApplied: Int?
    for row in rows {
      let number = try row.decode(0, as: Int.self)
      let isApplied = try row.decode(2, as: Bool.self)
      guard try row.decode(3, as: Bool.self) else {
        let name = try row.decode(1, as: String.self)
        throw refusal(
          "schema \(schema) holds migration \(set.name)/\(number) \(name), which this program does not "
            + "know; it is older than the database")
      }
      if isApplied {
        lastApplied = number
        guard try row.decode(4, as: Bool.self) else {
          throw refusal(
            "migration \(set.name)/\(number) of schema \(schema) was changed after it had been applied"
          )
        }
      } else if let migration = set.migrations.first(where: { $0.number == number }) {
        missing.append(migration)
      }
    }
    if let first = missing.first, let lastApplied, first.number < lastApplied {
      throw refusal(
        "schema \(schema) lacks migration \(set.title(of: first)) though it has \(lastApplied)")
    }
    return missing
  }

  private static func apply(
    _ transaction: borrowing PostgresTransaction, _ schema: String, _ set: MigrationSet,
    _ migration: Migration
  ) throws(PostgresError) {
    do {
      try transaction.execute("SET LOCAL search_path = \(quoteIdentifier(schema))")
      try transaction.executeScript(migration.sql)
      try transaction.execute(
        """
        INSERT INTO \(quoteIdentifier(schema)).schema_migrations (set_name, number, name, checksum)
        VALUES ($1, $2, $3, sha256(convert_to($4, 'UTF8')))
        """, set.name, Int32(clamping: migration.number), migration.name, migration.sql)
    } catch {
      throw error.prefixed("migration \(set.title(of: migration)) of schema \(schema)")
    }
  }

  private static func refusal(_ message: String) -> PostgresError {
    PostgresError(.migrationRefused, message)
  }
}

extension MigrationSet {
  fileprivate func title(of migration: Migration) -> String {
    "\(name)/\(migration.number) \(migration.name)"
  }
}
