import Contracts
import Foundation
import Messaging
import Postgres
import Testing

@testable import Forecasting

@Suite struct FunnelTests {
  private static let now = History.start.adding(days: 400)

  private func funnel(
    _ pool: PostgresPool, team: String? = nil, owner: String? = nil, asOf: Instant? = nil,
    knownAt: Instant? = nil, now: Instant = FunnelTests.now
  ) async throws -> Funnel {
    let question = FunnelQuestion(
      pipeline: Ladder.key, team: team, owner: owner, asOf: asOf, knownAt: knownAt)
    guard case .funnel(let funnel) = try await FunnelQueries(pool: pool).funnel(question, now: now)
    else { throw UnknownPipeline() }
    return funnel
  }

  private struct UnknownPipeline: Error {}

  private func figures(_ funnel: Funnel, _ stage: String) throws -> Funnel.Row {
    try #require(funnel.stages.first { $0.stage.key == stage })
  }

  @Test func amountsAreSummedPerCurrencyAndMissingOnesCounted() async throws {
    try await withForecastingTables { pool in
      try await pool.publish(Ladder.published)
      let amounts: [Money?] = [
        Money(minor: 1_050, currency: "CNY"), Money(minor: 2_000, currency: "CNY"),
        Money(minor: .max, currency: "USD"), Money(minor: .max, currency: "USD"),
        Money(minor: -5, currency: "EUR"), nil, nil,
      ]
      try await pool.project(
        amounts.enumerated().map { number, amount in
          var history = History(number)
          history.amount = amount
          return history.create()
        })
      let lead = try figures(try await funnel(pool), "lead").figures
      #expect(lead.count == 7 && lead.unpriced == 2)
      #expect(
        lead.amounts == [
          "CNY": 3_050, "EUR": -5, "USD": Decimal(string: "18446744073709551614"),
        ])
    }
  }

  @Test func figuresOfAStage() async throws {
    try await withForecastingTables { pool in
      try await pool.publish(Ladder.published)
      var first = History(1)
      first.create()
      first.move(to: "offer", afterDays: 2)
      var second = History(2)
      second.create(entryUnknown: true)
      second.move(to: "offer", afterDays: 2)
      second.move(to: "lead", afterDays: 1)
      var third = History(3)
      third.create()
      try await pool.project(first.events + second.events + third.events)
      let funnel = try await funnel(pool, now: History.start.adding(days: 10))
      #expect(funnel.stages.map(\.stage.key) == ["lead", "offer", "talks", "won", "lost"])
      let lead = try figures(funnel, "lead")
      #expect(lead.figures.count == 2 && lead.figures.entered == 4 && lead.figures.advanced == 2)
      #expect(lead.conversion == 0.5)
      #expect(lead.meanDwellDays == 2 && lead.oldestDays == 10)
      let offer = try figures(funnel, "offer")
      #expect(offer.figures.back == 1 && offer.meanDwellDays == 1 && offer.oldestDays == 8)
      let won = try figures(funnel, "won")
      #expect(won.conversion == nil && won.meanDwellDays == nil && won.oldestDays == nil)
      #expect(won.figures.count == 0)
    }
  }

  @Test func ownerAndTeamNarrowIt() async throws {
    try await withForecastingTables { pool in
      try await pool.publish(Ladder.published)
      var moved = History(1)
      moved.create()
      moved.change { $0.owner = "bob" }
      moved.move(to: "offer")
      try await pool.project(moved.events)
      for asOf in [nil, Self.now] {
        let ann = try await funnel(pool, owner: "ann", asOf: asOf)
        #expect(try figures(ann, "lead").figures.entered == 1)
        #expect(try figures(ann, "lead").figures.advanced == 0)
        #expect(try figures(ann, "offer").figures.count == 0)
        let bob = try await funnel(pool, team: "north", owner: "bob", asOf: asOf)
        #expect(try figures(bob, "lead").figures.advanced == 1)
        #expect(try figures(bob, "offer").figures.count == 1)
        let south = try await funnel(pool, team: "south", asOf: asOf)
        #expect(south.stages.allSatisfy { $0.figures == StageFigures() })
      }
    }
  }

  @Test func anEarlierTimeShowsWhatWasThen() async throws {
    try await withForecastingTables { pool in
      try await pool.publish(Ladder.published)
      var history = History(1)
      history.create()
      history.move(to: "offer", afterDays: 5)
      history.move(to: "won", afterDays: 5)
      var events = history.events
      // The last move was entered into the system a month late.
      events[2].data.recordedAt = history.at.adding(days: 30)
      try await pool.project(events)

      let start = History.start
      let early = try await funnel(pool, asOf: start.adding(days: 3))
      #expect(try figures(early, "lead").figures.count == 1)
      #expect(try figures(early, "lead").oldestDays == 3)
      #expect(try figures(early, "offer").figures.entered == 0)
      let before = try await funnel(pool, asOf: start.adding(days: -1))
      #expect(before.stages.allSatisfy { $0.figures == StageFigures() })
      let unaware = try await funnel(
        pool, asOf: start.adding(days: 20), knownAt: start.adding(days: 20))
      #expect(try figures(unaware, "offer").figures.count == 1)
      let aware = try await funnel(pool, asOf: start.adding(days: 20))
      #expect(try figures(aware, "won").figures.count == 1)
      #expect(try figures(aware, "offer").meanDwellDays == 5)
    }
  }

  @Test func stagesThatOnlyOlderVersionsHaveAppearWhileDealsStandThere() async throws {
    try await withForecastingTables { pool in
      var slim = Ladder.definition
      slim.stages.removeAll { ["offer", "talks"].contains($0.key) }
      slim.stages.insert(Ladder.stage("demo", zh: "演示", .open), at: 1)
      try await pool.publish(Ladder.published, Ladder.version(2, slim))
      var deal = History(1)
      deal.create(in: "talks")
      var early = History(2)
      early.create(in: "not-yet-known")
      try await pool.project(deal.events + early.events)
      for asOf in [nil, Self.now] {
        let funnel = try await funnel(pool, asOf: asOf)
        #expect(
          funnel.stages.map(\.stage.key) == [
            "lead", "demo", "won", "lost", "talks", "not-yet-known",
          ])
        #expect(funnel.stages.last?.stage.category == "open")
        #expect(
          funnel.stages.last?.stage.name == LocalizedText(zh: "not-yet-known", en: "not-yet-known"))
      }
    }
  }

  @Test func anUnknownPipelineNamesTheKnownOnes() async throws {
    try await withForecastingTables { pool in
      var other = Ladder.published
      other.key = "hardware"
      try await pool.publish(Ladder.published, other)
      let answer = try await FunnelQueries(pool: pool).funnel(
        FunnelQuestion(pipeline: "nothing"), now: Self.now)
      guard case .unknownPipeline(let known) = answer else {
        Issue.record("there is no such pipeline")
        return
      }
      #expect(known == ["hardware", "software"])
    }
  }

  /// The figures out of the events equal those out of the current tables, whatever happened.
  @Test(arguments: [UInt64(11), 12, 13, 14])
  func bothWaysAgreeAtNow(seed: UInt64) async throws {
    try await withForecastingTables { pool in
      try await pool.publish(Ladder.published)
      var random = SplitMix(seed)
      let events = (1...60).flatMap { History.random($0, &random).log }
      try await pool.project(events)
      for team in [nil, "north", "south"] {
        for owner in [nil, "ann", "bob"] {
          let current = try await funnel(pool, team: team, owner: owner)
          let historical = try await funnel(pool, team: team, owner: owner, asOf: Self.now)
          #expect(current == historical)
          let known = try await funnel(pool, team: team, owner: owner, knownAt: Self.now)
          #expect(current.stages == known.stages)
        }
      }
    }
  }

  /// The figures of an earlier time out of the days equal those out of the events.
  @Test(arguments: [UInt64(21), 22, 23, 24, 25, 26])
  func daysAndEventsAgree(seed: UInt64) async throws {
    try await withForecastingTables { pool in
      try await pool.publish(Ladder.published)
      var random = SplitMix(seed)
      let isDisordered = seed > 24
      let histories = (1...60).map {
        History.random($0, restores: seed > 23, disordered: isDisordered, &random)
      }
      for batch in Delivery.random(histories, &random) { try await pool.project(batch) }
      for _ in 1...8 {
        let any = History.start.adding(days: Double.random(in: -1...50, using: &random))
        let midnight = Int64(any.day) * 86_400_000_000 + Int64.random(in: -1...1, using: &random)
        let time =
          Bool.random(using: &random) ? any : Instant(microseconds: midnight)
        for (team, currency) in [
          (nil, nil), ("north", nil), ("south", "EUR"), (nil, "CNY"),
        ] as [(String?, String?)] {
          let filter = DealFilter(pipeline: Ladder.key, team: team, currency: currency)
          let (days, events) = try await pool.transaction { transaction in
            (
              try FlowSums.daily(filter, asOf: time, in: transaction),
              try FlowSums.historical(filter, asOf: time, knownAt: nil, in: transaction)
            )
          }
          for stage in Ladder.definition.stages.map(\.key) {
            var found = days.figures(of: stage)
            let expected = events.figures(of: stage)
            // Visits do not tell since when a deal stood there before its events were in order.
            if isDisordered { found.oldestEntry = expected.oldestEntry }
            #expect(found == expected)
            #expect(days.moves(from: stage) == events.moves(from: stage))
          }
        }
      }
    }
  }

  /// What was known at a time is what the tables held then, reversals that came later or not.
  @Test(arguments: [UInt64(31), 32, 33])
  func whatWasKnownIsWhatTheTablesHeldThen(seed: UInt64) async throws {
    var random = SplitMix(seed)
    let events = (1...40).flatMap { History.random($0, &random).log }
    try await withForecastingTables { pool in
      try await pool.publish(Ladder.published)
      try await pool.project(events)
      for _ in 1...4 {
        let time = History.start.adding(days: Double.random(in: 0...60, using: &random))
        let known = try await funnel(pool, knownAt: time)
        try await withForecastingTables { then in
          try await then.publish(Ladder.published)
          try await then.project(events.filter { $0.recordedAt <= time })
          let held = try await funnel(then)
          #expect(known.stages == held.stages)
        }
      }
    }
  }

  @Test func aRevertedStayIsInNoFigureUnlessTheReversalWasNotKnownYet() async throws {
    try await withForecastingTables { pool in
      try await pool.publish(Ladder.published)
      var history = History(1)
      history.create()
      history.move(to: "offer", afterDays: 2)
      history.change(afterDays: 1) { $0.owner = "bob" }
      history.revert(afterDays: 3)
      try await pool.project(history.events)
      let start = History.start
      // Between the move and its reversal, asked today: the deal never was there.
      let asked = [
        try await funnel(pool), try await funnel(pool, asOf: start.adding(days: 4)),
        try await funnel(pool, asOf: Self.now, knownAt: Self.now),
        try await funnel(pool, asOf: start.adding(days: 2.5), knownAt: start.adding(days: 6)),
      ]
      for funnel in asked {
        #expect(try figures(funnel, "offer").figures == StageFigures())
        let lead = try figures(funnel, "lead").figures
        #expect(lead.count == 1 && lead.entered == 1 && lead.advanced == 0)
        #expect(lead.endedKnown == 0 && lead.oldestEntry == start)
      }
      // As it was known before the reversal was recorded.
      let unaware = try await funnel(pool, knownAt: start.adding(days: 5))
      #expect(try figures(unaware, "offer").figures.count == 1)
      #expect(try figures(unaware, "lead").figures.advanced == 1)
      #expect(try figures(unaware, "lead").meanDwellDays == 2)
      let owned = try await funnel(pool, owner: "bob", knownAt: start.adding(days: 5))
      #expect(try figures(owned, "offer").figures.count == 1)
    }
  }

  @Test func aStageOfWhichOnlyARevertedMoveKnowsHasItsCategory() async throws {
    try await withForecastingTables { pool in
      try await pool.publish(Ladder.published)
      var history = History(1)
      history.create()
      history.move(to: "not-yet-known")
      history.revert()
      try await pool.project(history.events)
      #expect(try await funnel(pool).stages.map(\.stage.key).last == "lost")
      let unaware = try await funnel(pool, knownAt: History.start.adding(days: 1.5))
      #expect(unaware.stages.last?.stage.key == "not-yet-known")
      #expect(unaware.stages.last?.stage.category == "open")
    }
  }
}

extension FlowSums {
  /// Without those of zero.
  fileprivate func moves(from stage: String) -> [String: Moves] {
    (moves[stage] ?? [:]).filter { $0.value != Moves() }
  }
}
