import Contracts
import Kafka
import Logging
import Messaging
import Postgres
import ServiceKit
import ServiceLifecycle

/// The parts of the process, wired.
struct ForecastingApplication {
  /// In the order in which they start; what others depend on comes first.
  let services: [any Service]
  let readiness: Readiness
}

/// Everything between the configuration and the running process. Waits for the database, whose
/// schema it brings up to date.
///
/// - Parameter onServing: gets the address of the API with the port that was really taken.
func buildForecasting(
  _ configuration: ServiceConfiguration, registry: PrometheusRegistry, logger: Logger,
  onServing: @escaping @Sendable (ListenAddress) async -> Void = { _ in }
) async throws -> ForecastingApplication {
  let authenticator = try Authenticator(configuration.tokens, logger: logger)
  let schema = configuration.schemaPrefix + "forecasting"
  let pool = PostgresPool(
    try PostgresConfiguration(
      url: configuration.databaseURL, applicationName: configuration.service, searchPath: schema),
    size: configuration.databaseConnections, logger: logger)
  try await migrate(pool, schema: schema, logger: logger)

  let kafka = KafkaConfiguration(
    bootstrapServers: configuration.kafkaBootstrapServers, clientID: configuration.service,
    overrides: configuration.kafkaSettings)
  let producer = try KafkaProducer(kafka, logger: logger)
  let signal = WakeSignal()
  let relay = OutboxRelay(
    pool: pool, producer: producer, topicPrefix: configuration.topicPrefix, signal: signal,
    logger: logger)
  let consumer = ConsumerLoop(
    ConsumerLoop.Membership(
      kafka: kafka, group: configuration.prefixedConsumerGroup,
      instanceID: configuration.instanceID, topicPrefix: configuration.topicPrefix),
    handlers: [StageProjection(), PipelineProjection()], pool: pool, outboxSignal: signal,
    logger: logger)

  let readiness = Readiness()
  readiness.register("postgres") {
    await pool.ping(timeout: .seconds(1)) ? .ok : .failing("PostgreSQL does not answer")
  }
  readiness.register("kafka") { [status = consumer.status] in
    status.trouble.map { .failing($0) } ?? .ok
  }
  let liveness = Liveness()
  liveness.register("consumer") { [status = consumer.status] in
    status.isStalled ? .failing("a batch has been under way for too long") : .ok
  }
  let router = makeServiceRouter()
  ForecastingRoutes(
    funnels: FunnelQueries(pool: pool), timelines: TimelineQueries(pool: pool),
    freshness: { [status = consumer.status] in
      Freshness(lagSeconds: status.lag.seconds, behind: status.lag.messages)
    }, now: { .now() }
  ).add(to: router, authenticator: authenticator)

  return ForecastingApplication(
    services: [
      AtShutdown { await pool.close() },
      AtShutdown { await producer.close(within: .seconds(2)) },
      AdminServer(
        address: configuration.adminAddress, readiness: readiness, liveness: liveness,
        registry: registry, logger: logger),
      relay,
      consumer,
      HTTPServer(
        address: configuration.httpAddress, router: router, logger: logger,
        onServerRunning: onServing),
    ], readiness: readiness)
}

/// Tries until the database is there: at a common start it may come later than this process.
private func migrate(_ pool: PostgresPool, schema: String, logger: Logger) async throws {
  var backoff = Backoff()
  while true {
    do {
      return try await Migrator.migrate(
        pool, schema: schema, sets: ForecastingMigrations.all,
        logger: logger)
    } catch let error as PostgresError where error.isRetriable {
      logger.warning("waiting for the database", metadata: ["error": "\(error)"])
      try await Task.sleep(for: backoff.next())
    }
  }
}

extension ServiceConfiguration {
  /// Installations that share a cluster have groups of their own.
  fileprivate var prefixedConsumerGroup: String {
    topicPrefix == ConfigurationKeys.topicPrefix.defaultValue
      ? consumerGroup : topicPrefix + consumerGroup
  }
}

/// Gives a resource back once everything that uses it has ended.
private struct AtShutdown: Service {
  let close: @Sendable () async -> Void

  init(_ close: @escaping @Sendable () async -> Void) { self.close = close }

  func run() async throws {
    try? await gracefulShutdown()
    await close()
  }
}
