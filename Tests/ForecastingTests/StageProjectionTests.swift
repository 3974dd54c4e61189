import Contracts
import Messaging
import Postgres
import Testing

@testable import Forecasting

@Suite struct StageProjectionTests {
  /// A few deals with moves forwards, back, lost and reopened, as one list per deal.
  private static func histories(_ count: Int) -> [History] {
    (1...count).map { number in
      var history = History(number, at: History.start.adding(days: Double(number % 3)))
      history.owner = "owner-\(number % 4)"
      history.create(entryUnknown: number % 5 == 0)
      history.move(to: "offer", afterDays: 0.5)
      history.change { $0.owner = "bob" }
      history.move(to: number % 2 == 0 ? "talks" : "lost")
      history.move(to: "offer")
      return history
    }
  }

  @Test func anEmptyBatchChangesNothing() async throws {
    try await withForecastingTables { pool in
      let outcome = try await pool.project([WireMessage]())
      #expect(outcome.applied == 0)
      #expect(try await pool.snapshot() == [])
    }
  }

  @Test func aBatchTwiceIsABatchOnce() async throws {
    try await withForecastingTables { pool in
      let events = Self.histories(20).flatMap(\.events)
      #expect(try await pool.project(events).applied == 100)
      let once = try await pool.snapshot()
      let again = try await pool.project(events)
      #expect(again.applied == 0 && again.duplicates == 100)
      #expect(try await pool.snapshot() == once)
    }
  }

  @Test func anEventTwiceInABatchCountsOnce() async throws {
    try await withForecastingTables { pool in
      let history = Self.histories(1)[0]
      let outcome = try await pool.project(history.events + history.events)
      #expect(outcome.applied == 5 && outcome.duplicates == 5)
      #expect(try await pool.count("applied_events") == 5)
    }
  }

  /// However the deals' events are interleaved and cut into batches, the tables end up the same.
  @Test(arguments: [1, 2, 3])
  func orderAcrossOpportunitiesDoesNotMatter(seed: UInt64) async throws {
    let histories = Self.histories(12)
    let expected = try await withForecastingTables { pool in
      try await pool.project(histories.flatMap(\.events))
      return try await pool.snapshot()
    }
    try await withForecastingTables { pool in
      var random = SplitMix(seed)
      var queues = histories.map { $0.events[...] }
      while queues.contains(where: { !$0.isEmpty }) {
        var batch: [StageEvent] = []
        for _ in 0..<Int.random(in: 1...9, using: &random) {
          let index = Int.random(in: 0..<queues.count, using: &random)
          if let event = queues[index].popFirst() { batch.append(event) }
        }
        try await pool.project(batch)
      }
      #expect(try await pool.snapshot() == expected)
    }
  }

  @Test func aGapIsParkedUntilItIsFilled() async throws {
    try await withForecastingTables { pool in
      let events = Self.histories(1)[0].events
      let early = try await pool.project([events[0], events[2], events[3]])
      #expect(early.applied == 1 && early.parked == 2)
      #expect(try await pool.count("parked_events") == 2)
      #expect(try await pool.count("applied_events") == 1)
      // Delivered once more, they are no new gap.
      #expect(try await pool.project([events[2]]).parked == 0)
      let filled = try await pool.project([events[1], events[4]])
      #expect(filled.applied == 4 && filled.unparked == 2)
      #expect(try await pool.count("parked_events") == 0)
      let parked = try await pool.snapshot()
      try await withForecastingTables { other in
        try await other.project(events)
        #expect(try await other.snapshot() == parked)
      }
    }
  }

  @Test func whatIsNoEventIsCountedAndTheRestApplied() async throws {
    try await withForecastingTables { pool in
      let good = try Self.histories(1)[0].events.map { try $0.wireMessage(source: "test") }
      let moved = StageEventType.moved.rawValue
      var tooLong = Self.histories(1)[0].events[0]
      tooLong.data.pipeline = String(repeating: "x", count: 20_000)
      var null = Self.histories(1)[0].events[0]
      null.data.owner = "a\0b"
      let outcome = try await pool.project(
        [
          .event(type: moved, value: Array("not JSON".utf8)),
          .event(type: moved, value: nil),
          .event(type: "sluice.stage-painted.v1", value: Array("{}".utf8)),
          .event(type: moved, value: Array("{}".utf8)),
          .event(type: moved, value: [0xFF, 0xFE]),
          WireMessage(key: nil, value: Array("{}".utf8), headers: []),
          try tooLong.wireMessage(source: "test"),
          try null.wireMessage(source: "test"),
        ] + good)
      #expect(outcome.applied == 5 && outcome.tombstones == 1 && outcome.unknownTypes == 1)
      let failures = outcome.deadLetters.map(\.failure)
      #expect(
        failures.map(\.code) == [
          .invalidData, .invalidData, .invalidData, .notAnEvent, .unprocessable, .unprocessable,
        ])
      #expect(outcome.deadLetters.map(\.message.offset) == [0, 3, 4, 5, 6, 7])
      #expect(failures.map(\.reason)[1].hasSuffix("/opportunityId is missing"))
    }
  }

  @Test func theLongestTextsFitIntoTheIndexes() async throws {
    try await withForecastingTables { pool in
      // Random letters, because PostgreSQL compresses what repeats.
      var random = SplitMix(7)
      func text(_ count: Int) -> String {
        let bytes = (0..<count).map { _ in UInt8.random(in: 33...126, using: &random) }
        return String(decoding: bytes, as: UTF8.self)
      }
      var history = History(1)
      history.pipeline = text(512)
      history.owner = String(repeating: "名", count: 100) + text(20_000)
      history.team = String(repeating: "队", count: 100) + text(20_000)
      history.create(in: text(512))
      // They differ behind what the index holds of them as text.
      var other = history.copy(2)
      other.owner = history.owner.map { $0 + "!" }
      other.create(in: history.stage)
      var large = History(3).withCreation()
      large.data.name = String(repeating: "长", count: 200_000)
      for _ in 1...2 {
        let outcome = try await pool.project(history.events + other.events + [large])
        #expect(outcome.deadLetters.isEmpty)
        history.move(to: "won")
        other.move(to: "won")
      }
      let totals = try await pool.query(
        "SELECT count(*) FROM stage_totals WHERE entered = 1 AND stage <> 'lead'")
      #expect(try totals[0].decode(0, as: Int.self) == 4)
    }
  }

  @Test func aRestoredEpochGoesOnWithoutStopping() async throws {
    try await withForecastingTables { pool in
      var before = History(1)
      before.create()
      before.move(to: "offer")
      var after = before
      before.move(to: "talks")
      after.epoch = 2
      after.move(to: "won")
      try await pool.project(before.events)
      #expect(try await pool.project([after.last]).applied == 1)
      let row = try await pool.query("SELECT stage, epoch FROM current_stage")[0]
      #expect(try row.decode(0, as: String.self) == "won")
      #expect(try row.decode(1, as: Int.self) == 2)
    }
  }

  @Test func concurrentProjectorsOfManyDealsDoNotBlockEachOther() async throws {
    try await withForecastingTables { pool in
      let histories = Self.histories(40)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for part in 0..<4 {
          let own = histories.enumerated().filter { $0.offset % 4 == part }.map(\.element)
          group.addTask {
            for index in 0..<5 { try await pool.project(own.map { $0.events[index] }) }
          }
        }
        try await group.waitForAll()
      }
      let found = try await pool.snapshot()
      try await withForecastingTables { other in
        try await other.project(histories.flatMap(\.events))
        #expect(try await other.snapshot() == found)
      }
    }
  }
}

extension History {
  /// Another deal of the same pipeline and team, without events.
  func copy(_ number: Int) -> History {
    var history = History(number)
    history.pipeline = pipeline
    history.team = team
    return history
  }

  func withCreation() -> StageEvent {
    var history = self
    return history.create()
  }
}
