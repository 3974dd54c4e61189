import Glibc
import Statistics
import TestSupport
import Testing

/// What a review must find is found in nearly every history, and nothing is found in most where there
/// is nothing.
@Suite struct FindingTests {
  private func share(_ finds: (inout Generator) throws -> Bool) rethrows -> Double {
    var generator = Generator(seed: 11)
    var found = 0
    for _ in 0..<300 where try finds(&generator) { found += 1 }
    return Double(found) / 300
  }

  @Test func aStageInWhichDealsStayTwiceAsLongAsTheBenchmark() throws {
    let found = try share {
      let dwell = $0.dwell(80, median: 20)
      let excess = try dwell.meanExcess(over: 10, upTo: 40).get().mean
      return dwell.median.verdict(against: 10) == .higher && excess.low > 5
    }
    #expect(found > 0.95)
    let alarms = share { $0.dwell(80, median: 10).median.verdict(against: 10) != .cannotTell }
    #expect(alarms < 0.08)
  }

  @Test func aConversionThatRisesFrom40To57Percent() throws {
    let found = try share {
      try Difference.ofProportions(
        before: $0.proportion(0.4, of: 200), after: $0.proportion(0.57, of: 200)
      ).get().verdict == .higher
    }
    #expect(found > 0.9)
    let alarms = try share {
      try Difference.ofProportions(
        before: $0.proportion(0.4, of: 200), after: $0.proportion(0.4, of: 200)
      ).get().verdict != .cannotTell
    }
    #expect(alarms < 0.08)
  }

  @Test func aCycleThatFallsFrom40To25Days() throws {
    let found = try share {
      try Difference.ofMeans(
        before: Moments($0.logNormals(50, median: 40, spread: 0.5)),
        after: Moments($0.logNormals(50, median: 25, spread: 0.5))
      ).get().verdict == .lower
    }
    #expect(found > 0.95)
    let medians = try share {
      try Difference.ofMedians(
        before: KaplanMeier(
          $0.logNormals(50, median: 40, spread: 0.5).map { Spell($0, ended: true) }),
        after: KaplanMeier(
          $0.logNormals(50, median: 25, spread: 0.5).map { Spell($0, ended: true) })
      ).get().verdict == .lower
    }
    #expect(medians > 0.9)
  }

  @Test func forgottenDealsThatFallFrom20To5Percent() throws {
    let found = try share {
      try Difference.ofProportions(
        before: $0.proportion(0.2, of: 120), after: $0.proportion(0.05, of: 120)
      ).get().verdict == .lower
    }
    #expect(found > 0.9)
  }
}
