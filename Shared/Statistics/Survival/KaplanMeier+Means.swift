/// A mean up to a horizon.
package struct RestrictedMean: Hashable, Sendable {
  /// In the unit of the durations.
  package var mean: Estimate
  /// Of `mean.value`; 0 when every spell has the same length.
  package var standardError: Double
  /// What the mean reaches to: what was asked for, or the last time observed when that is earlier.
  package var horizon: Double
}

extension KaplanMeier {
  /// The mean of min(T, τ): the area under S up to the horizon τ. It says how long spells last without
  /// guessing what lies beyond the observation.
  ///
  /// The variance is ∑ A(tᵢ)² dᵢ/(nᵢ(nᵢ−dᵢ)) with A(t) the area from t to τ (Klein and Moeschberger
  /// 2003, 4.5.2); the interval is normal, cut to what is possible.
  ///
  /// - Parameter horizon: nil takes the last time observed. A horizon beyond it is cut to it unless
  ///   S is 0 there.
  package func restrictedMean(upTo horizon: Double? = nil) -> Result<RestrictedMean, Lack> {
    area(from: 0, to: horizon)
  }

  /// The mean of what lies over a mark, max(0, min(T, τ) − mark): the area under S from the mark
  /// to the horizon. With a stage's benchmark as the mark it is the excess dwell of a visit.
  package func meanExcess(
    over mark: Double, upTo horizon: Double? = nil
  ) -> Result<RestrictedMean, Lack> {
    area(from: max(0, mark), to: horizon)
  }

  /// The mean of the spells that ended, as it is often reported. It leaves out those that last
  /// longest, the open ones, and so falls short; it is there to be compared with.
  package var naiveMeanOfEnded: Double? {
    guard totalEnded > 0 else { return nil }
    // Weights first, so that sums of large durations stay in range.
    return times.indices.reduce(0) {
      $0 + times[$1] * (Double(ended[$1]) / Double(totalEnded))
    }
  }

  private func area(from start: Double, to asked: Double?) -> Result<RestrictedMean, Lack> {
    guard let last = times.last else { return .failure(.noData) }
    guard emptiedAt == nil else { return .failure(.riskSetEmptied) }
    let horizon: Double
    if survival[survival.count - 1] == 0 {
      horizon = asked.flatMap { $0.isFinite ? $0 : nil } ?? max(last, start)
    } else {
      horizon = min(asked ?? last, last)
    }
    guard horizon >= start else {
      guard let asked, asked <= start else { return .failure(.notObserved) }
      return .success(.zero(horizon: max(0, asked)))
    }
    // Backwards, so that the area from each time to the horizon is at hand.
    var area = 0.0
    var variance = 0.0
    var end = horizon
    for step in times.indices.reversed() where times[step] < horizon {
      area += survival[step] * (end - max(times[step], start))
      end = max(times[step], start)
      if survival[step] > 0 {
        let left = Double(atRisk[step] - ended[step])
        variance += area * area * Double(ended[step]) / (Double(atRisk[step]) * left)
      }
    }
    // The parts may add up to a little more than the whole.
    area = min(area + end - start, horizon - start)
    let error = variance.squareRoot()
    let mean = Estimate(
      value: area, low: max(0, area - Normal.z95 * error),
      high: min(horizon - start, area + Normal.z95 * error))
    return .success(RestrictedMean(mean: mean, standardError: error, horizon: horizon))
  }
}

extension RestrictedMean {
  fileprivate static func zero(horizon: Double) -> RestrictedMean {
    RestrictedMean(
      mean: Estimate(value: 0, low: 0, high: 0), standardError: 0, horizon: horizon)
  }
}
