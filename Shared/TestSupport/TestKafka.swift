import Foundation
package import Kafka
import Logging
import Synchronization

/// Kafka for tests: the cluster that `KAFKA_BOOTSTRAP_SERVERS` names, or else one embedded broker
/// shared by the test process. Every test makes topics of its own, so tests run side by side.
package enum TestKafka {
  private static let shared = Mutex<EmbeddedBroker?>(nil)

  /// Whether the tests run against a cluster from outside.
  package static var isExternal: Bool { externalServers != nil }

  /// The shared embedded broker, started when first asked for. A test that makes it unreachable
  /// starts an `EmbeddedBroker` of its own instead.
  package static func broker() async throws -> EmbeddedBroker {
    try shared.withLock { shared in
      if let broker = shared { return broker }
      let broker = try EmbeddedBroker(topics: [:])
      shared = broker
      return broker
    }
  }

  package static func bootstrapServers() async throws -> String {
    if let externalServers { return externalServers }
    return try await broker().bootstrapServers
  }

  /// How to reach it, with what `SLUICE_KAFKA_CONF_*` and the test ask for on top.
  package static func configuration(
    clientID: String = "test", overrides: [String: String] = [:]
  ) async throws -> KafkaConfiguration {
    var settings = isExternal ? [:] : EmbeddedBroker.clientSettings
    settings.merge(KafkaConfiguration.overrides(from: ProcessInfo.processInfo.environment)) { $1 }
    settings.merge(overrides) { $1 }
    return KafkaConfiguration(
      bootstrapServers: try await bootstrapServers(), clientID: clientID, overrides: settings)
  }

  /// A name that no other test uses, for topics and groups.
  package static func uniqueName(_ base: String) -> String {
    "\(base)-\(UUID().uuidString.lowercased().prefix(13))"
  }

  /// Makes a topic and returns its name, which begins with `base`.
  package static func uniqueTopic(_ base: String, partitions: Int = 12) async throws -> String {
    let name = uniqueName(base)
    try await createTopic(name, partitions: partitions)
    return name
  }

  /// Makes a topic of exactly this name and returns once clients can use it.
  package static func createTopic(_ name: String, partitions: Int) async throws {
    guard isExternal else {
      try await broker().createTopic(name, partitions: partitions)
      return
    }
    let admin = try KafkaAdmin(try await configuration(), logger: Logger(label: "test-kafka"))
    do {
      let specification = TopicSpecification(name: name, partitions: partitions, replication: 1)
      try await admin.createTopics([specification])[name]?.get()
      try await eventually(within: .seconds(20), "topic \(name) is in the metadata") {
        try await admin.metadata()[name]?.partitions == partitions
      }
    } catch {
      await admin.close(within: .seconds(2))
      throw error
    }
    await admin.close(within: .seconds(2))
  }

  private static var externalServers: String? {
    ProcessInfo.processInfo.environment["KAFKA_BOOTSTRAP_SERVERS"].flatMap { $0.isEmpty ? nil : $0 }
  }
}
