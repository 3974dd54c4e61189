import Statistics
import TestSupport
import Testing

@Suite struct CumulativeIncidenceTests {
  @Test func everyCurveAndVarianceIsThatOfTheDefinition() throws {
    var generator = Generator(seed: 5)
    for index in 0..<1_000 {
      let outcomes = 1 + index % 4
      let spells = generator.spells(outcomes: outcomes, late: index % 2 == 1)
      let curves = CumulativeIncidence(spells, outcomes: outcomes)
      let survival = KaplanMeier(spells).survival
      let textbook = Textbook(spells, outcomes: outcomes)
      for (step, time) in curves.times.enumerated() {
        let found = (0..<outcomes).map { curves.incidence(of: $0, step: step) }
        let expected = (0..<outcomes).map { textbook.incidence(of: $0, at: time) }
        #expect(isClose(found, expected), "set \(index), time \(time)")
        #expect(isClose([found.reduce(0, +)], [1 - survival[step]]), "set \(index)")
        guard [curves.times.count - 1, curves.times.count / 2].contains(step) else { continue }
        let outcome = step % outcomes
        let variance = textbook.incidenceVariance(of: outcome, at: time)
        #expect(
          isClose([curves.variance(of: outcome, step: step)], [variance]), "set \(index), \(time)")
      }
    }
  }

  /// With one outcome it is 1 − S, with Greenwood's variance.
  @Test func ofOneOutcomeItIsTheComplementOfSurvival() {
    var generator = Generator(seed: 6)
    for index in 0..<200 {
      let spells = generator.spells(late: index % 2 == 1)
      let curve = CumulativeIncidence(spells, outcomes: 1)
      let textbook = Textbook(spells)
      for (step, time) in curve.times.enumerated() {
        #expect(
          isClose(
            [curve.incidence(of: 0, step: step), curve.variance(of: 0, step: step)],
            [1 - textbook.survival(at: time), textbook.survivalVariance(at: time)]),
          "set \(index), time \(time)")
      }
    }
  }

  /// Ten deals: two won and three lost by day 10, one is open at day 5, the rest at day 30.
  private let deals = CumulativeIncidence(
    [
      Spell(4, outcome: 0), Spell(10, outcome: 0), Spell(2, outcome: 1, count: 3),
      Spell(5, outcome: nil), Spell(30, outcome: nil, count: 4),
    ], outcomes: 2)

  @Test func aCohortIsWorkedOutByHand() throws {
    let won = try deals.incidence(of: 0, at: 15).get()
    // 3 of 10 lost; 1 of 7 won; then 1 of 5 of those left.
    #expect(isClose([won.value], [0.7 / 7 + 0.6 / 5]))
    #expect(isClose([try deals.incidence(of: 1, at: 15).get().value], [0.3]))
    #expect(won.low > 0.03 && won.low < won.value && won.high < 0.55)
    #expect(deals.total == 10 && deals.totalOpen == 5)
    #expect(deals.incidence(of: 0, at: 31) == .failure(.notObserved))
    #expect(
      CumulativeIncidence([], outcomes: 2).incidence(of: 0, at: 1) == .failure(.noData))
  }

  /// Where nothing or all has happened, the log(−log) scale fails; the interval still has a width.
  @Test func noneAndAllHaveWilsonsLimits() throws {
    let none = try deals.incidence(of: 0, at: 3).get()
    #expect(none.value == 0 && none.low == 0)
    #expect(none.high == (try Proportion(0, of: 10).wilson.get().high))
    #expect(try deals.incidence(of: 1, at: 0).get().high > 0.2)
    let all = CumulativeIncidence([Spell(3, outcome: 0, count: 8)], outcomes: 2)
    #expect(try all.incidence(of: 0, at: 90).get() == Proportion(8, of: 8).wilson.get())
    #expect(try all.incidence(of: 1, at: 90).get() == Proportion(0, of: 8).wilson.get())
  }

  @Test func aRiskSetThatEmptiesEarlyGivesNoFigures() throws {
    let curve = CumulativeIncidence(
      [Spell(1, outcome: 1), Spell(20, outcome: 0, entry: 5, count: 10)], outcomes: 2)
    #expect(curve.emptiedAt == 1)
    #expect(curve.incidence(of: 0, at: 20) == .failure(.riskSetEmptied))
    #expect(try curve.incidence(of: 0, at: 0.5).get().value == 0)
  }

  @Test func anOutcomeThatIsNotToldApartIsLeftOut() {
    let curve = CumulativeIncidence([Spell(1, outcome: 2), Spell(2, outcome: 1)], outcomes: 2)
    #expect(curve.unusable == 1 && curve.total == 1)
  }

  @Test func theCurveIsDrawnWhereSpellsEnded() {
    let points = deals.points(of: 0)
    #expect(points.map(\.time) == [2, 4, 10, 30])
    #expect(points.map(\.atRisk) == [10, 7, 5, 4])
    #expect(points.map(\.incidence.value).first == 0)
  }
}
