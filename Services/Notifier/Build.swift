import Contracts
import Hummingbird
import Kafka
import Logging
import Messaging
import Postgres
import ServiceKit
import ServiceLifecycle
import ServiceWiring

/// The parts of the process, wired.
struct NotifierApplication: Sendable {
  /// In the order in which they start; what others depend on comes first.
  let services: [any Service]
  let readiness: Readiness
}

/// Everything between the configuration and the running process. Waits for the database, whose
/// schema it brings up to date.
///
/// - Parameter onServing: gets the address of the API with the port that was really taken.
func buildNotifier(
  _ configuration: ServiceConfiguration, registry: PrometheusRegistry, logger: Logger,
  onServing: @escaping @Sendable (ListenAddress) async -> Void = { _ in }
) async throws -> NotifierApplication {
  NotifierMetrics.describe(in: registry)
  let backbone = try await Backbone(
    configuration, schema: "notifier", migrations: NotifierMigrations.set,
    registry: registry, logger: logger
  ) { pool in
    let directory = DirectoryCache(pool: pool)
    return [StageStream(directory: directory), NoticeStream(directory: directory)]
  }
  let pool = backbone.pool
  let directory = DirectoryCache(pool: pool)
  let now: @Sendable () -> Instant = { .now() }
  let due = WakeSignal()
  let check = AddressCheck(
    resolver: .system,
    policy: AddressPolicy(allowsPrivate: configuration.webhookPrivateAddressesAllowed))
  let limits = SendingLimits()
  let queue = DeliveryQueue(pool: pool, limits: limits)
  let log = StageLog(
    try KafkaAdmin(
      KafkaConfiguration(
        bootstrapServers: configuration.kafkaBootstrapServers, clientID: configuration.service,
        overrides: configuration.kafkaSettings), logger: logger),
    group: configuration.consumerGroup, topicPrefix: configuration.topicPrefix)
  var reminding = ReminderLoop.Options()
  reminding.grace = configuration.reminderGrace
  let router = makeServiceRouter()
  NotifierRoutes(pool: pool, directory: directory, check: check, due: due, now: now)
    .add(to: router, authenticator: backbone.authenticator)

  return NotifierApplication(
    services: backbone.services(and: [
      AtShutdown { await log.close() },
      Upkeep("expiry of deliveries", every: .seconds(600), logger: logger) {
        _ = try await Retention(pool: pool).expire(now: now())
      },
      Upkeep("measuring of deliveries", every: .seconds(5), logger: logger) {
        let backlog = try await queue.backlog(now: now())
        NotifierMetrics.backlog(depth: backlog.depth, age: backlog.age)
      },
      DeliverySender(
        queue: queue, courier: Courier(check: check, connections: limits.total), signal: due,
        now: now, logger: logger),
      ReminderLoop(
        reminders: Reminders(pool: pool, directory: directory),
        logEnd: { try await log.end(of: $0) },
        made: [backbone.committed, due], now: now, logger: logger, options: reminding),
      HTTPServer(
        address: configuration.httpAddress, router: router, logger: logger,
        onServerRunning: onServing),
    ]), readiness: backbone.readiness)
}
