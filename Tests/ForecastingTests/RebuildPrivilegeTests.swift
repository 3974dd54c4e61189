import Contracts
import Foundation
import Logging
import Postgres
import TestSupport
import Testing

@testable import Forecasting

@Suite struct RebuildPrivilegeTests {
  /// The service's role owns its schema and may make no other.
  @Test(.timeLimit(.minutes(2))) func theMissingRightIsNamed() async throws {
    try await RebuildBench.with { bench in
      let role = "role_\(bench.schema)"
      let schema = "\(bench.schema)_own"
      for statement in [
        "CREATE ROLE \(role) LOGIN PASSWORD 'secret'",
        "CREATE SCHEMA \(schema) AUTHORIZATION \(role)",
      ] {
        try await bench.pool.execute(statement)
      }
      var url = try #require(URLComponents(string: bench.url))
      (url.user, url.password) = (role, "secret")
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      let pool = PostgresPool(
        try PostgresConfiguration(
          url: try #require(url.string), applicationName: "test", searchPath: schema),
        size: 2, logger: logger)
      try await Migrator.migrate(
        pool, schema: schema, sets: RebuildSchemas.sets, logger: logger)
      let id = EntityID.make(at: .now())
      try await pool.execute("INSERT INTO rebuilds (id, source) VALUES ($1, 'log')", id)
      try await RebuildWorker(pool: pool, schema: schema, log: bench.log).work()
      let row = try await pool.query("SELECT state, reason FROM rebuilds")[0]
      #expect(try row.decode(0, as: String.self) == "failed")
      #expect(try row.decode(1, as: String.self).contains("GRANT CREATE ON DATABASE"))
      await pool.close()
      for statement in ["DROP SCHEMA \(schema) CASCADE", "DROP ROLE \(role)"] {
        try await bench.pool.execute(statement)
      }
    }
  }
}
