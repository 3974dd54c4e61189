import Metrics
import ServiceKit

@main
struct StageServiceMain {
  static func main() async {
    await runMain(service: "stage-service") { configuration, logger in
      let registry = PrometheusRegistry()
      MetricsSystem.bootstrap(registry)
      let application = try await buildStageService(
        configuration, registry: registry, logger: logger)
      try await runService(
        logger: logger, services: application.services, readiness: application.readiness)
    }
  }
}
