import Foundation
package import Logging
package import ServiceLifecycle
import Synchronization
import UnixSignals

/// Runs services until SIGTERM or SIGINT, or until one of them ends or fails.
///
/// Services start in the order given and shut down in reverse: put what others depend on first.
/// After 9 s of draining what is left is cancelled, and 0.8 s later the process ends regardless.
/// A second signal ends the process at once.
///
/// - Parameter readiness: turns red as soon as shutdown begins.
package func runService(
  logger: Logger, services: [any Service], readiness: Readiness? = nil
) async throws {
  let stop = HardStop(after: 9.8, logger: logger)
  defer { stop.disarm() }
  let drain = readiness.map { [DrainAnnouncement(readiness: $0) as any Service] } ?? []
  var configuration = ServiceGroupConfiguration(
    services: services.map { WatchedService(service: $0, stop: stop, logger: logger) } + drain,
    logger: logger)
  for index in configuration.services.indices {
    configuration.services[index].successTerminationBehavior = .gracefullyShutdownGroup
    configuration.services[index].failureTerminationBehavior = .gracefullyShutdownGroup
  }
  configuration.maximumGracefulShutdownDuration = .seconds(9)
  let group = ServiceGroup(configuration: configuration)

  let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
  let watch = Task {
    var received = 0
    for await signal in signals {
      received += 1
      if received > 1 { _exit(128 + signal.rawValue) }
      logger.info("shutting down", metadata: ["signal": "\(signal)"])
      stop.arm()
      await group.triggerGracefulShutdown()
    }
  }
  defer { watch.cancel() }
  try await group.run()
}

/// Says which service ended a process, and sees to it that the others cannot keep it alive.
private struct WatchedService: Service, CustomStringConvertible {
  let service: any Service
  let stop: HardStop
  let logger: Logger

  var description: String { "\(type(of: service))" }

  func run() async throws {
    do {
      try await service.run()
      stop.arm()
    } catch {
      stop.arm()
      if !(error is CancellationError) {
        logger.error("a service failed", error: error, metadata: ["failed": "\(description)"])
      }
      throw error
    }
  }
}

/// The last service to start is the first to be told of shutdown.
private struct DrainAnnouncement: Service {
  let readiness: Readiness

  func run() async throws {
    try? await gracefulShutdown()
    readiness.beginDraining()
  }
}

/// Ends the process when shutdown takes too long, even with all threads of the pool blocked.
private final class HardStop: Sendable {
  private let limit: Double
  private let logger: Logger
  private let state = Mutex((isArmed: false, isDisarmed: false))

  init(after limit: Double, logger: Logger) {
    self.limit = limit
    self.logger = logger
  }

  func arm() {
    let isFirst = state.withLock { state in
      defer { state.isArmed = true }
      return !state.isArmed
    }
    guard isFirst else { return }
    DispatchQueue.global().asyncAfter(deadline: .now() + limit) {
      if self.state.withLock({ $0.isDisarmed }) { return }
      self.logger.critical("shutdown took too long")
      _exit(3)
    }
  }

  func disarm() { state.withLock { $0.isDisarmed = true } }
}
