import Contracts
import Foundation
import LocalServers
import Postgres
import TestSupport

extension Cluster {
  /// PostgreSQL as durable as in earnest, with the memory that such a machine has for it.
  private static let postgresSettings = [
    "max_connections": "100", "shared_buffers": "512MB", "max_wal_size": "4GB",
    "checkpoint_timeout": "15min", "synchronous_commit": "on",
  ]

  /// Lends an installation for one figure and ends it afterwards.
  ///
  /// - Parameter services: those to start; others may be added later.
  static func lend<Value>(
    _ services: [ServiceKind], settings: [String: String] = [:],
    _ body: (Cluster) async throws -> Value
  ) async throws -> Value {
    func count(_ kind: ServiceKind) -> Int { services.count { $0 == kind } }
    var layout = Cluster.Layout(
      stageServices: count(.stageService), forecastings: count(.forecasting),
      activityIngests: count(.activityIngest), notifiers: count(.notifier), ownsPostgres: true)
    layout.postgresSettings = postgresSettings
    if Statements.areWanted { layout.postgresSettings.merge(Statements.settings) { $1 } }
    // What one token may ask for is not what is measured.
    layout.serviceSettings = ["SLUICE_RATE_LIMIT": "0"].merging(settings) { $1 }
    let cluster = try await Cluster(layout)
    do {
      if Statements.areWanted { try await cluster.postgres.run(sql: Statements.setUp) }
      try await cluster.start()
      let value = try await body(cluster)
      if Statements.areWanted { try await Statements.note(of: cluster) }
      await cluster.stop()
      try FileManager.default.removeItem(atPath: cluster.directory)
      return value
    } catch {
      await cluster.stop()
      announce("the logs are in \(cluster.directory)")
      throw error
    }
  }

  /// PostgreSQL, the broker and the services that run now, to be measured from here on.
  func meter() throws -> UsageMeter {
    var processes = ["postgres": postgres.processID]
    if case .real(let kafka) = broker { processes["kafka"] = kafka.processID }
    for replica in replicas { processes[replica.name] = try replica.processID }
    processes["bench"] = getpid()
    return UsageMeter(processes)
  }

  /// The schema of a service is made by its first start.
  func makeSchema(of kind: ServiceKind) async throws {
    let replica = try await add(kind)
    try await replica.waitUntilReady()
    _ = try await replica.terminate()
    remove(replica)
  }

  func schema(of kind: ServiceKind) -> String {
    schemaPrefix + kind.rawValue.replacing("-", with: "_")
  }

  /// Offsets that a service has stored for a topic, summed over the partitions.
  func consumed(_ topic: Topic, from pool: PostgresPool) async throws -> Int {
    let row = try await pool.query(
      "SELECT coalesce(sum(next_offset), 0)::bigint FROM consumer_offsets WHERE topic = $1",
      self.topic(topic))[0]
    return try row.decode(0)
  }
}

extension UsageMeter {
  func usage() -> Usage {
    usage(
      memoryOf: Set(
        ServiceKind.allCases.flatMap { kind in (1...4).map { "\(kind.rawValue)-\($0)" } }))
  }
}
