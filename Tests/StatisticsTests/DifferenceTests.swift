import Statistics
import Testing

@Suite struct DifferenceTests {
  /// The examples of Newcombe (1998), method 10.
  @Test(arguments: [
    (56, 70, 48, 80, 0.0524, 0.3339), (9, 10, 3, 10, 0.1705, 0.8090),
    (5, 56, 0, 29, -0.0381, 0.1926), (10, 10, 0, 10, 0.6075, 1),
  ])
  func ratesHaveTheHybridScoreInterval(
    _ after: Int, _ afterTotal: Int, _ before: Int, _ beforeTotal: Int, _ low: Double,
    _ high: Double
  ) throws {
    let found = try Difference.ofProportions(
      before: Proportion(before, of: beforeTotal), after: Proportion(after, of: afterTotal)
    ).get()
    let (foundLow, foundHigh) = try (#require(found.low), #require(found.high))
    #expect(abs(foundLow - low) < 5e-5 && abs(foundHigh - high) < 5e-5, "\(found)")
    #expect(found.verdict == (low > 0 ? .higher : .cannotTell))
  }

  /// Welch's interval, as `scipy.stats.ttest_ind(equal_var=False)` gives it.
  @Test func meansHaveWelchsInterval() throws {
    let found = try Difference.ofMeans(
      before: Moments([40, 38, 45, 41, 36.5]), after: Moments([25, 29, 22])
    ).get()
    #expect(isClose([found.before, found.after, found.change], [40.1, 76.0 / 3, 76.0 / 3 - 40.1]))
    let limits = [found.low ?? .nan, found.high ?? .nan]
    #expect(isClose(limits, [-21.660243604182476, -7.873089729150862]), "\(limits)")
    #expect(found.verdict == .lower)
  }

  @Test func totalsVaryWithTheNumberOfValuesToo() throws {
    let before = Moments(Array(repeating: 100.0, count: 9))
    let after = Moments(Array(repeating: 100.0, count: 16))
    let found = try Difference.ofTotals(before: before, after: after).get()
    // The counts are Poisson: a standard error of 100 √(9 + 16).
    #expect(isClose([found.change, found.low ?? .nan], [700, 700 - 1.959963984540054 * 500]))
    #expect(found.verdict == .cannotTell)
  }

  @Test func mediansAndMeansOfDwellAreCompared() throws {
    let slow = KaplanMeier((1...200).map { Spell(Double($0) / 5, ended: $0 % 10 != 0) })
    let fast = KaplanMeier((1...200).map { Spell(Double($0) / 10, ended: $0 % 10 != 0) })
    let medians = try Difference.ofMedians(before: slow, after: fast).get()
    let (low, high) = try (#require(medians.low), #require(medians.high))
    #expect(medians.verdict == .lower && low < medians.change && medians.change < high)
    #expect(medians.before == slow.median.value && medians.after == fast.median.value)
    let means = try Difference.ofRestrictedMeans(before: slow, after: fast).get()
    #expect(means.verdict == .lower)
    // Up to the shorter of the two observations.
    #expect(means.after == (try fast.restrictedMean().get().mean.value))
    #expect(means.before == (try slow.restrictedMean(upTo: 20).get().mean.value))
    #expect(try Difference.ofMedians(before: slow, after: slow).get().verdict == .cannotTell)
  }

  @Test func aLimitThatOneSideLacksIsMissing() throws {
    let open = KaplanMeier(
      (1...20).map { Spell(Double($0), ended: $0 < 12) })
    #expect(open.median.value != nil && open.median.high == nil)
    let known = KaplanMeier((1...400).map { Spell(Double($0) / 100, ended: true) })
    let found = try Difference.ofMedians(before: known, after: open).get()
    #expect(found.high == nil && found.low != nil && found.verdict == .higher)
    let reverse = try Difference.ofMedians(before: open, after: known).get()
    #expect(reverse.low == nil && reverse.verdict == .lower)
  }

  @Test func whatIsMissingIsNamed() {
    let one = Moments([5])
    let none = KaplanMeier([])
    let open = KaplanMeier([Spell(3, ended: false)])
    let nobody = Proportion(0, of: 0)
    #expect(
      Difference.ofProportions(before: nobody, after: Proportion(1, of: 2)) == .failure(.noData))
    #expect(Difference.ofMeans(before: Moments(), after: one) == .failure(.noData))
    #expect(Difference.ofMeans(before: one, after: Moments([1, 2])) == .failure(.tooFew))
    #expect(Difference.ofTotals(before: Moments(), after: Moments()) == .failure(.noData))
    #expect(Difference.ofTotals(before: Moments(), after: one) == .failure(.tooFew))
    #expect(Difference.ofMedians(before: none, after: open) == .failure(.noData))
    #expect(Difference.ofMedians(before: open, after: none) == .failure(.noneEnded))
    #expect(Difference.ofRestrictedMeans(before: open, after: none) == .failure(.noData))
    #expect(one.estimate == .failure(.tooFew) && Moments().estimate == .failure(.noData))
  }

  @Test func valuesThatAreAllEqualDifferForSure() throws {
    let found = try Difference.ofMeans(before: Moments([3, 3]), after: Moments([4, 4])).get()
    #expect(found.low == 1 && found.high == 1 && found.verdict == .higher)
  }

  @Test func momentsOfTheDatabaseAreThoseOfTheValues() {
    let values: [Double] = [1e15, 2e15, 1.5e15, 7e14]
    let mean = values.reduce(0, +) / 4
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 3
    let (summed, counted) = (Moments(count: 4, mean: mean, variance: variance), Moments(values))
    #expect(isClose([counted.mean, counted.total], [mean, mean * 4], relative: 1e-15))
    #expect(isClose([counted.variance ?? .nan], [variance], relative: 1e-14))
    #expect(isClose([summed.variance ?? .nan], [variance], relative: 1e-14))
    #expect(Moments(count: 1, mean: 5, variance: 0).variance == nil)
    #expect(Moments(count: 3, mean: .nan, variance: 1).count == 0)
  }

  @Test func aVerdictNeedsALimitBeyondTheMark() {
    #expect(Verdict(low: 0, high: 2) == .cannotTell)
    #expect(Verdict(low: nil, high: 2) == .cannotTell)
    #expect(Verdict(low: 0.1, high: nil) == .higher)
    #expect(Verdict(low: nil, high: -0.1) == .lower)
    #expect(Estimate(value: 20, low: 14, high: 27).verdict(against: 10) == .higher)
  }
}
