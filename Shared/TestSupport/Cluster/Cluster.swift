package import Contracts
import Foundation
package import Kafka
package import LocalServers
import Synchronization

/// A whole installation of real processes: PostgreSQL, a broker, and replicas of the services.
package final class Cluster: Sendable {
  package struct Layout: Sendable {
    package var stageServices: Int
    package var forecastings: Int
    /// None where a test is about the other services only.
    package var activityIngests: Int
    package var notifiers: Int
    /// For those of a service that are started with the cluster.
    package var failPoint: (kind: ServiceKind, text: String)?
    /// A PostgreSQL of its own, for a test that stops it.
    package var ownsPostgres: Bool
    /// Of the services, beyond what they need.
    package var serviceSettings: [String: String] = [:]
    /// Of a PostgreSQL of its own. The tests take one that forgets with a power cut.
    package var postgresSettings = Databases.settings
    /// A dead service is started again, as a supervisor does.
    package var automaticallyRestart: Bool

    package init(
      stageServices: Int = 1, forecastings: Int = 1, activityIngests: Int = 0, notifiers: Int = 0,
      failPoint: (kind: ServiceKind, text: String)? = nil, ownsPostgres: Bool = false,
      automaticallyRestart: Bool = false
    ) {
      self.stageServices = stageServices
      self.forecastings = forecastings
      self.activityIngests = activityIngests
      self.notifiers = notifiers
      self.failPoint = failPoint
      self.ownsPostgres = ownsPostgres
      self.automaticallyRestart = automaticallyRestart
    }

    /// One of each.
    package static let allServices = Layout(activityIngests: 1, notifiers: 1)
  }

  package let directory: String
  package let topicPrefix = "e2e."
  package let schemaPrefix: String
  package let postgres: PrivatePostgres
  package let broker: Broker
  package let client: APIClient
  package let keyFile: String
  private let layout: Layout
  private let members = Mutex<[Replica]>([])
  private let adminToken = Mutex("")

  /// Starts the servers and no service yet.
  package init(_ layout: Layout) async throws {
    let directory = try makeDirectory()
    self.directory = directory
    self.layout = layout
    schemaPrefix = "e2e_\(UUID().uuidString.lowercased().prefix(8))_"
    keyFile = "\(directory)/jwt.key"
    postgres =
      layout.ownsPostgres
      ? try await Databases.start(layout.postgresSettings)
      : try await Databases.shared.server()
    broker = try await Broker.start(topicPrefix: topicPrefix, logPath: "\(directory)/kafka.log")
    client = APIClient()
  }

  /// What is left to do before it can be used.
  package func start() async throws {
    try await sluice("token", "--create-key", "--key-file", keyFile).expect(.exited(0))
    let token = try await sluice("token", "--role", "admin", "--subject", "end-to-end")
    try token.expect(.exited(0))
    adminToken.withLock {
      $0 = token.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
    if case .real = broker { try await sluice("topics", "ensure").expect(.exited(0)) }
    for (kind, count) in [
      (.stageService, layout.stageServices), (ServiceKind.forecasting, layout.forecastings),
      (.activityIngest, layout.activityIngests), (.notifier, layout.notifiers),
    ] {
      let failPoint = layout.failPoint?.kind == kind ? layout.failPoint?.text : nil
      for _ in 0..<count {
        let replica = try await add(kind, failPoint: failPoint)
        if layout.automaticallyRestart { replica.restartAutomatically() }
      }
    }
    for replica in replicas { try await replica.waitUntilReady() }
  }

  package var replicas: [Replica] { members.withLock { $0 } }
  package var stageServices: [Replica] { replicas(of: .stageService) }
  package var forecastings: [Replica] { replicas(of: .forecasting) }

  package func replicas(of kind: ServiceKind) -> [Replica] { replicas.filter { $0.kind == kind } }

  /// Of an administrator.
  package var token: String { adminToken.withLock { $0 } }

  package func topic(_ topic: Topic) -> String { topic.name(prefix: topicPrefix) }

  /// Starts another replica and does not wait for it.
  package func add(_ kind: ServiceKind, failPoint: String? = nil) async throws -> Replica {
    let number = replicas.count { $0.kind == kind } + 1
    let replica = try Replica(
      kind, number: number, environment: serviceEnvironment, directory: directory,
      client: client)
    try await replica.start(failPoint: failPoint)
    members.withLock { $0.append(replica) }
    return replica
  }

  /// Forgets a replica that has ended.
  package func remove(_ replica: Replica) {
    members.withLock { $0.removeAll { $0 === replica } }
  }

  /// Ends everything; the folder stays.
  package func stop() async {
    await withTaskGroup { group in
      for replica in replicas {
        group.addTask {
          try? replica.resume()
          _ = try? await replica.terminate()
        }
      }
    }
    await broker.stop()
    if layout.ownsPostgres { await postgres.stop() }
    await client.close()
  }

  /// The settings that services and command line share.
  package var commonEnvironment: [String: String] {
    var environment = Executables.environment
    environment["KAFKA_BOOTSTRAP_SERVERS"] = broker.bootstrapServers
    environment["SLUICE_DATABASE_URL"] = postgres.url
    environment["SLUICE_JWT_KEY_FILE"] = keyFile
    environment["SLUICE_TOPIC_PREFIX"] = topicPrefix
    environment["SLUICE_SCHEMA_PREFIX"] = schemaPrefix
    return environment
  }

  /// Without the addresses, which are each replica's own.
  package var serviceEnvironment: [String: String] {
    var common = commonEnvironment
    common["SLUICE_WEBHOOK_PRIVATE_ADDRESSES"] = "allow"
    common["SLUICE_REMINDER_GRACE"] = "2"
    common.merge(layout.serviceSettings) { $1 }
    return broker.clientSettings.reduce(into: common) { environment, setting in
      let name = setting.key.uppercased().replacing(".", with: "_")
      environment["SLUICE_KAFKA_CONF_\(name)"] = setting.value
    }
  }

  package var kafkaConfiguration: KafkaConfiguration {
    KafkaConfiguration(
      bootstrapServers: broker.bootstrapServers, clientID: "end-to-end",
      overrides: broker.clientSettings)
  }
}

private func makeDirectory() throws -> String {
  let path = FileManager.default.temporaryDirectory
    .appending(path: "sluice-e2e-\(UUID().uuidString.lowercased().prefix(13))").path
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  return path
}
