import Contracts
import Messaging
import Postgres
import Testing

@testable import Forecasting

/// A duplicate that became part of another deal is in no figure, as if it had never been.
@Suite struct StageMergeTests {
  static let stories = [
    StageRevertTests.Story("a duplicate in its first stage") { $0.merge() },
    StageRevertTests.Story("one that went its way and changed hands") {
      $0.move(to: "offer")
      $0.change { $0.owner = "bob" }
      $0.move(to: "won")
      $0.merge()
    },
    StageRevertTests.Story("one of which a move was taken back") {
      $0.move(to: "offer")
      $0.revert()
      $0.move(to: "lost")
      $0.merge()
    },
    StageRevertTests.Story("one that was on hold, and forgotten") {
      $0.followUpDueAt = $0.at.adding(days: 4)
      $0.hold(true)
      $0.hold(false)
      $0.move(to: "won")
      $0.merge()
    },
    StageRevertTests.Story("what it hears of afterwards changes nothing") {
      $0.move(to: "offer")
      $0.merge()
      $0.change { $0.amount = nil }
      $0.move(to: "talks")
    },
    StageRevertTests.Story("a restored database lost the merge") {
      $0.move(to: "won")
      $0.merge()
      $0.restore(losing: 1)
      $0.note()
    },
    StageRevertTests.Story("a restored database lost more than the merge, and it was made again") {
      $0.move(to: "offer")
      $0.merge()
      $0.restore(losing: 2)
      $0.move(to: "talks")
      $0.merge()
    },
  ]

  @Test(arguments: stories)
  func itVanishesFromEveryFigure(_ story: StageRevertTests.Story) async throws {
    try await expectTables(of: story.history)
  }

  @Test func nothingIsLeftButWhereItStoodAndWhatItBecamePartOf() async throws {
    try await withForecastingTables { pool in
      var history = History(1)
      history.followUpDueAt = History.start.adding(days: 1)
      history.create()
      history.move(to: "won")
      let survivor = History(2).id
      history.merge(into: survivor)
      try await pool.project(history.events)
      let tables = try await Tables(of: pool)
      #expect(tables.visits.isEmpty && tables.totals.isEmpty && tables.facts.count == 3)
      #expect(tables.daily.isEmpty && tables.dwell.isEmpty && tables.followUps.isEmpty)
      let row = try #require(tables.current[history.id])
      #expect(row.mergedInto == survivor && row.stage == "won" && row.sequence == 3)
      #expect(row.createdAt == nil && row.outcome == nil && row.closedAt == nil)
      // Whoever asks for open or won deals does not find it.
      let stored = try await pool.query("SELECT category, merged_into FROM current_stage")
      #expect(try stored.first?.decode(0, as: String.self) == "merged")
      #expect(try stored.first?.decode(1, as: EntityID.self) == survivor)
    }
  }

  /// Also of a duplicate, whose row is all that is left of it.
  @Test(arguments: [false, true])
  func anErasureTakesNamesAndChangesNoFigure(_ isMerged: Bool) async throws {
    try await withForecastingTables { pool in
      var history = History(1)
      history.create()
      history.move(to: "offer")
      if isMerged { history.merge() }
      try await pool.project(history.events)
      let before = try await Tables(of: pool)
      try await pool.project([history.erase(names: false)])
      #expect(try await Tables(of: pool).current[history.id]?.name == "Deal")
      try await pool.project([history.erase(names: true)])
      let after = try await Tables(of: pool)
      let row = try #require(after.current[history.id])
      #expect(row.name == ErasedData.mark && row.account == ErasedData.mark)
      #expect(row.sequence == history.last.sequence && row.stage == "offer")
      #expect(after.visits == before.visits && after.totals == before.totals)
      #expect(after.daily == before.daily && after.dwell == before.dwell)
      #expect(after.followUps == before.followUps)
    }
  }

  /// A custom field that was erased tells deals apart no more, whether or not the log still has it.
  @Test func anErasedFieldNarrowsNoFigure() async throws {
    try await withForecastingTables { pool in
      var history = History(1)
      history.create()
      history.set(["product": "Suite", "industry": .object(["name": "Steel"])])
      try await pool.project(history.events)
      func traits() async throws -> [String?] {
        let row = try #require(
          try await pool.query("SELECT product, industry FROM deal_traits").first)
        return [try row.optional(0), try row.optional(1)]
      }
      #expect(try await traits() == ["Suite", "Steel"])
      try await pool.project([history.erase(["industry", "phone"], names: false)])
      #expect(try await traits() == ["Suite", nil])
      try await pool.project([history.set(["product": .string(ErasedData.mark)])])
      #expect(try await traits() == [nil, nil])
      try await pool.project([history.set(["product": "Core"])])
      #expect(try await traits() == ["Core", nil])
    }
  }

  @Test func aMergeBeforeTheMovesWaits() async throws {
    try await withForecastingTables { pool in
      var history = History(1)
      history.create()
      history.move(to: "offer")
      history.merge()
      let early = try await pool.project([history.events[0], history.events[2]])
      #expect(early.applied == 1 && early.parked == 1)
      let first = Tables(naively: [[history.events[0]]])
      #expect(try await Tables(of: pool).differences(from: first) == [])
      #expect(try await pool.project([history.events[1]]).unparked == 1)
      let whole = Tables(naively: [history.log])
      #expect(try await Tables(of: pool).differences(from: whole) == [])
    }
  }

  @Test func itIsInNoFigureUnlessTheMergeWasNotKnownYet() async throws {
    try await withForecastingTables { pool in
      let start = History.start
      let now = start.adding(days: 10)
      func funnel(asOf: Instant? = nil, knownAt: Instant? = nil) async throws -> [Funnel.Row] {
        let question = FunnelQuestion(pipeline: Ladder.key, asOf: asOf, knownAt: knownAt)
        guard
          case .funnel(let funnel) = try await FunnelQueries(pool: pool).funnel(question, now: now)
        else { return [] }
        return funnel.stages
      }
      try await pool.publish(Ladder.published)
      var duplicate = History(1)
      duplicate.create()
      duplicate.move(to: "offer", afterDays: 1)
      var survivor = History(2)
      survivor.create()
      duplicate.merge(into: survivor.id, afterDays: 4)
      try await pool.project(duplicate.events + survivor.events)
      for rows in [
        try await funnel(), try await funnel(asOf: now, knownAt: now),
        // Also of a time at which it was there, as it is known now.
        try await funnel(asOf: start.adding(days: 2)),
      ] {
        #expect(rows.map(\.figures.count) == [1, 0, 0, 0, 0])
        #expect(rows.map(\.figures.entered) == [1, 0, 0, 0, 0])
        #expect(rows[0].figures.advanced == 0 && rows[0].figures.oldestEntry == start)
      }
      let unaware = try await funnel(knownAt: start.adding(days: 4))
      #expect(unaware.map(\.figures.count) == [1, 1, 0, 0, 0])
      #expect(unaware[0].figures.entered == 2 && unaware[0].figures.advanced == 1)
    }
  }
}
