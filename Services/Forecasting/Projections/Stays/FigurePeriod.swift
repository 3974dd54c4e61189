import Contracts

/// The period that a figure tells of: from its first instant up to, but without, its last.
struct FigurePeriod: Encodable, Equatable, Sendable {
  var from: Instant
  var to: Instant
}

extension FunnelQuestion {
  /// The period that is asked for, as far as `asOf` reaches; the last 90 days before its end where no
  /// `from` is given.
  func period(now: Instant, days: Double = 90) -> FigurePeriod {
    let end = Instant(microseconds: (asOf ?? now).microseconds + 1)
    let to = min(to ?? end, end)
    return FigurePeriod(from: min(from ?? to.adding(days: -days), to), to: to)
  }
}
