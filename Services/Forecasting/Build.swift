import Contracts
import Hummingbird
import Logging
import Messaging
import Postgres
import ServiceKit
import ServiceLifecycle
import ServiceWiring

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
  let projections: [any BatchHandler] = [StageProjection(), PipelineProjection()]
  let backbone = try await Backbone(
    configuration, schema: "forecasting", migrations: ForecastingMigrations.set,
    registry: registry, logger: logger
  ) { _ in projections }
  let pool = backbone.pool
  let router = makeServiceRouter()
  ForecastingRoutes(
    funnels: FunnelQueries(pool: pool), timelines: TimelineQueries(pool: pool),
    access: AccessControl(directory: DirectoryCache(pool: pool)),
    freshness: { [status = backbone.consumer.status] in
      Freshness(lagSeconds: status.lag.seconds, behind: status.lag.messages)
    }, now: { .now() }
  ).add(to: router, authenticator: backbone.authenticator)

  return ForecastingApplication(
    services: backbone.services(and: [
      RebuildWorker(configuration, projections: projections, pool: pool, logger: logger),
      HTTPServer(
        address: configuration.httpAddress, router: router, logger: logger,
        onServerRunning: onServing),
    ]), readiness: backbone.readiness)
}
