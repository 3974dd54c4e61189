import Statistics
import Testing

@Suite struct ShrinkageTests {
  /// A team at a third; somebody with one deal won, somebody with one lost, and nobody's deals.
  private let team = [
    Proportion(1, of: 1), Proportion(0, of: 1), Proportion(0, of: 0), Proportion(60, of: 100),
    Proportion(20, of: 60), Proportion(18, of: 60), Proportion(22, of: 60), Proportion(12, of: 55),
  ]

  @Test func fewDealsDoNotRankAnybodyFirstOrLast() throws {
    let found = try Shrinkage.of(team).get()
    let rates = found.rates.map(\.value)
    #expect(rates.max() == rates[3] && rates[0] < 0.6 && rates[0] > rates[2])
    #expect(rates.min() == rates[7] && rates[1] > rates[7] && rates[1] < rates[2])
    #expect(abs(rates[2] - found.teamRate) < 1e-9)
    #expect(found.verdict(of: 3) == .higher)
    for person in [0, 1, 2, 4, 5, 6] { #expect(found.verdict(of: person) == .cannotTell) }
  }

  @Test func everyRateLiesBetweenTheTeamsAndItsOwn() throws {
    let found = try Shrinkage.of(team).get()
    for (person, estimate) in zip(team, found.rates) {
      guard let own = person.rate else { continue }
      #expect(estimate.value >= min(own, found.teamRate))
      #expect(estimate.value <= max(own, found.teamRate))
      #expect(0 < estimate.low && estimate.low < estimate.value && estimate.value < estimate.high)
      #expect(estimate.high < 1)
    }
  }

  /// The less the rates differ, the closer they are drawn together.
  @Test func equalRatesAreDrawnTogetherAndDifferentOnesAreNot() throws {
    let alike = [30, 31, 29, 30, 32, 28].map { Proportion($0, of: 100) }
    let apart = [5, 50, 90, 20, 75, 33].map { Proportion($0, of: 100) }
    let drawn = try Shrinkage.of(alike).get().rates.map(\.value)
    #expect(drawn.allSatisfy { abs($0 - 0.3) < 0.01 })
    for (estimate, person) in zip(try Shrinkage.of(apart).get().rates, apart) {
      #expect(abs(estimate.value - (person.rate ?? 0)) < 0.03)
      let wilson = try person.wilson.get()
      #expect(estimate.high - estimate.low < 1.05 * (wilson.high - wilson.low))
    }
  }

  @Test(arguments: [
    [Proportion(0, of: 9)], [Proportion(9, of: 9)], [Proportion(1, of: 1)],
    [Proportion(0, of: 4), Proportion(0, of: 700)], [Proportion(5, of: 5), Proportion(0, of: 5)],
    [Proportion(1_000_000, of: 3_000_000), Proportion(1, of: 2)],
  ])
  func theEdgesHaveIntervalsToo(_ people: [Proportion]) throws {
    let found = try Shrinkage.of(people).get()
    #expect(found.rates.count == people.count && 0 < found.teamRate && found.teamRate < 1)
    for estimate in found.rates {
      #expect(0 <= estimate.low && estimate.low < estimate.value)
      #expect(estimate.value < estimate.high && estimate.high <= 1)
    }
  }

  @Test func withoutDealsThereIsAReason() {
    for people in [[], [Proportion(0, of: 0)]] {
      guard case .failure(.noData) = Shrinkage.of(people) else {
        Issue.record("\(people)")
        return
      }
    }
  }
}
