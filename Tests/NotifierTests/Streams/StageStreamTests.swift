import Contracts
import Messaging
import Postgres
import Testing

@testable import Notifier

@Suite struct StageStreamTests {
  @Test func everySubscriptionGetsWhatItWants() async throws {
    try await withNotifierTables { pool in
      let all = try await pool.subscribe()
      let moves = try await pool.subscribe(types: [StageEventType.moved.rawValue])
      let west = try await pool.subscribe(filter: EventFilter(team: ["west"]))
      let offers = try await pool.subscribe(filter: EventFilter(stage: ["offer"]))
      let paused = try await pool.subscribe(status: .paused)
      let later = try await pool.subscribe(at: Story.start.adding(seconds: 60))
      var story = Story()
      story.create()
      story.move(to: "offer")
      story.change()
      story.move(to: "contract")
      let outcome = try await pool.read(story.events)
      #expect(outcome.applied == 4)
      let types = story.events.map(\.type.rawValue)
      #expect(try await pool.types(to: all).sorted() == types.sorted())
      #expect(try await pool.types(to: moves) == [types[1], types[3]])
      #expect(try await pool.types(to: west).isEmpty)
      // Entering, a change while the deal stands there, and leaving.
      #expect(try await pool.types(to: offers).sorted() == types.dropFirst().sorted())
      #expect(try await pool.types(to: paused).isEmpty)
      #expect(try await pool.types(to: later).isEmpty)
    }
  }

  @Test func aRepeatedEventAddsNothing() async throws {
    try await withNotifierTables { pool in
      let id = try await pool.subscribe()
      var story = Story()
      story.create()
      story.move(to: "offer")
      try await pool.read(story.events)
      let before = try await pool.deliveries(to: id).map(\.id)
      let outcome = try await pool.read(story.events)
      #expect(outcome.duplicates == 2 && outcome.applied == 0)
      #expect(try await pool.deliveries(to: id).map(\.id) == before)
      #expect(before.count == 2)
    }
  }

  @Test func anEventThatCameTooLateIsDeliveredNevertheless() async throws {
    try await withNotifierTables { pool in
      let id = try await pool.subscribe()
      var story = Story()
      let created = story.create()
      let moved = story.move(to: "offer")
      try await pool.read([moved, created, moved])
      #expect(try await pool.deliveries(to: id).count == 2)
      let followUp = try await pool.followUp(story.id)
      #expect(followUp?.stage == "offer" && followUp?.name == "ERP 二期")
    }
  }

  @Test func theBodyIsTheEvent() async throws {
    try await withNotifierTables { pool in
      try await pool.subscribe()
      var story = Story()
      let event = story.create()
      let wire = try event.wireMessage(source: "/sluice/stage-service")
      try await pool.handle(StageStream(directory: pool.directory), [wire])
      let bytes = try await pool.query("SELECT body FROM deliveries")[0]
        .decode(0, as: [UInt8].self)
      let body = try JSONCoding.decode([String: JSONValue].self, from: bytes)
      #expect(Set(body.keys) == ["data", "id", "source", "timestamp", "type"])
      #expect(body["type"] == .string(event.type.rawValue))
      #expect(body["id"] == .string(event.id.description))
      #expect(body["source"] == "/sluice/stage-service")
      #expect(body["timestamp"] == .string(event.occurredAt.description))
      let data = try JSONCoding.encode(try #require(body["data"]))
      #expect(try JSONCoding.decode(StageEventData.self, from: data) == event.data)
      // Members that we do not know are passed on as they came.
      #expect(bytes.starts(with: Array("{\"data\":".utf8) + (wire.value ?? [])))
    }
  }

  @Test func whatCannotBeReadBecomesADeadLetter() async throws {
    try await withNotifierTables { pool in
      try await pool.subscribe()
      var story = Story()
      let good = try story.create().wireMessage(source: "/test")
      var odd = Story(2)
      odd.owner = "a\0b"
      let outcome = try await pool.handle(
        StageStream(directory: pool.directory),
        [
          WireMessage(key: nil, value: [0xFF], headers: good.headers),
          try odd.create().wireMessage(source: "/test"),
          WireMessage(key: nil, value: nil, headers: []),
          CloudEvent(id: "x", source: "/x", type: "sluice.something-new.v1").binary(
            key: "k", data: [0x7B, 0x7D]),
          good,
        ])
      #expect(outcome.deadLetters.map(\.failure.code) == [.invalidData, .unprocessable])
      #expect(outcome.tombstones == 1 && outcome.unknownTypes == 1 && outcome.applied == 1)
      #expect(try await pool.deliveries().count == 1)
    }
  }

  /// The event's time is another machine's.
  @Test func anEventThatSeemsALittleOlderThanTheSubscriptionIsForIt() async throws {
    try await withNotifierTables { pool in
      let id = try await pool.subscribe()
      var (older, old) = (
        Story(1, at: Story.start.adding(seconds: -5.5)),
        Story(2, at: Story.start.adding(seconds: -4.5))
      )
      try await pool.read([older.create(), old.create()])
      #expect(try await pool.deliveries(to: id).map(\.opportunityID) == [old.id])
    }
  }

  /// The bodies of a batch may be more than one statement takes.
  @Test func largeBodiesGoInSeveralStatements() async throws {
    try await withNotifierTables { pool in
      var ids: [EntityID] = []
      for _ in 0..<4 { ids.append(try await pool.subscribe()) }
      let name = String(repeating: "n", count: 900_000)
      try await pool.read(
        (0..<6).map { number in
          var story = Story(number)
          return story.create(name: name)
        })
      for id in ids { #expect(try await pool.types(to: id).count == 6) }
      let row = try await pool.query("SELECT min(length(body)), sum(length(body)) FROM deliveries")[
        0]
      #expect(try row.decode(0, as: Int.self) > 900_000)
      #expect(try row.decode(1, as: Int64.self) > 16 << 20)
    }
  }

  @Test func ofASubscriptionThatIsDeletedMeanwhileNothingIsLeft() async throws {
    try await withNotifierTables { pool in
      let id = try await pool.subscribe()
      var story = Story()
      story.create()
      let event = story.events[0]
      try await pool.transaction { transaction in
        var fanOut = try FanOut(in: transaction, directory: pool.directory)
        try fanOut.add(
          OutgoingEvent(event, source: "/test", data: [0x7B, 0x7D], currentStage: "lead"))
        try transaction.execute("DELETE FROM subscriptions WHERE id = $1", id)
        try fanOut.write(at: Story.start, in: transaction)
      }
      #expect(try await pool.deliveries().isEmpty)
    }
  }

  @Test func aSubscriptionThatIsActiveAgainMissesThePause() async throws {
    try await withNotifierTables { pool in
      let clock = TestClock()
      let id = try await pool.subscribe()
      let store = SubscriptionStore(pool: pool)
      _ = try await store.change(id, now: clock.now) { $0.set(.paused, now: Story.start) }
      var story = Story(1, at: Story.start.adding(seconds: 1))
      story.create()
      clock.advance(seconds: 20)
      _ = try await store.change(id, now: clock.now) { [now = clock.now] in
        $0.set(.active, now: now)
      }
      story.now = clock.now
      story.move(to: "offer")
      try await pool.read(story.events)
      #expect(try await pool.types(to: id) == [StageEventType.moved.rawValue])
    }
  }
}

@Suite struct NoticeStreamTests {
  private func review(_ number: UInt64 = 1) -> Notice {
    Notice(
      id: .v7(at: Story.start, entropy: (number, number)), type: .reviewRequested,
      data: NoticeData(
        opportunityId: Story().id, name: "ERP", pipeline: "general", stage: "lead",
        owner: "li.na", team: "east", recordedAt: Story.start,
        message: LocalizedText(zh: "请确认", en: "please confirm"), to: "offer"))
  }

  @Test func noticesAreDeliveredOnce() async throws {
    try await withNotifierTables { pool in
      let reviews = try await pool.subscribe(types: [NoticeType.reviewRequested.rawValue])
      let offers = try await pool.subscribe(filter: EventFilter(stage: ["offer"]))
      let others = try await pool.subscribe(types: [NoticeType.followUpMissed.rawValue])
      let wire = try review().wireMessage(source: "/sluice/activity-ingest")
      for _ in 1...2 { try await pool.handle(NoticeStream(directory: pool.directory), [wire]) }
      #expect(try await pool.deliveries(to: reviews).count == 1)
      #expect(try await pool.deliveries(to: offers).count == 1)
      #expect(try await pool.deliveries(to: others).isEmpty)
    }
  }

  @Test func ourOwnAreDeliveredAlready() async throws {
    try await withNotifierTables { pool in
      try await pool.subscribe()
      let outcome = try await pool.handle(
        NoticeStream(directory: pool.directory),
        [
          try review(1).wireMessage(source: NotifierSource.name),
          try review(2).wireMessage(source: "/sluice/activity-ingest"),
        ])
      #expect(outcome.applied == 1 && outcome.duplicates == 1)
      #expect(try await pool.deliveries().count == 1)
    }
  }
}
