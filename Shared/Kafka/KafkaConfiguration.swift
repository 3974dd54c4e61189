/// Where the cluster is and how to talk to it; shared by producers, consumers and admin clients.
package struct KafkaConfiguration: Sendable {
  package var bootstrapServers: String
  package var clientID: String
  /// Settings by librdkafka's names ("security.protocol"). They win over our defaults; the few that
  /// this module must keep for itself are refused when a client is made.
  package var overrides: [String: String]

  package init(bootstrapServers: String, clientID: String, overrides: [String: String] = [:]) {
    self.bootstrapServers = bootstrapServers
    self.clientID = clientID
    self.overrides = overrides
  }

  /// The overrides that an environment holds: `SLUICE_KAFKA_CONF_SECURITY_PROTOCOL=ssl` becomes
  /// `security.protocol`. (No librdkafka setting that takes text has an underscore in its name.)
  package static func overrides(from environment: [String: String]) -> [String: String] {
    let prefix = "SLUICE_KAFKA_CONF_"
    var overrides: [String: String] = [:]
    for (variable, value) in environment where variable.hasPrefix(prefix) {
      let name = variable.dropFirst(prefix.count).lowercased().replacing("_", with: ".")
      if !name.isEmpty { overrides[name] = value }
    }
    return overrides
  }
}

extension KafkaConfiguration {
  enum Role {
    case producer, consumer, admin
    case transactional(id: String)
    /// A consumer in no group that is told where a partition ends. A sample fetches little ahead.
    case reader(isSample: Bool)
  }

  /// Settings that this module's guarantees rest on, so that nobody may set them from outside.
  private static let reserved: Set<String> = [
    "enable.auto.commit", "enable.auto.offset.store", "enable.partition.eof", "group.id",
    "group.instance.id", "log.queue", "transactional.id",
  ]

  /// Everything to hand to librdkafka, ours first, then the overrides.
  func settings(for role: Role) throws(KafkaError) -> [String: String] {
    for name in overrides.keys.sorted() where Self.reserved.contains(name) {
      throw KafkaError(
        .invalidConfiguration,
        "the Kafka setting \"\(name)\" belongs to the application and can't be overridden")
    }
    var settings = Self.common
    settings["bootstrap.servers"] = bootstrapServers
    settings["client.id"] = clientID
    switch role {
    case .producer: settings.merge(Self.producer) { $1 }
    case .consumer: settings.merge(Self.consumer) { $1 }
    case .admin: break
    case .transactional(let id):
      settings.merge(Self.producer) { $1 }
      settings["transactional.id"] = id
    case .reader(let isSample):
      settings.merge(Self.consumer) { $1 }
      settings.merge(Self.reader) { $1 }
      if isSample { settings.merge(Self.sample) { $1 } }
    }
    // Aliases would survive next to our default and then the order would decide.
    let aliases = [
      "metadata.broker.list": "bootstrap.servers", "compression.codec": "compression.type",
      "request.required.acks": "acks", "queue.buffering.max.ms": "linger.ms",
    ]
    for (name, value) in overrides { settings[aliases[name] ?? name] = value }
    return settings
  }

  private static let common: [String: String] = [
    "log.queue": "true",
    "log.connection.close": "false",
    "socket.nagle.disable": "true",
    "socket.keepalive.enable": "true",
    "reconnect.backoff.ms": "100",
    "reconnect.backoff.max.ms": "1000",
    // New partitions of a topic are seen after this long.
    "topic.metadata.refresh.interval.ms": "30000",
  ]

  private static let producer: [String: String] = [
    "enable.idempotence": "true",
    "acks": "all",
    "compression.type": "lz4",
    "linger.ms": "3",
    // The partitioner of the Java clients: the same key lands on the same partition, whoever writes.
    "partitioner": "murmur2_random",
  ]

  private static let consumer: [String: String] = [
    "enable.auto.commit": "false",
    "enable.auto.offset.store": "false",
    "auto.offset.reset": "earliest",
    "isolation.level": "read_committed",
    // librdkafka before 2.3 resumes from old positions or crashes with cooperative-sticky.
    "partition.assignment.strategy": "range",
    "session.timeout.ms": "10000",
    "heartbeat.interval.ms": "3000",
    // A full prefetch queue makes the fetcher back off a whole second, so let it hold more than a
    // second of work and let the bytes be the bound.
    "queued.min.messages": "1000000",
    "queued.max.messages.kbytes": "16384",
    "fetch.error.backoff.ms": "100",
  ]

  private static let reader: [String: String] = [
    "enable.partition.eof": "true",
    // The end is told with the answer to a fetch that found nothing.
    "fetch.wait.max.ms": "10",
  ]

  private static let sample: [String: String] = [
    "queued.min.messages": "1",
    "fetch.message.max.bytes": "65536",
  ]
}

extension KafkaConfiguration {
  /// Whether a setting's value may not appear in an error or a log line.
  static func isSecret(_ name: String) -> Bool {
    let parts = [
      "password", "secret", "key", "pem", "token", "credential", "sasl.username",
      "oauthbearer.config", "principal", "keytab",
    ]
    return parts.contains { name.contains($0) }
  }

  /// Why SASL/SCRAM is going to fail, or nil. Brokers from 3.8.1 on reject the client's first
  /// message as librdkafka before 2.4 writes it.
  func scramWarning(librdkafkaVersion version: Int32) -> String? {
    let mechanism = overrides["sasl.mechanism"] ?? overrides["sasl.mechanisms"] ?? ""
    guard mechanism.uppercased().hasPrefix("SCRAM"), version < 0x0204_0000 else { return nil }
    return """
      SASL/\(mechanism) with this librdkafka (older than 2.4) is refused by Apache Kafka 3.8.1 and \
      later; install a newer librdkafka or use another mechanism
      """
  }

  var usesOAuthBearer: Bool {
    let mechanism = overrides["sasl.mechanism"] ?? overrides["sasl.mechanisms"] ?? ""
    return mechanism.uppercased() == "OAUTHBEARER"
  }
}
