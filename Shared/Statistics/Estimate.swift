/// A figure with its two-sided 95% confidence interval, in the unit of the figure. All three are
/// finite and `low <= value <= high`.
package struct Estimate: Hashable, Sendable {
  package var value: Double
  package var low: Double
  package var high: Double

  package init(value: Double, low: Double, high: Double) {
    self.value = value
    self.low = low
    self.high = high
  }

  /// Which side of a fixed mark, such as a dwell benchmark, the figure lies on.
  package func verdict(against mark: Double) -> Verdict {
    Verdict(low: low, high: high, mark: mark)
  }
}

/// Why there is no figure.
package enum Lack: String, Error, Hashable, Sendable, CaseIterable {
  /// Nothing to work on: no spells, no deals, or none with usable numbers.
  case noData
  /// Fewer than the method needs.
  case tooFew
  /// Every spell is still open: nothing has ended.
  case noneEnded
  /// The curve has not fallen, or the interval's limit lies, beyond what has been observed.
  case notReached
  /// The day asked for lies after the last day at which anything was observed.
  case notObserved
  /// Everything that was under observation ended before other spells came under observation, so that
  /// the curve falls to zero for want of data.
  case riskSetEmptied
  /// All values are the same, so that they cannot be told apart.
  case allEqual
}

/// What an interval says of a difference, or of a figure beside a fixed mark.
package enum Verdict: String, Hashable, Sendable {
  /// The whole interval lies above the mark.
  case higher
  /// The whole interval lies below the mark.
  case lower
  /// The interval holds the mark: the data can't tell.
  case cannotTell

  /// - Parameters:
  ///   - low: nil when the interval has no lower limit.
  ///   - high: nil when it has no upper limit.
  package init(low: Double?, high: Double?, mark: Double = 0) {
    if let low, low > mark {
      self = .higher
    } else if let high, high < mark {
      self = .lower
    } else {
      self = .cannotTell
    }
  }
}
