import Statistics
import TestSupport
import Testing

@Suite struct RestrictedMeanTests {
  /// Without censoring it is the mean of min(T, τ), and its standard error that of a mean, with the
  /// divisor n.
  @Test func withoutOpenSpellsItIsTheOrdinaryMean() throws {
    var generator = Generator(seed: 3)
    for horizon in [nil, 12.0, 30, 1_000] {
      let durations = (0..<50).map { _ in (60 * generator.uniform()).rounded() }
      let curve = KaplanMeier(durations.map { Spell($0, ended: true) })
      let cut = durations.map { min($0, horizon ?? .infinity) }
      let mean = cut.reduce(0, +) / 50
      let variance = cut.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 50 / 50
      let found = try curve.restrictedMean(upTo: horizon).get()
      #expect(isClose([found.mean.value, found.standardError], [mean, variance.squareRoot()]))
      #expect(found.horizon == horizon ?? durations.max())
    }
  }

  @Test func aHorizonBeyondTheObservationIsCut() throws {
    let curve = KaplanMeier([Spell(4, ended: true), Spell(10, ended: false)])
    let mean = try curve.restrictedMean(upTo: 90).get()
    #expect(mean.horizon == 10 && mean.mean.value == 4 + 6 * 0.5)
    #expect(mean.mean.low >= 0 && mean.mean.high == 10)
  }

  /// The mean up to the horizon is that up to the mark and the excess over it.
  @Test func theExcessOverABenchmarkIsTheRestOfTheMean() throws {
    var generator = Generator(seed: 4)
    for index in 0..<200 {
      let curve = KaplanMeier(generator.spells(late: index % 2 == 1))
      guard let whole = try? curve.restrictedMean().get(), whole.horizon > 0 else { continue }
      let mark = whole.horizon * generator.uniform()
      let below = try curve.restrictedMean(upTo: mark).get()
      let above = try curve.meanExcess(over: mark).get()
      #expect(
        isClose([below.mean.value + above.mean.value], [whole.mean.value], relative: 1e-9),
        "set \(index)")
    }
  }

  @Test func theExcessIsThatOfEachSpell() throws {
    let curve = KaplanMeier([5, 8, 20, 40].map { Spell($0, ended: true) })
    #expect(try curve.meanExcess(over: 10).get().mean.value == (10 + 30) / 4)
    #expect(try curve.meanExcess(over: 40).get().mean.value == 0)
    #expect(try curve.meanExcess(over: 90).get().mean == Estimate(value: 0, low: 0, high: 0))
    #expect(try curve.meanExcess(over: 10, upTo: 7).get().mean.value == 0)
    #expect(try curve.meanExcess(over: 10, upTo: .infinity).get().mean.value == (10 + 30) / 4)
    let open = KaplanMeier([Spell(5, ended: false)])
    #expect(open.meanExcess(over: 10) == .failure(.notObserved))
    #expect(KaplanMeier([]).meanExcess(over: 10) == .failure(.noData))
  }
}
