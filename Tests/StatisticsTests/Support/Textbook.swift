import Statistics

/// The estimators as textbooks write them: sums over single spells, for each time anew.
struct Textbook {
  /// One row per spell.
  let spells: [Spell]

  init(_ spells: [Spell]) { self.spells = spells.singly }

  /// The distinct times at which spells ended.
  var eventTimes: [Double] {
    Set(spells.filter { $0.outcome != nil }.map(\.duration)).sorted()
  }

  func atRisk(at time: Double) -> Int {
    spells.count { ($0.entry < time || $0.entry == 0) && $0.duration >= time }
  }

  func ended(at time: Double, outcome: Int? = nil) -> Int {
    spells.count {
      $0.duration == time && $0.outcome != nil && (outcome == nil || $0.outcome == outcome)
    }
  }

  /// ∏ (1 − d/n) over the times up to `time`, or strictly before it.
  func survival(at time: Double, before: Bool = false) -> Double {
    eventTimes.filter { before ? $0 < time : $0 <= time }.reduce(1) {
      $0 * (1 - Double(ended(at: $1)) / Double(atRisk(at: $1)))
    }
  }

  /// S² ∑ d/(n(n−d)).
  func survivalVariance(at time: Double) -> Double {
    let survival = survival(at: time)
    guard survival > 0 else { return 0 }
    return eventTimes.filter { $0 <= time }.reduce(0) {
      let (n, d) = (Double(atRisk(at: $1)), Double(ended(at: $1)))
      return $0 + survival * survival * d / (n * (n - d))
    }
  }

  /// ∑ S(t−) d_k/n over the times up to `time`.
  func incidence(of outcome: Int, at time: Double) -> Double {
    eventTimes.filter { $0 <= time }.reduce(0) {
      $0 + survival(at: $1, before: true) * Double(ended(at: $1, outcome: outcome))
        / Double(atRisk(at: $1))
    }
  }

  /// By propagating the multinomial variance of the hazards of every time through F: with
  /// c = ∂F/∂(hazard), ∑ (∑_k c_k² p_k − (∑_k c_k p_k)²)/n.
  func incidenceVariance(of outcome: Int, at time: Double, outcomes: Int) -> Double {
    let total = incidence(of: outcome, at: time)
    return eventTimes.filter { $0 <= time }.reduce(0) { sum, event in
      let n = Double(atRisk(at: event))
      let left = survival(at: event, before: true)
      let shares = (0..<outcomes).map { Double(ended(at: event, outcome: $0)) / n }
      let all = shares.reduce(0, +)
      // What was to come after this time is lost in proportion to those who ended at it.
      let later =
        all < 1 ? (total - incidence(of: outcome, at: event)) / (1 - all) : 0
      let slopes = (0..<outcomes).map { ($0 == outcome ? left : 0) - later }
      let mean = zip(slopes, shares).reduce(0) { $0 + $1.0 * $1.1 }
      let square = zip(slopes, shares).reduce(0) { $0 + $1.0 * $1.0 * $1.1 }
      return sum + (square - mean * mean) / n
    }
  }
}
