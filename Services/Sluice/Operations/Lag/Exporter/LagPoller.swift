import Contracts
import CoreMetrics
import Logging
import ServiceKit
import ServiceLifecycle
import Synchronization

/// Polls at regular times and keeps what a scrape finds: after a failed poll no lag at all, as an old
/// figure would look like a good one.
struct LagPoller: Service {
  private let interval: Duration
  private let poll: @Sendable () async throws -> [LagSample]
  private let board: LagBoard
  private let registry: PrometheusRegistry
  private let status = PollStatus()
  private let logger: Logger

  /// - Parameter poll: must end by itself within a bounded time.
  init(
    interval: Duration, registry: PrometheusRegistry, logger: Logger,
    poll: @escaping @Sendable () async throws -> [LagSample]
  ) {
    self.interval = interval
    self.poll = poll
    self.registry = registry
    self.logger = logger
    board = LagBoard(registry)
    setUp(0)
  }

  /// Ready while polls work; alive while they end.
  func register(readiness: Readiness, liveness: Liveness) {
    readiness.register("kafka") { status.failure.map { .failing($0) } ?? .ok }
    liveness.register("polling") {
      let limit = interval * 3 + .seconds(120)
      return ContinuousClock.now - status.endedAt < limit
        ? .ok : .failing("no poll has ended for \(limit)")
    }
  }

  func run() async throws {
    let clock = ContinuousClock()
    await cancelWhenGracefulShutdown {
      var next = clock.now
      while !Task.isCancelled {
        await pollOnce()
        next = max(next + interval, clock.now)
        try? await clock.sleep(until: next)
      }
    }
  }

  func pollOnce() async {
    let start = ContinuousClock.now
    do {
      let samples = try await poll()
      board.show(samples)
      setUp(1)
      count("ok")
      if status.end(failure: nil) { logger.info("polling works") }
    } catch {
      let reason = (error as? any OperatorError)?.explanation ?? OperatorFailure.describe(error)
      board.show([])
      setUp(0)
      count("failed")
      if status.end(failure: reason) { logger.error("polling fails: \(reason)") }
    }
    registry.makeMeter(label: "sluice_lag_exporter_poll_duration_seconds", dimensions: [])
      .set((ContinuousClock.now - start) / .seconds(1))
  }

  private func setUp(_ value: Int64) {
    registry.makeMeter(label: "sluice_lag_exporter_up", dimensions: []).set(value)
  }

  private func count(_ outcome: String) {
    registry.makeCounter(
      label: "sluice_lag_exporter_polls_total", dimensions: [("outcome", outcome)]
    ).increment(by: 1)
  }
}

/// How the last poll ended.
private final class PollStatus: Sendable {
  private struct State {
    var failure: String? = "nothing has been polled yet"
    var endedAt = ContinuousClock.now
  }

  private let state = Mutex(State())

  var failure: String? { state.withLock { $0.failure } }
  var endedAt: ContinuousClock.Instant { state.withLock { $0.endedAt } }

  /// Returns whether that is news.
  func end(failure: String?) -> Bool {
    state.withLock { state in
      defer { state = State(failure: failure) }
      return state.failure != failure
    }
  }
}
