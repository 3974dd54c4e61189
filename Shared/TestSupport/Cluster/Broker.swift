import Contracts
import Foundation
import Glibc
package import LocalServers
package import Logging

/// A Kafka for one cluster: a real one where `KAFKA_HOME` names an installation, else the embedded.
package enum Broker: Sendable {
  case real(PrivateKafka)
  case embedded(EmbeddedKafkaProcess)

  package static var home: String? {
    ProcessInfo.processInfo.environment["KAFKA_HOME"].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// A real one has no topics yet.
  package static func start(topicPrefix: String, logPath: String) async throws -> Broker {
    if let home {
      return .real(
        try await PrivateKafka.start(KafkaInstallation(home: home), logger: quietLogger))
    }
    return .embedded(
      try await EmbeddedKafkaProcess(
        executable: Executables.path("embedded-kafka"),
        topics: Topic.all.map { $0.name(prefix: topicPrefix) }, partitions: 4, logPath: logPath))
  }

  package var bootstrapServers: String {
    switch self {
    case .real(let broker): broker.bootstrapServers
    case .embedded(let broker): broker.bootstrapServers
    }
  }

  /// As short a session as the broker allows, so that it does not take long until it misses a dead
  /// member.
  package var clientSettings: [String: String] {
    switch self {
    case .real: ["session.timeout.ms": "6000", "heartbeat.interval.ms": "1000"]
    case .embedded(let broker): broker.clientSettings
    }
  }

  /// Cuts it off from its clients, as a network failure or a machine that hangs does.
  package func setReachable(_ isReachable: Bool) {
    switch self {
    case .real(let broker): kill(broker.processID, isReachable ? SIGCONT : SIGSTOP)
    case .embedded(let broker): broker.setReachable(isReachable)
    }
  }

  package func stop() async {
    switch self {
    case .real(let broker): await broker.stop()
    case .embedded(let broker): await broker.stop()
    }
  }
}

/// The servers have logs of their own.
package let quietLogger = Logger(label: "end-to-end") { _ in SwiftLogNoOpLogHandler() }
