import Contracts

/// One look at the groups, or why there was none.
struct LagTick: Sendable {
  var at: Instant
  /// The newest that is known: of this look, or after a failure of an earlier one.
  var report: LagReport?
  var reportAt: Instant?
  var trends: [String: LagTrend] = [:]
  /// Why this look failed.
  var failure: String?
}

/// Where ticks are shown.
protocol LagView: Sendable {
  func show(_ tick: LagTick)
  /// Leaves the terminal as it was found; called once, at the end.
  func end()
}

/// Looks at regular times, whatever goes wrong.
struct LagWatch: Sendable {
  let interval: Duration
  let sample: @Sendable () async throws -> LagReport
  var now: @Sendable () -> Instant = { .now() }

  /// - Parameter looks: how many; without end when nil.
  func run(showing view: any LagView, looks: Int? = nil) async {
    let clock = ContinuousClock()
    var history = LagHistory()
    var last: (report: LagReport, at: Instant)?
    var next = clock.now
    var count = 0
    while !Task.isCancelled {
      var tick = LagTick(at: now())
      do {
        let report = try await sample()
        tick.at = now()
        history.add(report, at: tick.at)
        last = (report, tick.at)
      } catch {
        tick.failure =
          (error as? any OperatorError)?.explanation ?? OperatorFailure.describe(error)
      }
      tick.report = last?.report
      tick.reportAt = last?.at
      for group in last?.report.groups ?? [] {
        tick.trends[group.group] = history.trend(of: group.group)
      }
      view.show(tick)
      count += 1
      if count == looks { return }
      // A look that took longer than the interval is followed by the next at once, not by several.
      next = max(next + interval, clock.now)
      try? await clock.sleep(until: next)
    }
  }
}
