import Synchronization

/// Whether the process can serve now: checks of what it depends on.
///
/// Checks run concurrently and with a time limit, and a report holds for a moment, so that
/// frequent probes put no load on the dependencies.
package final class Readiness: Sendable {
  package typealias Check = @Sendable () async -> CheckResult

  private struct State {
    var checks: [HealthCheckRunner] = []
    var isDraining = false
    var cached: (report: HealthReport, at: ContinuousClock.Instant)?
    var evaluation: Task<HealthReport, Never>?
  }

  private let state = Mutex(State())
  private let timeout: Duration
  private let holds: Duration

  /// - Parameters:
  ///   - timeout: a check that takes longer fails.
  ///   - holds: for how long a report is given out again.
  package init(timeout: Duration = .seconds(2), holds: Duration = .seconds(1)) {
    self.timeout = timeout
    self.holds = holds
  }

  package func register(_ name: String, _ check: @escaping Check) {
    let runner = HealthCheckRunner(name: name, timeout: timeout, check: check)
    state.withLock {
      $0.checks.append(runner)
      $0.cached = nil
    }
  }

  /// From now on the process is not ready: it is shutting down.
  package func beginDraining() { state.withLock { $0.isDraining = true } }

  package func report() async -> HealthReport {
    let task = state.withLock { state -> Task<HealthReport, Never> in
      if let cached = state.cached, .now - cached.at < holds {
        return Task { cached.report }
      }
      if let running = state.evaluation { return running }
      let checks = state.checks
      let task = Task { await self.evaluate(checks) }
      state.evaluation = task
      return task
    }
    let report = await task.value
    guard state.withLock({ $0.isDraining }) else { return report }
    let draining = HealthReport.Check(name: "draining", result: .failing("shutting down"))
    return HealthReport(checks: report.checks + [draining])
  }

  private func evaluate(_ checks: [HealthCheckRunner]) async -> HealthReport {
    let results = await withTaskGroup(of: (Int, HealthReport.Check).self) { group in
      for (index, check) in checks.enumerated() {
        group.addTask { (index, .init(name: check.name, result: await check.run())) }
      }
      var results: [(Int, HealthReport.Check)] = []
      for await result in group { results.append(result) }
      return results.sorted { $0.0 < $1.0 }.map(\.1)
    }
    let report = HealthReport(checks: results)
    state.withLock {
      // A check that was registered meanwhile is not in this report.
      $0.cached = $0.checks.count == checks.count ? (report, .now) : nil
      $0.evaluation = nil
    }
    return report
  }
}
