import Hummingbird
import Logging
import Messaging
import Postgres
import ServiceKit
import ServiceLifecycle
import ServiceWiring

/// The parts of the process, wired.
struct ActivityIngestApplication: Sendable {
  /// In the order in which they start; what others depend on comes first.
  let services: [any Service]
  let readiness: Readiness
}

/// Everything between the configuration and the running process. Waits for the database, whose
/// schema it brings up to date.
///
/// - Parameter onServing: gets the address of the API with the port that was really taken.
func buildActivityIngest(
  _ configuration: ServiceConfiguration, registry: PrometheusRegistry, logger: Logger,
  onServing: @escaping @Sendable (ListenAddress) async -> Void = { _ in }
) async throws -> ActivityIngestApplication {
  IngestMetrics.describe(in: registry)
  let pipelines = PipelineVersions()
  var rules: RuleStore?
  let backbone = try await Backbone(
    configuration, schema: "activity_ingest", migrations: ActivityIngestMigrations.set,
    registry: registry, logger: logger
  ) { pool in
    let store = RuleStore(pool: pool)
    // What takes a moment is done before the first transaction needs it.
    _ = try await store.current()
    rules = store
    return activityIngestHandlers(Settlement(rules: store, pipelines: pipelines))
  }
  let pool = backbone.pool
  let settlement = Settlement(rules: rules ?? RuleStore(pool: pool), pipelines: pipelines)
  let router = makeServiceRouter()
  ActivityIngestRoutes(
    pool: pool, settlement: settlement, directory: DirectoryCache(pool: pool),
    committed: backbone.committed
  ).add(to: router, authenticator: backbone.authenticator)
  return ActivityIngestApplication(
    services: backbone.services(and: [
      // So that a batch finds changed rules ready instead of building them in its transaction.
      Upkeep("reading of changed rules", every: .seconds(1), logger: logger) {
        _ = try await settlement.rules.current()
      },
      Upkeep("measuring of proposals", every: .seconds(15), logger: logger) {
        try await IngestMetrics.measure(pool)
      },
      HTTPServer(
        address: configuration.httpAddress, router: router, logger: logger,
        onServerRunning: onServing),
    ]), readiness: backbone.readiness)
}

/// What the service consumes.
func activityIngestHandlers(_ settlement: Settlement) -> [any BatchHandler] {
  [
    ActivityHandler(settlement: settlement), DealHandler(settlement: settlement),
    PipelineHandler(settlement: settlement), ResultHandler(settlement: settlement),
  ]
}

/// The schema's history, in order.
enum ActivityIngestMigrations {
  static var set: MigrationSet {
    MigrationSet(
      "activity-ingest",
      [
        Migration(
          resource: "m0001_activity_ingest", bytes: PackageResources.m0001_activity_ingest_sql),
        Migration(resource: "m0002_rules", bytes: PackageResources.m0002_rules_sql),
      ])
  }
}
