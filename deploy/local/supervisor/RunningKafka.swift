import LocalServers
import Logging

/// The Kafka of a running installation.
enum RunningKafka: Sendable {
  case external(bootstrapServers: String)
  case kafkaHome(PrivateKafka)
  case embedded(EmbeddedKafkaProcess)

  var bootstrapServers: String {
    switch self {
    case .external(let servers): servers
    case .kafkaHome(let broker): broker.bootstrapServers
    case .embedded(let broker): broker.bootstrapServers
    }
  }

  /// `SLUICE_KAFKA_CONF_*` for its clients.
  var clientEnvironment: [String: String] {
    guard case .embedded(let broker) = self else { return [:] }
    return Dictionary(
      uniqueKeysWithValues: broker.clientSettings.map { name, value in
        ("SLUICE_KAFKA_CONF_" + name.uppercased().replacing(".", with: "_"), value)
      })
  }

  /// The broker's process, where it is one of ours.
  var identity: ProcessIdentity? {
    switch self {
    case .external: nil
    case .kafkaHome(let broker): broker.identity
    case .embedded(let broker): broker.identity
    }
  }

  func stop() async {
    switch self {
    case .external: break
    case .kafkaHome(let broker): await broker.stop()
    case .embedded(let broker): await broker.stop()
    }
  }
}
