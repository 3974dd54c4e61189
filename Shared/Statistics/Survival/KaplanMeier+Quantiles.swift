import Glibc

/// A time by which a share of the spells has ended, with its 95% interval.
package struct SurvivalQuantile: Hashable, Sendable {
  /// The share of spells that end by then: 0.5 for the median.
  package var share: Double
  /// Nil, with `lack`, when the curve does not fall that far.
  package var value: Double?
  /// Nil when nothing can be said: the band does not fall that far.
  package var low: Double?
  package var high: Double?
  /// True when `high` is where the last spell ended, and the band falls that far only because S is 0
  /// there: so few spells do not say how late it could be. lifelines gives this limit, R's survival
  /// none.
  package var isHighUncertain: Bool
  /// Why `value` is missing.
  package var lack: Lack?

  /// Which side of a fixed mark, such as a dwell benchmark, it lies on. It can lie above although its
  /// value is not reached.
  package func verdict(against mark: Double) -> Verdict {
    Verdict(low: low, high: high, mark: mark)
  }

  package init(
    share: Double, value: Double? = nil, low: Double? = nil, high: Double? = nil,
    isHighUncertain: Bool = false, lack: Lack? = nil
  ) {
    self.share = share
    self.value = value
    self.low = low
    self.high = high
    self.isHighUncertain = isHighUncertain
    self.lack = lack
  }
}

extension KaplanMeier {
  package var median: SurvivalQuantile { quantile(0.5) }
  /// The times by which a quarter, half and three quarters of the spells have ended.
  package var quartiles: [SurvivalQuantile] { [0.25, 0.5, 0.75].map(quantile) }

  /// The first time at which S is at most 1 − `share`. Its interval holds the times at which the
  /// band of S holds 1 − `share` (Brookmeyer and Crowley 1982), on the log(−log) scale as lifelines'
  /// `median_survival_times(confidence_interval_)`. Where a limit of the band is not monotone, the
  /// interval reaches from the first crossing of the lower to the last of the upper.
  ///
  /// A value that is hit exactly counts as reached: comparisons allow for rounding (5e-13).
  ///
  /// - Parameter share: between 0 and 1, both excluded.
  package func quantile(_ share: Double) -> SurvivalQuantile {
    var answer = SurvivalQuantile(share: share)
    guard total > 0, share > 0, share < 1 else {
      answer.lack = .noData
      return answer
    }
    let mark = 1 - share + 5e-13
    guard let crossing = survival.partitionPoint({ $0 <= mark }) else {
      answer.lack = totalEnded == 0 ? .noneEnded : .notReached
      answer.low = firstLow(atMost: mark).map { times[$0] }
      return answer
    }
    if let emptiedAt, times[crossing] >= emptiedAt {
      answer.lack = .riskSetEmptied
      return answer
    }
    answer.value = times[crossing]
    answer.low = times[firstLow(atMost: mark) ?? crossing]
    if let high = highStaying(atMost: mark, from: crossing) {
      answer.high = times[high]
      answer.isHighUncertain = survival[high] == 0
    }
    return answer
  }

  private func firstLow(atMost mark: Double) -> Int? {
    let logMark = log(mark)
    let (logs, sums, survival) = (logSurvival, varianceSums, survival)
    return logs.indices.first {
      survival[$0] == 0 || (sums[$0] > 0 && logs[$0] * Self.spread(logs[$0], sums[$0]) <= logMark)
    }
  }

  /// The first time from which the upper limit stays at or below the mark.
  private func highStaying(atMost mark: Double, from crossing: Int) -> Int? {
    let logMark = log(mark)
    let (logs, sums, survival) = (logSurvival, varianceSums, survival)
    let last = (crossing..<logs.count).last {
      survival[$0] > 0 && (sums[$0] == 0 || logs[$0] / Self.spread(logs[$0], sums[$0]) > logMark)
    }
    guard let last else { return crossing }
    return logs.indices[(last + 1)...].first { ended[$0] > 0 }
  }
}
