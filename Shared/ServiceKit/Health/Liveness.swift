import Synchronization

/// Watchdogs of the process: one that fails asks the orchestrator to start the process again.
package final class Liveness: Sendable {
  private let checks = Mutex<[(name: String, check: @Sendable () -> CheckResult)]>([])

  package init() {}

  /// - Parameter check: must return at once; called from any thread.
  package func register(_ name: String, _ check: @escaping @Sendable () -> CheckResult) {
    checks.withLock { $0.append((name, check)) }
  }

  package func report() -> HealthReport {
    HealthReport(checks: checks.withLock { $0 }.map { .init(name: $0.name, result: $0.check()) })
  }
}
