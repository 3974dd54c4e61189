import Contracts
import Postgres
import Statistics
import Testing

@testable import Forecasting

/// The ways to read stays and deals against each other.
@Suite struct StaySourceTests {
  private static let now = History.start.adding(days: 80)

  private static func questions() -> [FunnelQuestion] {
    [
      FunnelQuestion(pipeline: Ladder.key), FunnelQuestion(pipeline: Ladder.key, team: "south"),
      FunnelQuestion(pipeline: Ladder.key, owner: "bob"),
      FunnelQuestion(pipeline: Ladder.key, currency: "EUR"),
      FunnelQuestion(
        pipeline: Ladder.key, from: History.start.adding(days: 5),
        to: History.start.adding(days: 25)),
    ]
  }

  private static func sorted(_ data: DwellSpells) -> [String] {
    data.spells.map { spell in
      "\(Int((spell.duration * 1e9).rounded())) \(spell.outcome ?? -1) "
        + "\(Int((spell.entry * 1e9).rounded())) \(spell.count)"
    }.sorted() + ["unknown \(data.unknownEntry)"]
  }

  /// The table of visits and the events say the same of now; the sums differ by what they round.
  @Test(arguments: [UInt64(41), 42, 43])
  func visitsAndEventsAndSumsAgree(seed: UInt64) async throws {
    try await withForecastingTables { pool in
      try await pool.publish(Ladder.published)
      var random = SplitMix(seed)
      let histories = (1...80).map {
        History.random($0, restores: seed == 42, disordered: seed == 43, &random)
      }
      for batch in Delivery.random(histories, &random) { try await pool.project(batch) }
      for question in Self.questions() {
        for stage in Ladder.definition.stages.map(\.key) {
          let options = DwellOptions(
            stage: stage, observedFrom: question.team == nil ? nil : History.start.adding(days: 9))
          try await pool.transaction { transaction in
            let visits = try DwellQueries.spells(
              question, options, now: Self.now, in: transaction)
            var known = question
            known.knownAt = Self.now
            let events = try DwellQueries.spells(known, options, now: Self.now, in: transaction)
            #expect(Self.sorted(visits) == Self.sorted(events), "\(question) \(stage)")
            guard question.filter.isOfSums, question.currency == nil, question.from == nil,
              options.observedFrom == nil
            else { return }
            let sums = try DwellQueries.summed(question, stage, now: Self.now, in: transaction)
            #expect(sums.unknownEntry == visits.unknownEntry)
            for outcome in [nil, 0, 1, 2] {
              let lengths = visits.spells.filter { $0.outcome == outcome }
                .flatMap { Array(repeating: $0.duration, count: $0.count) }.sorted()
              let rounded = sums.spells.filter { $0.outcome == outcome }
                .flatMap { Array(repeating: $0.duration, count: $0.count) }.sorted()
              #expect(lengths.count == rounded.count)
              for (length, other) in zip(lengths, rounded) {
                #expect(abs(length - other) <= max(0.0051, 0.0051 * length))
              }
            }
          }
        }
      }
    }
  }

  private static func text(
    _ question: FunnelQuestion, _ options: ConversionOptions,
    in transaction: borrowing PostgresTransaction
  ) throws -> [String] {
    let cohorts = try ConversionQueries.cohorts(question, options, now: now, in: transaction)
    let closed = try ConversionQueries.closed(question, in: transaction)
    return ["\(cohorts)", "\(closed)"]
  }

  /// What stands in current_stage and what the events say of now.
  @Test(arguments: [UInt64(51), 52, 53])
  func dealsAreTheSameOutOfTheEvents(seed: UInt64) async throws {
    try await withForecastingTables { pool in
      try await pool.publish(Ladder.published)
      var random = SplitMix(seed)
      let histories = (1...80).map {
        History.random($0, restores: seed == 52, disordered: seed == 53, &random)
      }
      for batch in Delivery.random(histories, &random) { try await pool.project(batch) }
      for question in Self.questions() {
        var then = question
        then.asOf = Self.now
        let options = ConversionOptions(observedFrom: History.start.adding(days: 12))
        let (left, right) = try await pool.transaction { [then] transaction in
          (
            try Self.text(question, options, in: transaction),
            try Self.text(then, options, in: transaction)
          )
        }
        #expect(left == right)
      }
    }
  }
}
