import Glibc
import Statistics
import TestSupport

/// Histories of which the truth is known.
extension Generator {
  mutating func exponential(mean: Double) -> Double { -mean * log1p(-uniform()) }

  mutating func logNormal(median: Double, spread: Double) -> Double {
    // Box and Muller's normal number.
    median * exp(spread * exponential(mean: 2).squareRoot() * cos(2 * .pi * uniform()))
  }

  mutating func logNormals(_ count: Int, median: Double, spread: Double) -> [Double] {
    (0..<count).map { _ in logNormal(median: median, spread: spread) }
  }

  /// The events of a unit of time at which `mean` are expected.
  mutating func poisson(_ mean: Double) -> Int {
    var count = 0
    var time = exponential(mean: 1)
    while time < mean {
      count += 1
      time += exponential(mean: 1)
    }
    return count
  }

  mutating func proportion(_ rate: Double, of total: Int) -> Proportion {
    Proportion((0..<total).count { _ in chance(rate) }, of: total)
  }

  /// Visits that began at any time in the last `days` and of which some are still open.
  mutating func dwell(_ count: Int, median: Double, spread: Double = 0.8, days: Double = 60)
    -> KaplanMeier
  {
    KaplanMeier(
      (0..<count).map { _ in
        let duration = logNormal(median: median, spread: spread)
        let age = days * uniform()
        return Spell(min(duration, age), ended: duration <= age)
      })
  }

  /// Deals that are won and lost at constant rates a day, watched for 20 to 120 days, half of them
  /// only from up to 30 days after their beginning.
  mutating func cohort(_ count: Int, won: Double, lost: Double) -> CumulativeIncidence {
    let spells = (0..<count).compactMap { _ -> Spell? in
      let duration = exponential(mean: 1 / (won + lost))
      let age = 20 + 100 * uniform()
      let entry = chance(0.5) ? 0 : 30 * uniform()
      guard min(duration, age) > entry else { return nil }
      let outcome = chance(won / (won + lost)) ? 0 : 1
      return Spell(min(duration, age), outcome: duration <= age ? outcome : nil, entry: entry)
    }
    return CumulativeIncidence(spells, outcomes: 2)
  }
}

/// ∫ of the survival of a log-normal dwell up to the horizon, by the trapezoids.
func logNormalRestrictedMean(median: Double, spread: Double, horizon: Double) -> Double {
  let steps = 2_000
  return (0..<steps).reduce(0) {
    let time = (Double($1) + 0.5) * horizon / Double(steps)
    return $0 + (1 - Normal.share(below: log(time / median) / spread)) * horizon / Double(steps)
  }
}
