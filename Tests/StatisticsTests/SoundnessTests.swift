import Statistics
import TestSupport
import Testing

/// Whatever goes in, finite numbers in their bounds come out, or a reason.
@Suite struct SoundnessTests {
  /// Spells as no database should give them.
  private func wildSpells(_ generator: inout Generator) -> [Spell] {
    let numbers = [
      0, -0.0, 1e-300, 1e-9, 0.5, 1, 1, 2, 3, 7, 1e9, 1e15, 1e100, 1e200, -1, .nan, .infinity,
      -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude,
    ]
    let counts = [1, 1, 1, 2, 5, 0, -3, .max, .min, 1 << 40, 1_000_000_000]
    return (0..<Int.random(in: 0...12, using: &generator)).map { _ in
      Spell(
        numbers.randomElement(using: &generator) ?? 0,
        outcome: [nil, 0, 1, 2, -1, .max].randomElement(using: &generator) ?? nil,
        entry: generator.chance(0.7) ? 0 : numbers.randomElement(using: &generator) ?? 0,
        count: counts.randomElement(using: &generator) ?? 1)
    }
  }

  @Test func survivalOfAnything() {
    var generator = Generator(seed: 8)
    for index in 0..<3_000 {
      let spells =
        index % 2 == 0
        ? wildSpells(&generator) : generator.spells(late: index % 4 == 1)
      let curve = KaplanMeier(spells)
      var last = 1.0
      for step in curve.times.indices {
        let estimate = curve.estimate(step)
        #expect(estimate.isSound(within: 0...1), "\(spells)")
        #expect(estimate.value <= last, "\(spells)")
        last = estimate.value
      }
      #expect(zip(curve.times, curve.times.dropFirst()).allSatisfy { $0 < $1 })
      #expect(curve.total == curve.totalEnded + curve.totalOpen)
      for quantile in curve.quartiles {
        #expect((quantile.value == nil) == (quantile.lack != nil), "\(spells)")
        let ordered = [quantile.low, quantile.value, quantile.high].compactMap { $0 }
        #expect(ordered == ordered.sorted() && ordered.allSatisfy(\.isFinite), "\(spells)")
      }
      let horizons = [nil, 2, 1e300, -1, .infinity, .nan] as [Double?]
      for mean in horizons.map({ curve.restrictedMean(upTo: $0) }) + [curve.meanExcess(over: 1)] {
        guard case .success(let mean) = mean else { continue }
        #expect(mean.mean.isSound(within: 0...mean.horizon), "\(spells)")
        #expect(mean.standardError.isFinite)
      }
      if let mean = curve.naiveMeanOfEnded { #expect(mean.isFinite && mean >= 0) }
      #expect(curve.points().allSatisfy { $0.survival.isSound(within: 0...1) && $0.atRisk >= 0 })
    }
  }

  @Test func incidenceOfAnything() {
    var generator = Generator(seed: 9)
    for index in 0..<2_000 {
      let spells =
        index % 2 == 0
        ? wildSpells(&generator) : generator.spells(outcomes: 3, late: index % 4 == 1)
      let curves = CumulativeIncidence(spells, outcomes: 3)
      for outcome in 0..<3 {
        var last = 0.0
        for step in curves.times.indices {
          let estimate = curves.estimate(of: outcome, step: step)
          #expect(estimate.isSound(within: 0...1), "\(spells)")
          #expect(estimate.value >= last, "\(spells)")
          last = estimate.value
        }
        for time in [0, 1, 2.5, 1e300, -1, .nan] {
          guard case .success(let found) = curves.incidence(of: outcome, at: time) else { continue }
          #expect(found.isSound(within: 0...1), "\(spells), \(time)")
        }
      }
    }
  }

  @Test func differencesOfAnything() {
    var generator = Generator(seed: 10)
    for _ in 0..<2_000 {
      let values = (0..<2).map { _ in
        (0..<Int.random(in: 0...14, using: &generator)).map { _ in
          [0, 1, 1, 5, 1e15, -1e15, 1e100, .nan, .infinity, 1e-300].randomElement(using: &generator)
            ?? 0
        }
      }
      let (before, after) = (Moments(values[0]), Moments(values[1]))
      let curves = (KaplanMeier(wildSpells(&generator)), KaplanMeier(wildSpells(&generator)))
      for found in [
        Difference.ofMeans(before: before, after: after),
        Difference.ofTotals(before: before, after: after),
        Difference.ofMedians(before: curves.0, after: curves.1),
        Difference.ofRestrictedMeans(before: curves.0, after: curves.1),
      ] {
        guard case .success(let found) = found else { continue }
        let ordered = [found.low, found.change, found.high].compactMap { $0 }
        #expect(ordered.allSatisfy(\.isFinite) && ordered == ordered.sorted(), "\(found)")
      }
    }
  }

  @Test func ratesOfAnything() throws {
    var generator = Generator(seed: 11)
    let numbers = [0, 1, 2, 7, 100, -5, 1_000_000_000]
    for _ in 0..<100 {
      let people = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
        Proportion(
          numbers.randomElement(using: &generator) ?? 0,
          of: numbers.randomElement(using: &generator) ?? 0)
      }
      for person in people {
        if let wilson = try? person.wilson.get() { #expect(wilson.isSound(within: 0...1)) }
      }
      guard case .success(let found) = Shrinkage.of(people) else { continue }
      #expect(found.rates.allSatisfy { $0.isSound(within: 0...1) }, "\(people)")
    }
  }
}

extension Estimate {
  fileprivate func isSound(within bounds: ClosedRange<Double>) -> Bool {
    bounds.contains(value) && bounds.contains(low) && bounds.contains(high)
      && low <= value && value <= high
  }
}
