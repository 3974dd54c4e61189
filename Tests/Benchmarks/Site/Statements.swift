import Foundation
import LocalServers
import Postgres
import TestSupport

/// For whoever looks where the time goes: what PostgreSQL spent on which statement.
enum Statements {
  static var areWanted: Bool {
    ProcessInfo.processInfo.environment["SLUICE_BENCH_STATEMENTS"] == "1"
  }

  static let settings = ["shared_preload_libraries": "pg_stat_statements"]
  static let setUp = "CREATE EXTENSION pg_stat_statements"

  /// The ten that took the longest.
  static func note(of cluster: Cluster) async throws {
    let pool = PostgresPool(
      try PostgresConfiguration(
        url: cluster.postgres.url, applicationName: "bench", searchPath: "public"),
      size: 1, logger: quietLogger)
    let rows = try await pool.query(
      """
      SELECT round(total_exec_time)::bigint, calls, rows, regexp_replace(left(query, 90), '\\s+', ' ', 'g')
      FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 10
      """)
    for row in rows {
      let (time, calls) = (try row.decode(0, as: Int64.self), try row.decode(1, as: Int64.self))
      let (count, text) = (try row.decode(2, as: Int64.self), try row.decode(3, as: String.self))
      announce("  \(time) ms, \(calls) calls, \(count) rows: \(text)")
    }
    await pool.close()
  }
}
