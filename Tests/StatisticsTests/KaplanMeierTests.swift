import Statistics
import TestSupport
import Testing

@Suite struct KaplanMeierTests {
  /// Weeks in remission of the 21 patients on 6-mercaptopurine of Freireich et al. (1963), the
  /// example of the textbooks.
  private let remissions = KaplanMeier(
    [6, 6, 6, 7, 10, 13, 16, 22, 23].map { Spell($0, ended: true) }
      + [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35].map { Spell($0, ended: false) })

  @Test func theTextbooksExampleComesOutAsInTheTextbooks() throws {
    let events = remissions.times.indices.filter { remissions.ended[$0] > 0 }
    #expect(events.map { remissions.times[$0] } == [6, 7, 10, 13, 16, 22, 23])
    #expect(events.map { remissions.atRisk[$0] } == [21, 17, 15, 12, 11, 7, 6])
    #expect(
      events.map { (remissions.survival[$0] * 10_000).rounded() }
        == [8571, 8067, 7529, 6902, 6275, 5378, 4482])
    #expect(remissions.total == 21 && remissions.totalEnded == 9 && remissions.totalOpen == 12)
    #expect(remissions.median.value == 23 && remissions.median.low == 13)
    #expect(remissions.median.high == nil && remissions.median.lack == nil)
    #expect(remissions.quantile(0.75).lack == .notReached)
    #expect(remissions.naiveMeanOfEnded.map { ($0 * 1_000).rounded() } == 12_111)
    let atTen = try remissions.survival(at: 11.5).get()
    #expect(isClose([atTen.value], [0.752_941_176_470_588]))
    #expect(remissions.atRisk(at: 11.5) == 12 && remissions.atRisk(at: 36) == 0)
    #expect(remissions.survival(at: 36) == .failure(.notObserved))
  }

  @Test func everyCurveIsThatOfTheDefinition() throws {
    var generator = Generator(seed: 1)
    for index in 0..<1_000 {
      let spells = generator.spells(late: index % 2 == 1)
      let curve = KaplanMeier(spells)
      let textbook = Textbook(spells)
      for (step, time) in curve.times.enumerated() {
        #expect(isClose([curve.survival[step]], [textbook.survival(at: time)]), "set \(index)")
        #expect(curve.atRisk[step] == textbook.atRisk(at: time), "set \(index)")
        let ended = textbook.events.first { $0.time == time }?.endedAny ?? 0
        #expect(Double(curve.ended[step]) == ended, "set \(index)")
      }
      for _ in 0..<5 {
        let time = generator.uniform() * (curve.times.last ?? 1)
        #expect(curve.atRisk(at: time) == textbook.atRisk(at: time), "set \(index), \(time)")
      }
    }
  }

  @Test func rowsOfSeveralSpellsAreSpellsAndTheirOrderDoesNotMatter() {
    var generator = Generator(seed: 2)
    for index in 0..<300 {
      let spells = generator.spells(late: index % 2 == 1)
      let curve = KaplanMeier(spells.sorted { $0.duration < $1.duration })
      for other in [KaplanMeier(spells.singly.shuffled(using: &generator)), KaplanMeier(spells)] {
        #expect(curve.times == other.times && curve.atRisk == other.atRisk)
        #expect(curve.survival == other.survival && curve.median == other.median)
        #expect(curve.restrictedMean() == other.restrictedMean())
        #expect(curve.points() == other.points())
      }
    }
  }

  @Test func withoutSpellsThereIsAReason() {
    let empty = KaplanMeier([])
    #expect(empty.times.isEmpty && empty.total == 0 && empty.points().isEmpty)
    #expect(empty.median == SurvivalQuantile(share: 0.5, lack: .noData))
    #expect(empty.survival(at: 3) == .failure(.noData))
    #expect(empty.restrictedMean() == .failure(.noData))
    #expect(empty.naiveMeanOfEnded == nil && empty.atRisk(at: 0) == 0)
  }

  @Test func whereAllAreOpenNothingIsKnownOfTheirEnd() throws {
    let open = KaplanMeier([Spell(3, ended: false), Spell(8, ended: false, count: 4)])
    #expect(open.median == SurvivalQuantile(share: 0.5, lack: .noneEnded))
    #expect(try open.survival(at: 8).get() == Estimate(value: 1, low: 1, high: 1))
    #expect(open.survival(at: 8.1) == .failure(.notObserved))
    let mean = try open.restrictedMean(upTo: 5).get()
    #expect(mean.mean == Estimate(value: 5, low: 5, high: 5) && mean.horizon == 5)
    #expect(open.naiveMeanOfEnded == nil)
  }

  @Test func oneSpellHasAMedianOfWhichTheUpperLimitIsMarkedUncertain() throws {
    let one = KaplanMeier([Spell(5, ended: true)])
    #expect(
      one.median
        == SurvivalQuantile(share: 0.5, value: 5, low: 5, high: 5, isHighUncertain: true))
    #expect(try one.survival(at: 1_000).get() == Estimate(value: 0, low: 0, high: 0))
    #expect(one.points().map(\.time) == [0, 5])
    let many = KaplanMeier((1...400).map { Spell(Double($0), ended: true) })
    #expect(!many.median.isHighUncertain && many.median.high ?? 0 > 200)
  }

  @Test func spellsOfNoLengthCount() throws {
    let none = KaplanMeier([Spell(0, ended: true, count: 3), Spell(0, ended: false)])
    #expect(none.survival == [0.25] && none.atRisk == [4] && none.median.value == 0)
    #expect(try none.survival(at: 0).get().value == 0.25)
    #expect(try none.restrictedMean().get().mean.value == 0)
    #expect(none.points().map(\.time) == [0])
    #expect(none.points().map(\.atRisk) == [4])
  }

  /// One spell is watched from its beginning and ends at 1; ten come under observation later. The
  /// product of the shares is 0 from 1 on, but nobody would say that spells last 1.
  @Test func aRiskSetThatEmptiesEarlyGivesNoFigures() {
    let curve = KaplanMeier([Spell(1, ended: true), Spell(20, ended: true, entry: 5, count: 10)])
    #expect(curve.emptiedAt == 1 && curve.survival == [0, 0])
    #expect(curve.median == SurvivalQuantile(share: 0.5, lack: .riskSetEmptied))
    #expect(curve.restrictedMean() == .failure(.riskSetEmptied))
    #expect(curve.survival(at: 1) == .failure(.riskSetEmptied))
    #expect((try? curve.survival(at: 0.5).get().value) == 1)
    #expect(curve.atRisk(at: 3) == 0 && curve.atRisk(at: 5) == 0 && curve.atRisk(at: 5.1) == 10)
  }

  @Test(arguments: [
    Spell(-1, ended: true), Spell(.nan, ended: true), Spell(.infinity, ended: false),
    Spell(1e101, ended: true), Spell(3, ended: true, entry: 3), Spell(3, ended: true, entry: -1),
    Spell(3, ended: true, entry: .nan), Spell(3, outcome: -1),
  ])
  func rowsThatMeanNothingAreCountedApart(_ spell: Spell) {
    let curve = KaplanMeier([Spell(2, ended: true), spell])
    #expect(curve.unusable == 1 && curve.total == 1 && curve.times == [2])
    let several = CumulativeIncidence([Spell(2, ended: true), spell], outcomes: 1)
    #expect(several.unusable == 1 && several.total == 1)
  }

  @Test func rowsOfNoSpellsAreNothing() {
    let curve = KaplanMeier([Spell(2, ended: true, count: 0), Spell(1, ended: true, count: -5)])
    #expect(curve.unusable == 0 && curve.total == 0 && curve.times.isEmpty)
  }

  @Test func aLongCurveIsDrawnWithFewPoints() {
    let curve = KaplanMeier((1...10_000).map { Spell(Double($0), ended: $0 != 10_000) })
    let points = curve.points(limit: 100)
    #expect(points.count == 100 && points.map(\.time) == points.map(\.time).sorted())
    #expect(points[0].time == 0 && points[0].survival.value == 1 && points[0].atRisk == 10_000)
    #expect(points.last?.time == 10_000 && points.last?.atRisk == 1)
    #expect(curve.points(limit: 20_000).count == 10_001)
  }
}
