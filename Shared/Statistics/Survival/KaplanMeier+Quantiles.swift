/// A time by which a share of the spells has ended, with its 95% interval.
package struct SurvivalQuantile: Hashable, Sendable {
  /// The share of spells that end by then: 0.5 for the median.
  package var share: Double
  /// Nil, with `lack`, when the curve does not fall that far.
  package var value: Double?
  /// Nil when nothing can be said: the band does not fall that far.
  package var low: Double?
  package var high: Double?
  /// Why `value` is missing.
  package var lack: Lack?
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
      answer.low = firstLow(atMost: mark)
      return answer
    }
    if let emptiedAt, times[crossing] >= emptiedAt {
      answer.lack = .riskSetEmptied
      return answer
    }
    answer.value = times[crossing]
    answer.low = firstLow(atMost: mark) ?? times[crossing]
    answer.high = highStaying(atMost: mark, from: crossing)
    return answer
  }

  private func firstLow(atMost mark: Double) -> Double? {
    times.indices.first { ended[$0] > 0 && estimate($0).low <= mark }.map { times[$0] }
  }

  private func highStaying(atMost mark: Double, from crossing: Int) -> Double? {
    var found: Double?
    for step in times.indices[crossing...].reversed() where ended[step] > 0 {
      guard estimate(step).high <= mark else { break }
      found = times[step]
    }
    return found
  }
}
