import Contracts
import Messaging
import Postgres
import ServiceWiring
import TestSupport
import Testing

@testable import StageService

@Suite struct CommandHandlerTests {
  private let now = Fixture.start

  private func withHandler(
    _ body: @Sendable (PostgresPool, CommandHandler) async throws -> Void
  ) async throws {
    try await withStageTables { pool in
      let catalog = PipelineCatalog(pool: pool)
      let recorder = Recorder(epoch: 1)
      let pipeline = PublishedPipeline(
        key: "general", version: 1, definition: Templates.general, publishedAt: now,
        publishedBy: "test")
      _ = try await catalog.publish(
        pipeline, announcing: try recorder.message(pipeline, trace: nil))
      try await body(
        pool,
        CommandHandler(
          catalog: catalog, directory: DirectoryCache(pool: pool, goodFor: .zero),
          recorder: recorder))
    }
  }

  private func handle(
    _ wires: [WireMessage], on topic: Topic = .stageCommands, _ pool: PostgresPool,
    _ handler: CommandHandler
  ) async throws -> BatchOutcome {
    let batch = ConsumedBatch(
      topic: topic, partition: 0,
      messages: wires.enumerated().map {
        ConsumedMessage(offset: Int64($0.offset), timestamp: nil, wire: $0.element)
      })
    return try await pool.transaction { try handler.handle(batch, in: $0, now: now) }
  }

  private func wire(
    _ number: UInt64, _ action: StageCommand.Action, deal: EntityID = Fixture.dealID,
    at: Instant? = nil, actor: String? = nil
  ) throws -> WireMessage {
    try StageCommand(
      id: Fixture.id(number), opportunityId: deal, actor: actor, occurredAt: at, action: action
    ).wireMessage(
      source: "test", traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
  }

  private func results(_ outcome: BatchOutcome) throws -> [CommandResult] {
    try outcome.outbox.filter { $0.topic == .commandResults }.map {
      try JSONCoding.decode(CommandResult.self, from: $0.wire.value ?? [])
    }
  }

  @Test func aBatchHandlesACommandAfterTheOther() async throws {
    try await withHandler { pool, handler in
      let outcome = try await handle(
        [
          try wire(1, .create(Fixture.new()), actor: "li.na"),
          try wire(2, .move(.init(to: "needs-analysis"))), try wire(3, .move(.init(to: "won"))),
        ], pool, handler)
      let results = try results(outcome)
      #expect(results.map(\.outcome) == [.accepted, .accepted, .refused])
      #expect(results.map(\.sequence) == [1, 2, 2])
      #expect(results[2].errors.first?.code == "transition-not-allowed")
      let deal = try await OpportunityStore(pool: pool).find(Fixture.dealID)
      #expect(deal?.stage == "needs-analysis")
      let events = try await HistoryStore(pool: pool).events(
        of: Fixture.dealID, after: nil, limit: 10)
      #expect(events.map(\.actor) == ["li.na", "service:activity-ingest"])
      #expect(events.map(\.sequence) == [1, 2])
    }
  }

  @Test func aBatchRecordsMovesAndTakesBack() async throws {
    try await withHandler { pool, handler in
      let activity = ActivityRecord(source: "/mail", id: "m-1", kind: "email", at: now)
      let first = try await handle(
        [
          try wire(1, .create(Fixture.new())), try wire(2, .recordActivity(activity)),
          try wire(3, .move(.init(to: "needs-analysis"))),
        ], pool, handler)
      let before = try results(first)
      let moved = try #require(before.last?.eventId)
      // One reversal reads its move from the table, the other from the batch.
      let second = try await handle(
        [
          try wire(4, .revert(.init(eventId: moved)), actor: "li.na"),
          try wire(5, .move(.init(to: "needs-analysis"))), try wire(6, .revert(.init())),
          try wire(7, .revert(.init())),
        ], pool, handler)
      let after = try results(second)
      #expect(after.map(\.outcome) == [.accepted, .accepted, .accepted, .refused])
      #expect(after.last?.errors.first?.code == "nothing-to-revert")
      let events = try await HistoryStore(pool: pool).events(of: Fixture.dealID)
      #expect(
        events.map(\.type) == [
          .created, .activityRecorded, .moved, .moveReverted, .moved, .moveReverted,
        ])
      #expect(
        events.dropFirst(2).map(\.id) == [moved] + after.prefix(3).compactMap(\.eventId))
      let again = try await handle([try wire(4, .revert(.init(eventId: moved)))], pool, handler)
      #expect(try results(again).first?.eventId == after.first?.eventId)
    }
  }

  @Test func theTraceOfACommandGoesOnInItsEvent() async throws {
    try await withHandler { pool, handler in
      let outcome = try await handle([try wire(1, .create(Fixture.new()))], pool, handler)
      for message in outcome.outbox {
        let trace = message.wire.header("ce_traceparent") ?? ""
        #expect(trace.hasPrefix("00-0af7651916cd43dd8448eb211c80319c-"))
        #expect(!trace.contains("b7ad6b7169203331"))
      }
    }
  }

  @Test func handlingACommandAgainChangesNothing() async throws {
    try await withHandler { pool, handler in
      let wires = [
        try wire(1, .create(Fixture.new())), try wire(2, .move(.init(to: "needs-analysis"))),
        try wire(3, .win(.init())),
      ]
      let first = try results(try await handle(wires, pool, handler))
      let again = try await handle(wires + wires, pool, handler)
      #expect(again.duplicates == 6)
      #expect(again.outbox.allSatisfy { $0.topic == .commandResults })
      let repeated = try results(again)
      #expect(repeated.allSatisfy { $0.duplicate })
      #expect(Array(repeated.prefix(3)).map(\.outcome) == first.map(\.outcome))
      let deal = try await OpportunityStore(pool: pool).find(Fixture.dealID)
      #expect(deal?.sequence == 2)
    }
  }

  @Test func anImportKeepsItsTimesAndRecordsWhatTheGateWouldHaveRefused() async throws {
    try await withHandler { pool, handler in
      let then = Instant("2022-04-06T00:00:00Z")!
      let outcome = try await handle(
        [
          try wire(1, .create(Fixture.new { $0.stage = "lost" }), at: then, actor: "salesforce"),
          try wire(2, .move(.init(to: "proposal")), at: then.adding(days: 3)),
        ], on: .importCommands, pool, handler)
      #expect(try results(outcome).allSatisfy { $0.outcome == .accepted })
      let events = try await HistoryStore(pool: pool).events(
        of: Fixture.dealID, after: nil, limit: 10)
      #expect(events.map(\.occurredAt) == [then, then.adding(days: 3)])
      #expect(events.map(\.actor) == ["import:salesforce", "import"])
      #expect(events[1].violations.map(\.code) == ["opportunity-closed"])
    }
  }

  @Test func deadlinesAreInWorkingDaysOfTheOwner() async throws {
    try await withHandler { pool, handler in
      let store = DirectoryStore(
        pool: pool, cache: DirectoryCache(pool: pool), recorder: Recorder(epoch: 1))
      _ = try await store.put(Staff.team("east", calendar: "cn"), expected: nil)
      _ = try await store.put(Staff.person("li.na", team: "east"), expected: nil)
      let friday = Instant("2026-02-13T15:00:00+08:00")!
      let outcome = try await handle(
        [
          try wire(1, .create(Fixture.new()), at: friday),
          try wire(2, .move(.init(to: "needs-analysis")), at: friday.adding(days: 1)),
          try wire(
            3, .create(Fixture.new { $0.owner = "nobody" }), deal: Fixture.id(50), at: friday),
        ], on: .importCommands, pool, handler)
      #expect(try results(outcome).allSatisfy { $0.outcome == .accepted })
      let events = try await HistoryStore(pool: pool).events(of: Fixture.dealID)
      // Saturday the 14th is worked, then come nine days off.
      #expect(
        events.map(\.followUpDueAt) == [
          Instant("2026-02-25T15:00:00+08:00"), Instant("2026-02-26T15:00:00+08:00"),
        ])
      let other = try await HistoryStore(pool: pool).events(of: Fixture.id(50))
      #expect(other.map(\.followUpDueAt) == [friday.adding(days: 3)], "an unknown owner")
    }
  }

  @Test func whatCannotBeReadIsBuriedAndTheRestGoesOn() async throws {
    try await withHandler { pool, handler in
      let good = try wire(1, .create(Fixture.new()))
      var unknownType = good
      unknownType.headers.removeAll { $0.name == "ce_type" }
      unknownType.headers.append(.init("ce_type", "sluice.something-else.v9"))
      var mismatched = good
      mismatched.headers.removeAll { $0.name == "ce_id" }
      mismatched.headers.append(.init("ce_id", Fixture.id(99).description))
      var garbled = good
      garbled.value = [0xFF, 0xFE]
      let outcome = try await handle(
        [
          garbled, WireMessage(key: nil, value: nil, headers: []), unknownType, mismatched,
          WireMessage(key: nil, value: Array("{}".utf8), headers: []), good,
        ], pool, handler)
      #expect(
        outcome.deadLetters.map(\.failure.code) == [.invalidData, .invalidData, .notAnEvent])
      #expect(outcome.tombstones == 1)
      #expect(outcome.unknownTypes == 1)
      #expect(outcome.applied == 1)
    }
  }

  @Test func refusalsNameWhatIsWrong() async throws {
    try await withHandler { pool, handler in
      let other = Fixture.id(50)
      let outcome = try await handle(
        [
          try wire(1, .win(.init())), try wire(2, .create(Fixture.new { $0.pipeline = "none" })),
          try wire(3, .create(Fixture.new { $0.externalId = "x-1" })),
          try wire(4, .create(Fixture.new { $0.externalId = "x-1" }), deal: other),
          try wire(5, .create(Fixture.new())),
        ], pool, handler)
      #expect(
        try results(outcome).map { $0.errors.first?.code } == [
          "not-found", "unknown-pipeline", nil, "external-id-taken", "already-exists",
        ])
    }
  }

  /// A creation that is refused takes no external id from another in the same batch.
  @Test func aRefusedCreationTakesNothing() async throws {
    try await withHandler { pool, handler in
      let nameless = Fixture.new {
        $0.name = ""
        $0.externalId = "x-1"
      }
      let outcome = try await handle(
        [
          try wire(1, .create(nameless)),
          try wire(2, .create(Fixture.new { $0.externalId = "x-1" }), deal: Fixture.id(50)),
        ], pool, handler)
      #expect(try results(outcome).map(\.outcome) == [.refused, .accepted])
    }
  }
}
