import Metrics
import ServiceKit

@main
struct ActivityIngestMain {
  static func main() async {
    await runMain(service: "activity-ingest") { configuration, logger in
      let registry = PrometheusRegistry()
      MetricsSystem.bootstrap(registry)
      let application = try await buildActivityIngest(
        configuration, registry: registry, logger: logger)
      try await runService(
        logger: logger, services: application.services, readiness: application.readiness)
    }
  }
}
