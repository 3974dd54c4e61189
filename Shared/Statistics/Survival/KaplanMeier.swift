import Glibc

/// How long spells last, with those that are still open as right-censored: the product-limit estimator
///
///     S(t) = ∏ (1 − dᵢ/nᵢ) over the times tᵢ <= t
///
/// with dᵢ ended and nᵢ at risk (Kaplan and Meier 1958). Its variance is Greenwood's (1926),
/// S² ∑ dᵢ/(nᵢ(nᵢ−dᵢ)); the intervals are Kalbfleisch and Prentice's (1980) on the log(−log S) scale,
/// S^exp(±z·σ/log S) with σ² the sum in Greenwood's formula, as lifelines' `KaplanMeierFitter`
/// computes them: where S is 1 or 0 both limits equal S.
///
/// Every number is finite. Without spells the arrays are empty.
package struct KaplanMeier: Sendable {
  let table: RiskTable
  /// Right after each time.
  package private(set) var survival: [Double] = []
  /// log S and the sum in Greenwood's formula, right after each time. They stay what they were once
  /// S is 0.
  private(set) var logSurvival: [Double] = []
  private(set) var varianceSums: [Double] = []
  /// The first time at which everything at risk ended although other spells come under observation
  /// after it; nil when that does not happen. From there on S is 0 for want of data.
  package private(set) var emptiedAt: Double?

  /// The distinct times at which spells ended or were last seen open, ascending.
  package var times: [Double] { table.times }
  /// At risk just before each time.
  package var atRisk: [Int] { table.atRisk }
  /// How many ended at each time.
  package var ended: [Int] { table.ended }
  /// All usable spells, those that ended, and those that were still open.
  package var total: Int { table.total }
  package var totalEnded: Int { table.totalEnded }
  package var totalOpen: Int { table.totalCensored }
  /// Spells in rows that were left out: a negative or infinite duration, or an entry not before it.
  package var unusable: Int { table.unusable }

  /// - Parameter spells: in any order; sorted by duration they cost the least.
  package init(_ spells: [Spell]) {
    let table = RiskTable(spells)
    self.table = table
    let steps = table.times.count
    survival.reserveCapacity(steps)
    logSurvival.reserveCapacity(steps)
    varianceSums.reserveCapacity(steps)
    var current = 1.0
    var log = 0.0
    var sum = 0.0
    for step in 0..<steps {
      let ended = Double(table.ended[step])
      let atRisk = Double(table.atRisk[step])
      if ended > 0, current > 0 {
        if ended < atRisk {
          current *= (atRisk - ended) / atRisk
          log += log1p(-ended / atRisk)
          sum += ended / (atRisk * (atRisk - ended))
        } else {
          current = 0
          if step < steps - 1 { emptiedAt = table.times[step] }
        }
      }
      survival.append(current)
      logSurvival.append(log)
      varianceSums.append(sum)
    }
  }

  /// The share of spells that last longer than `time`, with its interval.
  ///
  /// Fails with `noData`, with `notObserved` beyond the last time (unless S is 0 there), or with
  /// `riskSetEmptied`.
  package func survival(at time: Double) -> Result<Estimate, Lack> {
    guard let last = times.last else { return .failure(.noData) }
    if let emptiedAt, time >= emptiedAt { return .failure(.riskSetEmptied) }
    guard time <= last || survival[survival.count - 1] == 0 else {
      return .failure(.notObserved)
    }
    guard let step = table.index(at: time) else {
      return .success(Estimate(value: 1, low: 1, high: 1))
    }
    return .success(estimate(step))
  }

  /// How many spells were at risk at a time: under observation before it and not gone before it.
  package func atRisk(at time: Double) -> Int { table.atRisk(at: time) }

  /// S and its interval right after the time with this index.
  package func estimate(_ step: Int) -> Estimate {
    let value = survival[step]
    guard value > 0, varianceSums[step] > 0 else {
      return Estimate(value: value, low: value, high: value)
    }
    let log = logSurvival[step]
    let spread = Self.spread(log, varianceSums[step])
    return Estimate(value: value, low: exp(log * spread), high: exp(log / spread))
  }

  /// What log S is multiplied with and divided by for the limits.
  static func spread(_ log: Double, _ varianceSum: Double) -> Double {
    exp(Normal.z95 * varianceSum.squareRoot() / -log)
  }

  /// A step of the curve as it is drawn.
  package struct Point: Hashable, Sendable {
    package var time: Double
    package var survival: Estimate
    /// Just before the time.
    package var atRisk: Int
  }

  /// The curve from time 0 to the last time: where spells ended, and the last time in any case.
  ///
  /// - Parameter limit: when there are more, this many of them, evenly spread; at least 3.
  package func points(limit: Int = 200) -> [Point] {
    let steps = table.steps(limit: limit)
    guard let first = steps.first else { return [] }
    var points: [Point] = []
    if times[first] > 0 {
      points.append(
        Point(
          time: 0, survival: Estimate(value: 1, low: 1, high: 1), atRisk: atRisk(at: 0)))
    }
    for step in steps {
      points.append(Point(time: times[step], survival: estimate(step), atRisk: atRisk[step]))
    }
    return points
  }
}
