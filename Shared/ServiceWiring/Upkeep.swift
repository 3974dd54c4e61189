package import Logging
import ServiceLifecycle

/// Does a piece of housekeeping now and then, until shutdown. A failure waits for the next time.
package struct Upkeep: Service {
  private let name: String
  private let interval: Duration
  private let logger: Logger
  private let work: @Sendable () async throws -> Void

  package init(
    _ name: String, every interval: Duration, logger: Logger,
    _ work: @escaping @Sendable () async throws -> Void
  ) {
    self.name = name
    self.interval = interval
    self.logger = logger
    self.work = work
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        do {
          try await work()
        } catch {
          logger.warning("\(name) failed", metadata: ["error": "\(error)"])
        }
        try? await Task.sleep(for: interval)
      }
    }
  }
}
