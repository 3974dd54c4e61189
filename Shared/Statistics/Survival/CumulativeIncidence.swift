import Glibc

/// How likely each of several outcomes is by a time, with those that are still open as right-censored:
/// the Aalen–Johansen estimator for competing outcomes
///
///     F_k(t) = ∑ S(tᵢ₋₁) d_kᵢ/nᵢ over the times tᵢ <= t
///
/// with S the Kaplan–Meier estimator of lasting at all, d_kᵢ ended with outcome k and nᵢ at risk
/// (Aalen and Johansen 1978). At every time ∑ F_k = 1 − S.
///
/// The variance is Greenwood's for this estimator (Marubini and Valsecchi 1995, 10.4; Andersen et
/// al. 1993, IV.4.1), with dᵢ the ends of any outcome:
///
///     ∑ (F_k(t)−F_k(tᵢ))² dᵢ/(nᵢ(nᵢ−dᵢ)) + ∑ S(tᵢ₋₁)² d_kᵢ(nᵢ−d_kᵢ)/nᵢ³
///       − 2 ∑ (F_k(t)−F_k(tᵢ)) S(tᵢ₋₁) d_kᵢ/nᵢ²
///
/// The interval is on the log(−log F) scale: F^exp(±z·σ/(F·log F)), cut to [0, 1]. Where F is 0 or 1
/// that scale fails; then it is Wilson's for none or all of those whose state is known at t.
package struct CumulativeIncidence: Sendable {
  let table: RiskTable
  package let outcomes: Int
  /// S and, by outcome, F and its variance right after each time: `outcomes` numbers for each.
  private(set) var survival: [Double] = []
  private var incidences: [Double] = []
  private var variances: [Double] = []
  /// As in ``KaplanMeier/emptiedAt``.
  package private(set) var emptiedAt: Double?

  /// The distinct times at which spells ended or were last seen open, ascending.
  package var times: [Double] { table.times }
  /// At risk just before each time.
  package var atRisk: [Int] { table.atRisk }
  package var total: Int { table.total }
  package var totalOpen: Int { table.totalCensored }
  /// Spells in rows that were left out: as in ``KaplanMeier/unusable``, or with an outcome that is not
  /// one of those told apart.
  package var unusable: Int { table.unusable }

  /// - Parameters:
  ///   - spells: in any order; sorted by duration they cost the least.
  ///   - outcomes: how many there are, at least 1; spells carry 0 ..< `outcomes`.
  package init(_ spells: [Spell], outcomes: Int) {
    self.outcomes = outcomes
    table = RiskTable(spells, outcomes: outcomes)
    var current = 1.0
    var sums = [Sums](repeating: Sums(), count: outcomes)
    survival.reserveCapacity(table.times.count)
    incidences.reserveCapacity(table.times.count * outcomes)
    variances.reserveCapacity(table.times.count * outcomes)
    for step in table.times.indices {
      let ended = table.ended[step]
      if ended > 0, current > 0 {
        let atRisk = Double(table.atRisk[step])
        let left = Double(table.atRisk[step] - ended)
        for outcome in 0..<outcomes {
          sums[outcome].add(
            Double(table.endedBy[step * outcomes + outcome]), of: Double(ended), atRisk: atRisk,
            survival: current)
        }
        current *= left / atRisk
        if left == 0, let last = table.times.last, last > table.times[step] {
          emptiedAt = table.times[step]
        }
      }
      survival.append(current)
      for outcome in 0..<outcomes {
        incidences.append(min(1, sums[outcome].incidence))
        variances.append(sums[outcome].variance)
      }
    }
  }

  /// The sums in the variance, spread out so that they can be kept up in one pass.
  private struct Sums {
    var incidence = 0.0
    /// ∑ w, ∑ w F and ∑ w F² with w = d/(n(n−d)).
    var weights = 0.0
    var weightedF = 0.0
    var weightedSquares = 0.0
    var own = 0.0
    /// ∑ v and ∑ v F with v = S d_k/n².
    var mixed = 0.0
    var mixedF = 0.0

    mutating func add(_ own: Double, of ended: Double, atRisk: Double, survival: Double) {
      incidence += survival * (own / atRisk)
      if ended < atRisk {
        let weight = ended / (atRisk * (atRisk - ended))
        weights += weight
        weightedF += weight * incidence
        weightedSquares += weight * incidence * incidence
      }
      let share = own / atRisk
      self.own += survival * survival * share * ((atRisk - own) / atRisk) / atRisk
      let mixed = survival * share / atRisk
      self.mixed += mixed
      mixedF += mixed * incidence
    }

    var variance: Double {
      let first = incidence * (incidence * weights - 2 * weightedF) + weightedSquares
      return max(0, first + own - 2 * (incidence * mixed - mixedF))
    }
  }

  /// F of an outcome right after the time with this index, without its interval.
  package func incidence(of outcome: Int, step: Int) -> Double {
    incidences[step * outcomes + outcome]
  }

  /// The variance of F of an outcome right after the time with this index.
  package func variance(of outcome: Int, step: Int) -> Double {
    variances[step * outcomes + outcome]
  }

  /// The share of spells that have ended with an outcome by `time`, with its interval.
  ///
  /// Fails with `noData`, with `notObserved` beyond the last time (unless nothing was left open
  /// there), or with `riskSetEmptied`.
  package func incidence(of outcome: Int, at time: Double) -> Result<Estimate, Lack> {
    guard let last = times.last else { return .failure(.noData) }
    if let emptiedAt, time >= emptiedAt { return .failure(.riskSetEmptied) }
    guard time <= last || survival[survival.count - 1] == 0 else {
      return .failure(.notObserved)
    }
    guard let step = table.index(at: time) else {
      return .success(boundary(0, known: table.known(after: nil)))
    }
    return .success(estimate(of: outcome, step: step))
  }

  /// F of an outcome and its interval right after the time with this index.
  package func estimate(of outcome: Int, step: Int) -> Estimate {
    let value = incidence(of: outcome, step: step)
    let variance = variance(of: outcome, step: step)
    guard value > 0, value < 1, variance > 0 else {
      return boundary(value, known: table.known(after: step))
    }
    let log = Glibc.log(value)
    let spread = exp(Normal.z95 * variance.squareRoot() / (value * -log))
    return Estimate(value: value, low: exp(log * spread), high: exp(log / spread))
  }

  /// A step of the curve of one outcome as it is drawn.
  package struct Point: Hashable, Sendable {
    package var time: Double
    package var incidence: Estimate
    /// Just before the time.
    package var atRisk: Int
  }

  /// The curve of an outcome, at the times at which spells ended with any outcome and at the last time.
  ///
  /// - Parameter limit: when there are more, fewer than this many of them, evenly spread; at least 3.
  package func points(of outcome: Int, limit: Int = 200) -> [Point] {
    table.steps(limit: limit).map {
      Point(time: times[$0], incidence: estimate(of: outcome, step: $0), atRisk: atRisk[$0])
    }
  }

  private func boundary(_ value: Double, known: Int) -> Estimate {
    let edge = Proportion(Int((value * Double(known)).rounded()), of: known)
    guard case .success(let wilson) = edge.wilson else {
      return Estimate(value: value, low: 0, high: 1)
    }
    return Estimate(value: value, low: min(value, wilson.low), high: max(value, wilson.high))
  }
}
