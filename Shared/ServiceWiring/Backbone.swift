import Contracts
import Kafka
package import Logging
package import Messaging
package import Postgres
package import ServiceKit
package import ServiceLifecycle

/// What every service stands on: its database schema, its consumer group, its outbox, its health.
package struct Backbone: Sendable {
  package let pool: PostgresPool
  package let consumer: ConsumerLoop
  /// To be woken after a commit that wrote outbox rows.
  package let committed: WakeSignal
  package let readiness: Readiness
  /// Knows people's tokens and those of service accounts, and counts the requests of each.
  package let authenticator: Authenticator
  private let foundation: [any Service]

  /// Waits for the database, brings its schema up to date, and wires the rest; nothing runs yet.
  ///
  /// - Parameters:
  ///   - schema: without the installation's prefix.
  ///   - mirrorsDirectory: false where the entries of the directory themselves are kept.
  ///   - handlers: made once the schema is there; the one of `directory.v1` is added to them.
  package init(
    _ configuration: ServiceConfiguration, schema: String, migrations: MigrationSet,
    mirrorsDirectory: Bool = true, registry: PrometheusRegistry, logger: Logger,
    handlers: (PostgresPool) async throws -> [any BatchHandler]
  ) async throws {
    registry.describeMessaging()
    let schema = configuration.schemaPrefix + schema
    pool = PostgresPool(
      try PostgresConfiguration(
        url: configuration.databaseURL, applicationName: configuration.service,
        searchPath: schema),
      size: configuration.databaseConnections, logger: logger)
    authenticator = try Backbone.authenticator(configuration, pool, registry, logger)
    try await Backbone.migrate(
      pool, schema: schema,
      sets: [MessagingMigrations.set, DirectoryMigrations.set]
        + (mirrorsDirectory ? [DirectoryMigrations.mirror] : []) + [migrations],
      logger: logger)

    let kafka = KafkaConfiguration(
      bootstrapServers: configuration.kafkaBootstrapServers, clientID: configuration.service,
      overrides: configuration.kafkaSettings)
    let producer = try KafkaProducer(kafka, logger: logger)
    let probe = BrokerProbe(try KafkaAdmin(kafka, logger: logger))
    committed = WakeSignal()
    var consuming = ConsumerLoop.Options()
    consuming.workers = configuration.consumerWorkers
    consumer = ConsumerLoop(
      ConsumerLoop.Membership(
        kafka: kafka, group: configuration.consumerGroup, instanceID: configuration.instanceID,
        topicPrefix: configuration.topicPrefix),
      handlers: try await handlers(pool) + [DirectoryHandler(mirrors: mirrorsDirectory)],
      pool: pool, outboxSignal: committed, logger: logger, options: consuming)
    readiness = Backbone.readiness(pool, probe, consumer.status)

    let liveness = Liveness()
    liveness.register("consumer") { [status = consumer.status] in
      status.isStalled ? .failing("a batch has been under way for too long") : .ok
    }
    foundation = [
      AdminServer(
        address: configuration.adminAddress, readiness: readiness, liveness: liveness,
        registry: registry, logger: logger),
      AtShutdown { [pool] in await pool.close() },
      AtShutdown { await probe.close() },
      AtShutdown { await producer.close(within: .seconds(2)) },
      OutboxRelay(
        pool: pool, producer: producer, topicPrefix: configuration.topicPrefix,
        signal: committed, logger: logger),
      consumer,
    ]
  }

  /// The services in the order in which they start; shutdown goes the other way, so that requests
  /// end first and the database is given back last.
  package func services(and own: [any Service]) -> [any Service] { foundation + own }

  private static func authenticator(
    _ configuration: ServiceConfiguration, _ pool: PostgresPool, _ registry: PrometheusRegistry,
    _ logger: Logger
  ) throws -> Authenticator {
    let search = ServiceAccountSearch(pool)
    return try Authenticator(
      configuration.tokens,
      serviceAccounts: ServiceAccountVerifier(ServiceAccountCache(lookup: search.find)),
      rateLimiter: RateLimiter(perSecond: configuration.rateLimit, metrics: registry),
      logger: logger)
  }

  private static func readiness(
    _ pool: PostgresPool, _ probe: BrokerProbe, _ status: ConsumerStatus
  ) -> Readiness {
    let readiness = Readiness()
    readiness.register("postgres") {
      await pool.ping(timeout: .seconds(1)) ? .ok : .failing("the database does not answer")
    }
    readiness.register("kafka") { await probe.check() }
    readiness.register("consumer") { status.trouble.map { .failing($0) } ?? .ok }
    return readiness
  }

  /// Tries until the database is there: at a common start it may come later than this process.
  private static func migrate(
    _ pool: PostgresPool, schema: String, sets: [MigrationSet], logger: Logger
  ) async throws {
    var backoff = Backoff()
    while true {
      do {
        return try await Migrator.migrate(pool, schema: schema, sets: sets, logger: logger)
      } catch let error as PostgresError where error.isRetriable {
        logger.warning("waiting for the database", metadata: ["error": "\(error)"])
        try await Task.sleep(for: backoff.next())
      }
    }
  }
}
