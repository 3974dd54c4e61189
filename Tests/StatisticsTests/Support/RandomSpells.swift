import Statistics
import TestSupport

extension Generator {
  mutating func uniform() -> Double { Double.random(in: 0..<1, using: &self) }

  mutating func chance(_ share: Double) -> Bool { uniform() < share }

  /// As small, tied, censored and late as data sets come: rows of one spell or of several.
  mutating func spells(outcomes: Int = 1, late: Bool) -> [Spell] {
    let size =
      chance(0.1) ? Int.random(in: 0...2, using: &self) : Int.random(in: 3...60, using: &self)
    let scale: Double = [0.01, 1.0, 20, 1_000].randomElement(using: &self) ?? 1
    let grain: Double = scale * ([0, 0.01, 0.05, 0.25, 2].randomElement(using: &self) ?? 0)
    let censored: Double = [0.0, 0.1, 0.5, 0.9, 1].randomElement(using: &self) ?? 0
    let lateShare = late ? (chance(0.5) ? 0.4 : 0.95) : 0
    let counts = chance(0.3) ? 1...5 : 1...1
    return (0..<size).map { _ in
      var duration: Double = scale * 3 * uniform()
      if grain > 0 { duration = (duration / grain).rounded() * grain }
      var entry = 0.0
      if duration > 0, chance(lateShare) {
        entry = duration * uniform()
        if grain > 0 { entry = (entry / grain).rounded(.down) * grain }
        if entry >= duration { entry = 0 }
      }
      return Spell(
        duration, outcome: chance(censored) ? nil : Int.random(in: 0..<outcomes, using: &self),
        entry: entry, count: Int.random(in: counts, using: &self))
    }
  }
}

extension [Spell] {
  /// The same spells, each in a row of its own.
  var singly: [Spell] {
    flatMap { spell in
      repeatElement(
        Spell(spell.duration, outcome: spell.outcome, entry: spell.entry), count: spell.count)
    }
  }
}
