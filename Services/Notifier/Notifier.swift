import Metrics
import ServiceKit

@main
struct NotifierMain {
  static func main() async {
    await runMain(service: "notifier") { configuration, logger in
      let registry = PrometheusRegistry()
      MetricsSystem.bootstrap(registry)
      let application = try await buildNotifier(
        configuration, registry: registry, logger: logger)
      try await runService(
        logger: logger, services: application.services, readiness: application.readiness)
    }
  }
}
