import Statistics

/// The estimators as textbooks write them: counts over single spells for each time at which
/// spells ended, then plain sums and products for each question anew.
struct Textbook {
  struct Event {
    var time: Double
    var atRisk: Double
    /// By outcome.
    var ended: [Double]

    /// S just before.
    var left = 1.0

    var endedAny: Double { ended.reduce(0, +) }
  }

  /// One row per spell.
  private let spells: [Spell]
  let events: [Event]

  init(_ spells: [Spell], outcomes: Int = 1) {
    let single = spells.singly
    self.spells = single
    var left = 1.0
    events = Set(single.filter { $0.outcome != nil }.map(\.duration)).sorted().map { time in
      let event = Event(
        time: time, atRisk: Double(Self.count(single, atRiskAt: time)),
        ended: (0..<outcomes).map { outcome in
          Double(single.count { $0.duration == time && $0.outcome == outcome })
        }, left: left)
      left *= 1 - event.endedAny / event.atRisk
      return event
    }
  }

  private static func count(_ spells: [Spell], atRiskAt time: Double) -> Int {
    spells.count { ($0.entry < time || $0.entry == 0) && $0.duration >= time }
  }

  func atRisk(at time: Double) -> Int { Self.count(spells, atRiskAt: time) }

  /// ∏ (1 − d/n) over the times up to `time`.
  func survival(at time: Double) -> Double {
    events.filter { $0.time <= time }.reduce(1) { $0 * (1 - $1.endedAny / $1.atRisk) }
  }

  /// S² ∑ d/(n(n−d)).
  func survivalVariance(at time: Double) -> Double {
    let survival = survival(at: time)
    guard survival > 0 else { return 0 }
    return events.filter { $0.time <= time }.reduce(0) {
      $0 + survival * survival * $1.endedAny / ($1.atRisk * ($1.atRisk - $1.endedAny))
    }
  }

  /// ∑ S(t−) d_k/n over the times up to `time`.
  func incidence(of outcome: Int, at time: Double) -> Double {
    events.filter { $0.time <= time }.reduce(0) {
      $0 + $1.left * $1.ended[outcome] / $1.atRisk
    }
  }

  /// By propagating the multinomial variance of the hazards of every time through F: with
  /// c = ∂F/∂(hazard), ∑ (∑_k c_k² p_k − (∑_k c_k p_k)²)/n.
  func incidenceVariance(of outcome: Int, at time: Double) -> Double {
    let total = incidence(of: outcome, at: time)
    return events.filter { $0.time <= time }.reduce(0) { sum, event in
      let shares = event.ended.map { $0 / event.atRisk }
      let all = event.endedAny / event.atRisk
      // What was to come after this time is lost in proportion to those who ended at it.
      let later =
        all < 1 ? (total - incidence(of: outcome, at: event.time)) / (1 - all) : 0
      let slopes = shares.indices.map { index in
        (index == outcome ? event.left : 0) - later
      }
      let mean = zip(slopes, shares).reduce(0) { $0 + $1.0 * $1.1 }
      let square = zip(slopes, shares).reduce(0) { $0 + $1.0 * $1.0 * $1.1 }
      return sum + (square - mean * mean) / event.atRisk
    }
  }
}
