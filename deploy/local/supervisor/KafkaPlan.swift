import LocalServers

/// Which Kafka the installation runs on.
enum KafkaPlan: Equatable {
  /// A cluster that others run.
  case external(bootstrapServers: String)
  /// A broker of our own from this unpacked Apache Kafka.
  case kafkaHome(String)
  /// The broker in memory.
  case embedded

  /// The first that the environment names: `KAFKA_BOOTSTRAP_SERVERS`, `KAFKA_HOME`, else the embedded
  /// one, which a data folder (`--data`) excludes.
  static func choose(environment: [String: String], dataDirectory: String?) throws -> KafkaPlan {
    if let servers = environment["KAFKA_BOOTSTRAP_SERVERS"], !servers.isEmpty {
      return .external(bootstrapServers: servers)
    }
    if let home = environment["KAFKA_HOME"], !home.isEmpty {
      return .kafkaHome(home)
    }
    if let dataDirectory {
      throw LocalServerError(
        "--data \(dataDirectory) needs a Kafka that keeps its data. The embedded broker holds its "
          + "topics in memory: after a restart PostgreSQL would know of events that Kafka has lost. "
          + "Set KAFKA_HOME to an unpacked Apache Kafka or KAFKA_BOOTSTRAP_SERVERS to a cluster, or "
          + "leave --data out.")
    }
    return .embedded
  }

  /// Where data lives when `--data` does not say. A cluster that others run keeps its topics, so
  /// what was derived from them is kept too; our own brokers start empty, and so does PostgreSQL.
  func dataDirectory(in state: String) -> String? {
    if case .external = self { "\(state)/data" } else { nil }
  }

  var kind: String {
    switch self {
    case .external: "external"
    case .kafkaHome: "kafka-home"
    case .embedded: "embedded"
    }
  }
}
