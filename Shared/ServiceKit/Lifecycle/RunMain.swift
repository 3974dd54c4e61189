import Foundation
package import Logging

/// The `main` of a service: reads the configuration, sets up the log, runs `body` and exits with
/// 0, with 2 when the configuration is not usable, or with 3 when the service failed.
package func runMain(
  service: String, _ body: @Sendable (ServiceConfiguration, Logger) async throws -> Void
) async -> Never {
  let configuration: ServiceConfiguration
  do {
    configuration = try ServiceConfiguration(service: service)
  } catch {
    FileHandle.standardError.write(Data("\(service): \(error)\n".utf8))
    exit(2)
  }
  // Whoever reads the log may go away; the service must not.
  signal(SIGPIPE, SIG_IGN)
  JSONLogging.bootstrap(service: service, level: configuration.logLevel)
  let logger = Logger(label: service)
  for variable in configuration.unknownVariables {
    logger.warning("nothing reads this variable", metadata: ["variable": "\(variable)"])
  }
  do {
    try await body(configuration, logger)
    logger.info("stopped")
    exit(0)
  } catch {
    logger.critical("\(service) failed", error: error)
    exit(3)
  }
}
