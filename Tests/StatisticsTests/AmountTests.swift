import Statistics
import TestSupport
import Testing

@Suite struct AmountTests {
  @Test func quantilesAreLinearBetweenNeighbours() {
    let amounts: [Int64] = [100, 200, 400, 1_000]
    let shares = [0, 0.25, 0.5, 0.75, 1].map { Quantiles.quantile($0, ofSorted: amounts) }
    #expect(shares == [100, 175, 300, 550, 1_000])
    #expect(Quantiles.quantile(0.5, ofSorted: [7]) == 7)
    #expect(Quantiles.quantile(0.5, ofSorted: []) == nil)
    #expect(Quantiles.quantile(1.5, ofSorted: amounts) == nil)
    #expect(Quantiles.quantile(.nan, ofSorted: amounts) == nil)
  }

  @Test func greatAmountsKeepTheirLastDigit() {
    let amounts: [Int64] = [999_999_999_999_997, 999_999_999_999_999, 1_000_000_000_000_003]
    #expect(Quantiles.quantile(0.5, ofSorted: amounts) == 999_999_999_999_999)
    #expect(Quantiles.quantile(0.75, ofSorted: amounts) == 1_000_000_000_000_001)
    #expect(Quantiles.quantile(0.5, ofSorted: [.min, .max]).map { abs($0) <= 1 } == true)
    #expect(Quantiles.quantile(1, ofSorted: [.min, .max]) == .max)
  }

  @Test func theTopQuarterHoldsAtMostAQuarter() {
    #expect(Quantiles.topQuarter(ofSorted: [1, 2, 3, 4]) == .success(4))
    #expect(Quantiles.topQuarter(ofSorted: [1, 2, 3, 4, 5, 6, 7]) == .success(7))
    #expect(Quantiles.topQuarter(ofSorted: [1, 2, 3, 4, 5, 6, 7, 8]) == .success(7))
    // The second 7 would be the third of eight.
    #expect(Quantiles.topQuarter(ofSorted: [1, 2, 3, 4, 5, 7, 7, 8]) == .success(8))
    #expect(Quantiles.topQuarter(ofSorted: [5, 5, 5, 5]) == .failure(.allEqual))
    #expect(Quantiles.topQuarter(ofSorted: [1, 2, 9, 9]) == .failure(.allEqual))
    #expect(Quantiles.topQuarter(ofSorted: [1, 2, 3]) == .failure(.tooFew))
    #expect(Quantiles.topQuarter(ofSorted: []) == .failure(.noData))
  }

  @Test func amountsOfOneSizeHaveEvenBins() {
    #expect(
      Histogram.edges(from: 1_230, to: 9_870, leastPositive: 1_230)
        == Array(stride(from: 1_000, through: 10_000, by: 1_000)))
    #expect(
      Histogram.edges(from: -250, to: 400, leastPositive: 10)
        == [-300, -200, -100, 0, 100, 200, 300, 400])
    #expect(Histogram.edges(from: 7, to: 7, leastPositive: 7) == [7, 7])
    #expect(Histogram.edges(from: 0, to: 1, leastPositive: 1) == [0, 1])
  }

  @Test func amountsOfManySizesHaveStepsOfOneTwoFive() {
    #expect(
      Histogram.edges(from: 700, to: 20_000, leastPositive: 700)
        == [500, 1_000, 2_000, 5_000, 10_000, 20_000])
    #expect(
      Histogram.edges(from: 0, to: 9_000_000, leastPositive: 300)
        == [0, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000])
    let wide = Histogram.edges(from: 1, to: 1_000_000_000_000_000, leastPositive: 1)
    #expect(wide.count == 16 && wide.first == 1 && wide.last == 1_000_000_000_000_000)
    #expect(Histogram.edges(from: 3, to: .max, leastPositive: 3).last == .max)
  }

  @Test func aHistogramCountsEveryAmountOnce() {
    let amounts: [Int64] = [0, 0, 100, 150, 1_000, 99_999, 100_000, 100_000]
    let bins = Histogram(ofSorted: amounts).bins
    #expect(bins.map(\.from) == [0, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000])
    #expect(bins.map(\.count) == [2, 2, 0, 0, 1, 0, 0, 0, 0, 3])
    #expect(bins.last?.to == 100_000)
    #expect(Histogram(ofSorted: []).bins.isEmpty)
    let same = Histogram(ofSorted: [5, 5]).bins
    #expect(same.map { [$0.from, $0.to, Int64($0.count)] } == [[5, 5, 2]])
  }

  @Test func whateverTheAmountsTheBinsHoldThemAll() {
    var generator = Generator(seed: 7)
    for _ in 0..<500 {
      let least: Int64 = generator.chance(0.5) ? 0 : -1_000
      let amounts = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
        let shift = Int64.random(in: 0...62, using: &generator)
        return Int64.random(in: least...(1 << shift), using: &generator)
      }.sorted()
      let bins = Histogram(ofSorted: amounts).bins
      #expect(bins.reduce(0) { $0 + $1.count } == amounts.count)
      #expect(bins.first.map { $0.from <= amounts[0] && $0.count > 0 } == true, "\(amounts)")
      #expect(bins.last.map { $0.to >= amounts[amounts.count - 1] && $0.count > 0 } == true)
      #expect(zip(bins, bins.dropFirst()).allSatisfy { $0.to == $1.from && $0.from < $0.to })
      #expect(bins.count <= 25)
      let quartiles = [0, 0.25, 0.5, 0.75, 1].compactMap {
        Quantiles.quantile($0, ofSorted: amounts)
      }
      #expect(quartiles == quartiles.sorted() && quartiles.count == 5)
    }
  }
}
