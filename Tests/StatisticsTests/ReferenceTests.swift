import Statistics
import TestSupport
import Testing

/// Against lifelines and scipy of PyPI.
@Suite(.enabled(if: TestPython.path != nil, "\(TestPython.absence)"))
struct ReferenceTests {
  /// 500 data sets that were observed from the beginning and 500 that were in part observed later.
  private static let dataSets: [[Spell]] = {
    var generator = Generator(seed: 6)
    let sets = (0..<1_000).map { generator.spells(late: $0 >= 500) }
    return sets
  }()
  private static let shares = [
    1e-300, 1e-20, 1e-9, 0.001, 0.025, 0.0749, 0.0751, 0.3, 0.5, 0.7, 0.9249, 0.9251, 0.975,
    0.999999,
  ]
  private static let points = [-37.5, -20, -6, -2.5, -1, -0.1, 0, 0.1, 1, 2.5, 6, 8.2]
  private static let degrees = [0.5, 1, 1.7, 2, 3, 5.5, 10, 29, 100, 1e4, 1e6]
  private static let betas: [[Double]] = [0.03, 0.5, 1, 2.5, 14, 16, 300, 12_345, 1e6].flatMap {
    a in
    [0.5, 1, 7, 80, 4_000, 2e6].flatMap { b in
      [1e-9, 0.001, 0.025, 0.3, 0.5, 0.975, 0.9999].map { [a, b, $0] }
    }
  }
  private static let proportions = [
    [0, 1], [1, 1], [0, 30], [30, 30], [1, 3], [12, 40], [57, 100], [1, 1_000_000],
    [400_000, 1_000_000],
  ]
  private static let pairs: [[[Double]]] = [
    [[1, 2], [3, 5]], [[40, 38, 45, 41, 36.5], [25, 29, 22]],
    [[1e15, 3e15, 2.5e15], [1e12, 7e14, 2e15, 9e14]], [[0, 0, 0, 1], [5, 5, 5]],
  ]
  private static let amounts: [Int64] = [
    0, 1, 5, 700, 700, 12_345, 99_999, 5_000_000, 123_456_789, 1_000_000_000_000_000,
  ]

  /// One process for all.
  private static let answers = Task {
    try await Reference.answers(
      to: .init(
        survival: dataSets.map { .init($0, horizon: horizon(of: $0)) }, shares: shares,
        points: points, degrees: degrees, betas: betas, proportions: proportions, pairs: pairs,
        amounts: amounts))
  }

  private static func horizon(of spells: [Spell]) -> Double {
    (spells.map(\.duration).max() ?? 0) * 0.7
  }

  @Test func survivalCurvesAndIntervalsAreThoseOfLifelines() async throws {
    let answers = try await Self.answers.value.survival
    var compared = (plain: 0, late: 0, emptied: 0)
    for (index, (spells, answer)) in zip(Self.dataSets, answers).enumerated() {
      let curve = KaplanMeier(spells)
      guard answer.refused == nil else {
        if spells.isEmpty {
          #expect(curve.times.isEmpty && curve.median.lack == .noData)
        } else {
          // lifelines refuses those whose risk set is empty early on; the textbook does not.
          #expect(answer.refused == "risk set" && spells.contains { $0.entry > 0 })
          compared.emptied += 1
        }
        continue
      }
      if spells.contains(where: { $0.entry > 0 }) {
        compared.late += 1
      } else {
        compared.plain += 1
      }
      let times = try #require(answer.times)
      for (step, time) in times.enumerated() {
        let own =
          curve.times.lastIndex { $0 <= time }.map(curve.estimate)
          ?? Estimate(value: 1, low: 1, high: 1)
        let theirs = [answer.survival, answer.low, answer.high].map { $0?[step] ?? .nan }
        #expect(
          isClose([own.value, own.low, own.high], theirs), "set \(index), time \(time): \(own)")
      }
    }
    #expect(compared.plain > 450 && compared.late > 350 && compared.emptied > 10, "\(compared)")
  }

  @Test func quartilesAndTheirIntervalsAreThoseOfLifelines() async throws {
    let answers = try await Self.answers.value.survival
    var compared = (values: 0, highs: 0, notReached: 0, notMonotone: 0)
    for (index, (spells, answer)) in zip(Self.dataSets, answers).enumerated() {
      guard answer.refused == nil else { continue }
      let curve = KaplanMeier(spells)
      if answer.isMonotone == false { compared.notMonotone += 1 }
      for (number, quantile) in curve.quartiles.enumerated() {
        let value = try #require(answer.quartiles)[number]
        if let value, let emptied = curve.emptiedAt, value >= emptied {
          #expect(quantile.lack == .riskSetEmptied && quantile.value == nil)
          continue
        }
        #expect(quantile.value == value, "set \(index), \(quantile)")
        #expect(quantile.low == answer.quartileLows?[number], "set \(index), \(quantile)")
        #expect(quantile.high == answer.quartileHighs?[number], "set \(index), \(quantile)")
        compared.values += value == nil ? 0 : 1
        compared.highs += quantile.high == nil ? 0 : 1
        compared.notReached += value == nil ? 1 : 0
      }
    }
    #expect(compared.values > 1_000 && compared.highs > 500 && compared.notReached > 200)
    #expect(compared.notMonotone > 0, "\(compared)")
  }

  @Test func restrictedMeansAreThoseOfLifelines() async throws {
    let answers = try await Self.answers.value.survival
    var compared = 0
    for (index, (spells, answer)) in zip(Self.dataSets, answers).enumerated() {
      // lifelines measures from the first entry.
      guard let theirs = answer.restrictedMean, answer.times?.first == 0 else { continue }
      let curve = KaplanMeier(spells)
      switch curve.restrictedMean(upTo: Self.horizon(of: spells)) {
      case .success(let own):
        let scale = max(1, own.horizon)
        #expect(abs(own.mean.value - theirs) <= 1e-9 * scale, "set \(index)")
        compared += 1
      case .failure(let lack): #expect(lack == .riskSetEmptied && curve.emptiedAt != nil)
      }
    }
    #expect(compared > 700)
  }

  @Test func theDistributionsAreThoseOfScipy() async throws {
    let answers = try await Self.answers.value
    for (share, theirs) in zip(Self.shares, answers.normal) {
      #expect(isClose([Normal.quantile(share)], [theirs], relative: 1e-14), "\(share)")
    }
    for (point, theirs) in zip(Self.points, answers.normalShares) {
      #expect(isClose([Normal.share(below: point)], [theirs], relative: 1e-12), "\(point)")
    }
    for (degrees, theirs) in zip(Self.degrees, answers.student) {
      #expect(isClose([StudentT.z95(degrees: degrees)], [theirs], relative: 1e-10), "\(degrees)")
    }
    for (index, question) in Self.betas.enumerated() {
      let beta = Beta(a: question[0], b: question[1])
      let own = [beta.share(below: question[2]), beta.quantile(question[2])]
      let theirs = [answers.betaShares[index], answers.betaQuantiles[index]]
      #expect(isClose(own, theirs, relative: 1e-9), "\(question): \(own), \(theirs)")
    }
  }

  @Test func theIntervalsOfRatesAndMeansAreThoseOfScipy() async throws {
    let answers = try await Self.answers.value
    for (question, theirs) in zip(Self.proportions, answers.wilson) {
      let own = try Proportion(question[0], of: question[1]).wilson.get()
      #expect(isClose([own.low, own.high], theirs), "\(question)")
    }
    for (pair, theirs) in zip(Self.pairs, answers.welch) {
      let own = try Difference.ofMeans(before: Moments(pair[0]), after: Moments(pair[1])).get()
      #expect(isClose([own.low, own.high].map { $0 ?? .nan }, theirs, relative: 1e-9), "\(pair)")
    }
    for (share, theirs) in zip([0, 0.1, 0.25, 0.5, 0.75, 0.9, 1], answers.quantiles) {
      let own = try #require(Quantiles.quantile(share, ofSorted: Self.amounts))
      #expect(abs(Double(own) - theirs) <= 0.5, "\(share)")
    }
  }
}

/// Whether numbers agree to 1e-9, or to a part of the expected ones; NaN agrees with nothing.
func isClose(_ found: [Double], _ expected: [Double], relative: Double? = nil) -> Bool {
  found.count == expected.count
    && zip(found, expected).allSatisfy { found, expected in
      abs(found - expected) <= (relative.map { $0 * abs(expected) } ?? 1e-9)
    }
}
