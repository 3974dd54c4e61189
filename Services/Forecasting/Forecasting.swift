import Metrics
import ServiceKit

@main
struct ForecastingMain {
  static func main() async {
    await runMain(service: "forecasting") { @Sendable configuration, logger in
      let registry = PrometheusRegistry()
      MetricsSystem.bootstrap(registry)
      let application = try await buildForecasting(
        configuration, registry: registry, logger: logger)
      try await runService(
        logger: logger, services: application.services, readiness: application.readiness)
    }
  }
}
