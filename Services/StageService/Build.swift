import Contracts
import Hummingbird
import Logging
import Messaging
import Postgres
import ServiceKit
import ServiceLifecycle
import ServiceWiring

/// The parts of the process, wired.
struct StageServiceApplication: Sendable {
  /// In the order in which they start; what others depend on comes first.
  let services: [any Service]
  let readiness: Readiness
}

/// Everything between the configuration and the running process. Waits for the database, whose
/// schema it brings up to date.
///
/// - Parameter onServing: gets the address of the API with the port that was really taken.
func buildStageService(
  _ configuration: ServiceConfiguration, registry: PrometheusRegistry, logger: Logger,
  onServing: @escaping @Sendable (ListenAddress) async -> Void = { _ in }
) async throws -> StageServiceApplication {
  let backbone = try await Backbone(
    configuration, schema: "stage_service", migrations: StageServiceMigrations.set,
    mirrorsDirectory: false, registry: registry, logger: logger
  ) { pool in
    [
      CommandHandler(
        catalog: PipelineCatalog(pool: pool), directory: DirectoryCache(pool: pool),
        recorder: try await .load(pool))
    ]
  }
  let recorder = try await Recorder.load(backbone.pool)
  let routes = StageServiceRoutes(
    pool: backbone.pool, recorder: recorder, committed: backbone.committed)
  let router = makeServiceRouter()
  routes.add(to: router, authenticator: backbone.authenticator)

  let idempotency = IdempotencyStore(pool: backbone.pool)
  let holds = HoldExpiry(
    batch: DealBatch(
      pool: backbone.pool, catalog: PipelineCatalog(pool: backbone.pool), recorder: recorder,
      directory: DirectoryCache(pool: backbone.pool), committed: backbone.committed))
  return StageServiceApplication(
    services: backbone.services(and: [
      Upkeep("expiry of idempotency keys", every: .seconds(600), logger: logger) {
        _ = try await idempotency.expire(now: .now())
      },
      Upkeep("end of holds", every: .seconds(60), logger: logger) {
        try await holds.run(at: .now())
      },
      HTTPServer(
        address: configuration.httpAddress, router: router, logger: logger,
        onServerRunning: onServing),
    ]), readiness: backbone.readiness)
}

/// The schema's history, in order.
enum StageServiceMigrations {
  static var set: MigrationSet {
    MigrationSet(
      "stage-service",
      [
        Migration(
          resource: "m0001_stage_service", bytes: PackageResources.m0001_stage_service_sql),
        Migration(
          resource: "m0002_command_events", bytes: PackageResources.m0002_command_events_sql),
        Migration(resource: "m0003_drafts", bytes: PackageResources.m0003_drafts_sql),
        Migration(resource: "m0004_deal_state", bytes: PackageResources.m0004_deal_state_sql),
        Migration(resource: "m0005_names", bytes: PackageResources.m0005_names_sql),
        Migration(resource: "m0006_directory", bytes: PackageResources.m0006_directory_sql),
      ])
  }
}
