/// One environment variable that the services or the command line read.
package struct ConfigurationKey: Sendable, Hashable {
  /// The name of the environment variable. A trailing `*` stands for a family of variables.
  package let name: String
  /// What holds where the variable is unset or empty; nil where nothing does.
  package let defaultValue: String?
  /// One line for the table of the README.
  package let summary: String
  /// Whether the value must never be shown.
  package let isSecret: Bool

  package init(
    _ name: String, default defaultValue: String? = nil, isSecret: Bool = false, summary: String
  ) {
    self.name = name
    self.defaultValue = defaultValue
    self.summary = summary
    self.isSecret = isSecret
  }
}

/// Every environment variable, declared once.
package enum ConfigurationKeys {
  package static let databaseURL = ConfigurationKey(
    "SLUICE_DATABASE_URL", isSecret: true,
    summary: "PostgreSQL, as postgresql://user:password@host:port/database")
  package static let databaseConnections = ConfigurationKey(
    "SLUICE_DATABASE_CONNECTIONS", default: "8",
    summary: "connections to PostgreSQL that one process keeps at most, 1 to 200")
  package static let schemaPrefix = ConfigurationKey(
    "SLUICE_SCHEMA_PREFIX", default: "",
    summary: "prefix of the schemas, so that several installations can share a database")
  package static let kafkaBootstrapServers = ConfigurationKey(
    "KAFKA_BOOTSTRAP_SERVERS", summary: "Kafka, as host:port, several separated by commas")
  package static let kafkaSettings = ConfigurationKey(
    "SLUICE_KAFKA_CONF_*", isSecret: true,
    summary: "any librdkafka setting: SLUICE_KAFKA_CONF_SASL_USERNAME sets sasl.username")
  package static let topicPrefix = ConfigurationKey(
    "SLUICE_TOPIC_PREFIX", default: "sluice.",
    summary: "prefix of the topics, so that several installations can share a cluster")
  package static let consumerWorkers = ConfigurationKey(
    "SLUICE_CONSUMER_WORKERS", default: "2",
    summary: "batches that a consumer processes at the same time, each on a connection of its own")
  package static let instanceID = ConfigurationKey(
    "SLUICE_INSTANCE_ID",
    summary: "stable name of this replica, turns on static group membership (StatefulSet only)")
  package static let jwksURL = ConfigurationKey(
    "SLUICE_JWKS_URL", summary: "where the identity provider publishes its keys, http(s)://…")
  package static let jwtKeyFile = ConfigurationKey(
    "SLUICE_JWT_KEY_FILE",
    summary: "file with a shared key, 32 bytes or more as base64url; instead of SLUICE_JWKS_URL")
  package static let issuer = ConfigurationKey(
    "SLUICE_ISSUER", default: "sluice", summary: "what the iss claim of a token must be")
  package static let audience = ConfigurationKey(
    "SLUICE_AUDIENCE", default: "sluice", summary: "what the aud claim of a token must contain")
  package static let httpAddress = ConfigurationKey(
    "SLUICE_HTTP_ADDRESS", default: "127.0.0.1:8080",
    summary: "where the API listens, as host:port; port 0 takes a free one")
  package static let adminAddress = ConfigurationKey(
    "SLUICE_ADMIN_ADDRESS", default: "127.0.0.1:8081",
    summary: "where /livez, /readyz and /metrics listen, as host:port")
  package static let rateLimit = ConfigurationKey(
    "SLUICE_RATE_LIMIT", default: "1000",
    summary: "requests per second that one token may make at one process; 0 sets no limit")
  package static let webhookPrivateAddresses = ConfigurationKey(
    "SLUICE_WEBHOOK_PRIVATE_ADDRESSES", default: "refuse",
    summary: "webhooks to private and loopback addresses: refuse or allow (notifier)")
  package static let reminderGrace = ConfigurationKey(
    "SLUICE_REMINDER_GRACE", default: "60",
    summary: "seconds that a move or an activity may take to arrive before a reminder (notifier)")
  package static let logLevel = ConfigurationKey(
    "SLUICE_LOG_LEVEL", default: "info",
    summary: "trace, debug, info, notice, warning, error or critical")

  package static let all: [ConfigurationKey] = [
    databaseURL, databaseConnections, schemaPrefix, kafkaBootstrapServers, kafkaSettings,
    topicPrefix, consumerWorkers, instanceID, jwksURL, jwtKeyFile, issuer, audience, httpAddress,
    adminAddress, rateLimit, webhookPrivateAddresses, reminderGrace, logLevel,
  ]
}
