import Contracts
import Messaging
import Postgres
import Testing

@testable import Forecasting

@Suite struct StageRevertTests {
  struct Story: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var tell: @Sendable (inout History) -> Void

    init(_ testDescription: String, _ tell: @escaping @Sendable (inout History) -> Void) {
      self.testDescription = testDescription
      self.tell = tell
    }

    var history: History {
      var history = History(1)
      history.create()
      tell(&history)
      return history
    }
  }

  static let stories = [
    Story("a move") {
      $0.move(to: "offer")
      $0.revert()
    },
    Story("a stay that went on ends on its own day") {
      $0.move(to: "offer")
      $0.revert()
      $0.move(to: "talks")
    },
    Story("several, one after the other") {
      $0.move(to: "offer")
      $0.move(to: "talks")
      $0.move(to: "won")
      $0.revert()
      $0.revert()
      $0.revert()
    },
    Story("a second time") {
      $0.move(to: "offer")
      $0.revert()
      $0.move(to: "offer")
      $0.revert()
      $0.move(to: "talks")
      $0.revert()
    },
    Story("after the deal changed hands") {
      $0.move(to: "offer")
      $0.change { $0.owner = "bob" }
      $0.note()
      $0.change { $0.team = "south" }
      $0.revert()
      $0.change { $0.owner = nil }
      $0.move(to: "talks")
    },
    Story("a win") {
      $0.move(to: "won")
      $0.revert()
    },
    Story("a loss") {
      $0.move(to: "lost")
      $0.revert()
    },
    Story("a reopening") {
      $0.move(to: "lost")
      $0.move(to: "offer")
      $0.revert()
    },
    Story("a move within the same stage stands between") {
      $0.move(to: "offer")
      $0.move(to: "offer")
      $0.revert()
    },
    Story("a move of an earlier epoch") {
      $0.move(to: "offer")
      $0.restore(losing: 0)
      $0.revert()
      $0.move(to: "talks")
    },
    Story("a restored database lost the move") {
      $0.move(to: "offer")
      $0.restore(losing: 1)
      $0.note()
      $0.move(to: "talks")
    },
    Story("a restored database lost the reversal") {
      $0.move(to: "offer")
      $0.revert()
      $0.restore(losing: 1)
      $0.note()
    },
    Story("a restored database lost everything") {
      $0.move(to: "offer")
      $0.restore(losing: 2)
      $0.owner = "bob"
      $0.create(in: "talks")
    },
  ]

  @Test(arguments: stories)
  func theStayVanishes(_ story: Story) async throws {
    try await expectTables(of: story.history)
  }

  @Test func theDealStandsWhereItStoodSinceWhenItStoodThere() async throws {
    try await withForecastingTables { pool in
      var history = History(1)
      history.create()
      history.move(to: "offer", afterDays: 2)
      try await pool.project(history.events)
      history.revert(afterDays: 3)
      try await pool.project([history.last])
      let row = try #require(try await Tables(of: pool).current[history.id])
      #expect(row.stage == "lead" && row.category == .open && row.position == 0)
      #expect(row.enteredAt == History.start && row.enteredSequence == 1 && row.sequence == 3)
      let tables = try await Tables(of: pool)
      #expect(tables.visits.map(\.stage) == ["lead"] && tables.visits.first?.leaving == nil)
      #expect(
        tables.totals == [
          TotalKey(
            pipeline: Ladder.key, stage: "lead", owner: "ann", team: "north", currency: "CNY"):
            TotalDelta(deals: 1, amountMinor: 1_000, entered: 1)
        ])
      // History keeps both.
      #expect(tables.facts.count == 3)
    }
  }

  @Test func anActivityOnlyBringsTheRowUpToDate() async throws {
    try await withForecastingTables { pool in
      var history = History(1)
      var created = history.create()
      created.data.followUpDueAt = history.at.adding(days: 3)
      try await pool.project([created])
      let before = try await Tables(of: pool)
      #expect(before.current[history.id]?.followUpDueAt == history.at.adding(days: 3))
      try await pool.project([history.note()])
      let after = try await Tables(of: pool)
      #expect(after.current[history.id]?.followUpDueAt == nil)
      #expect(after.current[history.id]?.stage == "lead")
      #expect(after.visits == before.visits && after.totals == before.totals)
    }
  }

  @Test func aReversalBeforeItsMoveWaits() async throws {
    try await withForecastingTables { pool in
      var history = History(1)
      history.create()
      history.move(to: "offer")
      history.revert()
      let early = try await pool.project([history.events[0], history.events[2]])
      #expect(early.applied == 1 && early.parked == 1)
      let first = Tables(naively: [[history.events[0]]])
      #expect(try await Tables(of: pool).differences(from: first) == [])
      #expect(try await pool.project([history.events[1]]).unparked == 1)
      let whole = Tables(naively: [history.log])
      #expect(try await Tables(of: pool).differences(from: whole) == [])
    }
  }

  /// stage-service sends no such thing; it must stop nothing either.
  @Test func aReversalOfWhatIsNotThereStopsNothing() async throws {
    try await withForecastingTables { pool in
      var history = History(1)
      history.create()
      history.move(to: "offer")
      history.move(to: "talks")
      history.revert()
      var events = history.events
      events[3].data.reverted?.sequence = 2
      events[3].data.reverted?.enteredSequence = 1
      #expect(try await pool.project(events).applied == 4)
      history.move(to: "won")
      #expect(try await pool.project([history.last]).applied == 1)
      let tables = try await Tables(of: pool)
      #expect(tables.current[history.id]?.stage == "won")
      #expect(tables.visits.map(\.stage).sorted() == ["lead", "talks", "won"])
    }
  }

  /// However the events come, the tables are what follows from all of them.
  @Test(arguments: [UInt64(21), 22, 23, 24, 25, 26])
  func anyDeliveryGivesWhatFollowsFromTheHistories(seed: UInt64) async throws {
    var random = SplitMix(seed)
    let histories = (1...80).map {
      History.random($0, restores: seed % 2 == 0, disordered: seed % 3 == 0, &random)
    }
    let batches = Delivery.random(histories, &random)
    try await withForecastingTables { pool in
      for batch in batches { try await pool.project(batch) }
      let expected = Tables(naively: histories.map(\.log))
      #expect(try await Tables(of: pool).differences(from: expected) == [])
      #expect(try await pool.count("parked_events") == 0)
    }
  }
}
