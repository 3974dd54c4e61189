import Foundation
package import Logging

#if canImport(Glibc)
  import Glibc
#endif

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
  limitArenas()
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

/// glibc gives threads that allocate up to eight arenas for each processor, and what is free in one is
/// of no use to the others. Batches go from thread to thread, so that every arena would grow to the
/// largest batch. An installation may say otherwise with glibc's own MALLOC_ARENA_MAX.
private func limitArenas() {
  #if canImport(Glibc)
    guard getenv("MALLOC_ARENA_MAX") == nil else { return }
    // malloc.h is no part of the module Glibc: M_ARENA_MAX is -8 there.
    typealias Option = @convention(c) (Int32, Int32) -> Int32
    guard let mallopt = dlsym(nil, "mallopt") else { return }
    _ = unsafeBitCast(mallopt, to: Option.self)(-8, 2)
  #endif
}
