import Glibc
import Statistics
import TestSupport
import Testing

/// In 1,000 histories of which the truth is known, the 95% intervals hold it as often as they say.
@Suite struct CoverageTests {
  /// - Parameter holds: whether the interval of one more history holds the truth; nil when there is
  ///   none.
  private func expectNominal(
    _ holds: (inout Generator) throws -> Bool, at location: SourceLocation = #_sourceLocation
  ) rethrows {
    var generator = Generator(seed: 2_026)
    var held = 0
    for _ in 0..<1_000 where try holds(&generator) { held += 1 }
    #expect((935...965).contains(held), "\(held) of 1,000", sourceLocation: location)
  }

  @Test func conversionOfClosedDeals() throws {
    try expectNominal { try $0.proportion(0.4, of: 300).wilson.get().holds(0.4) }
    try expectNominal { try $0.proportion(0.06, of: 150).wilson.get().holds(0.06) }
  }

  @Test func conversionOfACohort() throws {
    let (won, lost) = (0.01, 0.02)
    for day in [20.0, 45, 70] {
      let truth = won / (won + lost) * (1 - exp(-(won + lost) * day))
      try expectNominal {
        try $0.cohort(200, won: won, lost: lost).incidence(of: 0, at: day).get().holds(truth)
      }
    }
  }

  @Test func survivalAtADay() throws {
    let truth = 1 - Normal.share(below: log(25.0 / 20) / 0.8)
    try expectNominal { try $0.dwell(150, median: 20).survival(at: 25).get().holds(truth) }
  }

  @Test func medianDwell() {
    expectNominal {
      let median = $0.dwell(200, median: 20).median
      return median.low ?? 0 <= 20 && 20 <= median.high ?? .infinity
    }
  }

  @Test func meanDwell() throws {
    let truth = logNormalRestrictedMean(median: 20, spread: 0.8, horizon: 40)
    try expectNominal {
      try $0.dwell(200, median: 20).restrictedMean(upTo: 40).get().mean.holds(truth)
    }
    let excess = truth - logNormalRestrictedMean(median: 20, spread: 0.8, horizon: 10)
    try expectNominal {
      try $0.dwell(200, median: 20).meanExcess(over: 10, upTo: 40).get().mean.holds(excess)
    }
  }

  @Test func conversionBeforeAndAfter() throws {
    try expectNominal {
      try Difference.ofProportions(
        before: $0.proportion(0.4, of: 120), after: $0.proportion(0.57, of: 90)
      ).get().holds(0.17)
    }
    try expectNominal {
      try Difference.ofProportions(
        before: $0.proportion(0.2, of: 150), after: $0.proportion(0.05, of: 150)
      ).get().holds(-0.15)
    }
  }

  @Test func cohortsBeforeAndAfter() throws {
    let truth = { (won: Double) in won / (won + 0.02) * (1 - exp(-(won + 0.02) * 50)) }
    try expectNominal {
      let before = try $0.cohort(200, won: 0.01, lost: 0.02).incidence(of: 0, at: 50).get()
      let after = try $0.cohort(200, won: 0.02, lost: 0.02).incidence(of: 0, at: 50).get()
      return Difference(before: before, after: after).holds(truth(0.02) - truth(0.01))
    }
  }

  @Test func cycleBeforeAndAfter() throws {
    try expectNominal {
      try Difference.ofMeans(
        before: Moments($0.logNormals(80, median: 40, spread: 0.6)),
        after: Moments($0.logNormals(80, median: 25, spread: 0.6))
      ).get().holds((25 - 40) * exp(0.18))
    }
  }

  @Test func wonAmountBeforeAndAfter() throws {
    try expectNominal {
      let (before, after) = ($0.poisson(60), $0.poisson(90))
      return try Difference.ofTotals(
        before: Moments($0.logNormals(before, median: 1e6, spread: 1)),
        after: Moments($0.logNormals(after, median: 1e6, spread: 1))
      ).get().holds((90 - 60) * exp(0.5) * 1e6)
    }
  }

  @Test func dwellBeforeAndAfter() throws {
    try expectNominal {
      try Difference.ofMedians(
        before: $0.dwell(300, median: 20), after: $0.dwell(300, median: 12)
      ).get().holds(-8)
    }
    let truth = [12.0, 20].map {
      logNormalRestrictedMean(median: $0, spread: 0.8, horizon: 40)
    }
    try expectNominal {
      try Difference.ofRestrictedMeans(
        before: $0.dwell(100, median: 20), after: $0.dwell(100, median: 12), upTo: 40
      ).get().holds(truth[0] - truth[1])
    }
  }

  /// Some are too sure when the people differ much, most too careful: between 90 and 100%.
  @Test func ratesOfPeople() throws {
    for (people, spread) in [(3, 0.2), (10, 0.1), (20, 0.02)] {
      var generator = Generator(seed: 2_026)
      var held = 0
      for _ in 0..<(600 / people) {
        let truth = (0..<people).map { _ in 0.35 + spread * (2 * generator.uniform() - 1) }
        let team = truth.map {
          generator.proportion($0, of: Int.random(in: 4...60, using: &generator))
        }
        held += try zip(Shrinkage.of(team).get().rates, truth).count { $0.holds($1) }
      }
      #expect(held > 540, "\(people) people: \(held) of 600")
    }
  }
}

extension Estimate {
  fileprivate func holds(_ truth: Double) -> Bool { low <= truth && truth <= high }
}

extension Difference {
  fileprivate func holds(_ truth: Double) -> Bool {
    low ?? -.infinity <= truth && truth <= high ?? .infinity
  }
}
