import Kafka
import Logging
import Postgres

extension OperatorContext {
  /// Of the libraries. Nearly silent, as what matters to a command is thrown.
  var logger: Logger {
    var logger = Logger(label: "sluice") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .critical
    return logger
  }

  /// The broker, with every `SLUICE_KAFKA_CONF_*` setting.
  func kafkaConfiguration() throws -> KafkaConfiguration {
    KafkaConfiguration(
      bootstrapServers: try bootstrapServers, clientID: "sluice", overrides: kafkaSettings)
  }

  /// The database, with the schema of the given service (`stage_service`, `forecasting`) as the
  /// search path.
  func postgresConfiguration(schema: String) throws -> PostgresConfiguration {
    try PostgresConfiguration(
      url: try databaseURL, applicationName: "sluice", searchPath: try schemaPrefix + schema)
  }
}
