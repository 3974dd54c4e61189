package import Contracts
import Kafka
import LocalServers
package import Postgres

extension Cluster {
  /// Returns when every replica has partitions, so that a fault meets them at work.
  package func waitUntilAssigned() async throws {
    for replica in replicas {
      try await eventually("\(replica.name) has partitions") {
        replica.logLines(with: "partitions assigned") > 0
      }
    }
  }

  /// Returns when a service has stored, for every partition of a topic, the offset at its end.
  package func waitUntilConsumed(_ topic: Topic, by kind: ServiceKind) async throws {
    let name = self.topic(topic)
    let marks = try await watermarks(of: topic)
    try await withDatabase(of: kind) { pool in
      try await eventually(within: .seconds(60), "\(kind.rawValue) has read all of \(name)") {
        let rows = try await pool.query(
          "SELECT partition, max(next_offset) FROM consumer_offsets WHERE topic = $1 GROUP BY 1",
          name)
        let stored = try rows.reduce(into: [Int32: Int64]()) { stored, row in
          stored[try row.decode(0, as: Int32.self)] = try row.decode(1, as: Int64.self)
        }
        return marks.allSatisfy { stored[$0.key.partition] ?? 0 >= $0.value.high }
      }
    }
  }

  /// Lends connections with a service's schema as their search path.
  package func withDatabase<Value>(
    of kind: ServiceKind, _ body: (PostgresPool) async throws -> Value
  ) async throws -> Value {
    let schema = schemaPrefix + kind.rawValue.replacing("-", with: "_")
    let pool = PostgresPool(
      try PostgresConfiguration(
        url: postgres.url, applicationName: "end-to-end", searchPath: schema),
      size: 1, logger: quietLogger)
    do {
      let value = try await body(pool)
      await pool.close()
      return value
    } catch {
      await pool.close()
      throw error
    }
  }
}
