import Contracts
import Messaging
import Postgres
import ServiceWiring
import TestSupport
import Testing

/// What `directory.v1` does to the mirror of a service, and what the cache reads from it.
@Suite struct DirectoryMirrorTests {
  private struct Mirror: Sendable {
    let pool: PostgresPool

    @discardableResult
    func apply(_ messages: [WireMessage]) async throws -> BatchOutcome {
      let batch = ConsumedBatch(
        topic: .directory, partition: 0,
        messages: messages.enumerated().map {
          ConsumedMessage(offset: Int64($0.offset), timestamp: nil, wire: $0.element)
        })
      return try await pool.transaction { transaction in
        try DirectoryHandler(mirrors: true).handle(batch, in: transaction, now: Staff.at)
      }
    }

    /// Read anew, as by a process that has just started.
    func directory() async throws -> Directory {
      try await DirectoryCache(pool: pool).current()
    }

    func revision() async throws -> Int64 {
      try await pool.query("SELECT revision FROM directory_revision")[0].decode(0)
    }
  }

  private func withMirror(_ body: (Mirror) async throws -> Void) async throws {
    try await withTestDatabase { database in
      try await Migrator.migrate(
        database.pool, schema: database.schema,
        sets: [MessagingMigrations.set, DirectoryMigrations.set, DirectoryMigrations.mirror],
        logger: quiet)
      try await body(Mirror(pool: database.pool))
    }
  }

  private func wire(_ entries: any DirectoryPayload...) throws -> [WireMessage] {
    try entries.map { try $0.wireMessage(source: "/sluice/stage-service") }
  }

  private func tombstone(_ key: String?) -> WireMessage {
    WireMessage(key: key.map { Array($0.utf8) }, value: nil, headers: [])
  }

  @Test func peopleTeamsAndCalendarsAreMirrored() async throws {
    try await withMirror { mirror in
      let daily = WorkingCalendar(
        name: LocalizedText(zh: "每天", en: "Every day"), workingDays: Set(Weekday.allCases))
      let calendar = CalendarEntry(
        id: "daily", calendar: daily, changedAt: Staff.at, changedBy: "chen.admin")
      let messages =
        try Staff.people.map { try $0.wireMessage(source: "/s") }
        + Staff.teams.map { try $0.wireMessage(source: "/s") }
        + wire(calendar, Staff.team("east-1", under: "east", calendar: "daily"))
      let outcome = try await mirror.apply(messages)
      #expect(outcome.applied == messages.count && outcome.deadLetters.isEmpty)
      #expect(try await mirror.revision() == 1, "one batch, one change")
      let directory = try await mirror.directory()
      #expect(Set(directory.people.keys) == Set(Staff.people.map(\.id)))
      #expect(directory.people["li.na"] == Staff.person("li.na", team: "east"))
      #expect(directory.below("wang.li").people == ["li.na", "chen.hao", "gu.wen"])
      #expect(directory.visibility(in: "east-1") == .team)
      #expect(directory.workingTime(of: "chen.hao")?.calendar == daily)
    }
  }

  @Test func versionsNeverGoBackwards() async throws {
    try await withMirror { mirror in
      func li(_ version: Int64, team: String) -> PersonEntry {
        Staff.person("li.na", team: team) { $0.version = version }
      }
      try await mirror.apply(try wire(li(3, team: "east")))
      try await mirror.apply(try wire(li(2, team: "west")))
      #expect(try await mirror.directory().people["li.na"]?.teamId == "east")
      #expect(try await mirror.revision() == 1)
      // The same once more changes nothing that a cache would have to read.
      try await mirror.apply(try wire(li(1, team: "north"), li(3, team: "east")))
      #expect(try await mirror.revision() == 1)
      // A restored database gives a number a second time.
      try await mirror.apply(try wire(li(3, team: "south")))
      #expect(try await mirror.directory().people["li.na"]?.teamId == "south")
      try await mirror.apply(try wire(li(5, team: "west"), li(4, team: "east")))
      #expect(try await mirror.directory().people["li.na"]?.teamId == "west")
      #expect(try await mirror.revision() == 3)
    }
  }

  @Test func aTombstoneRemovesItsEntryOnly() async throws {
    try await withMirror { mirror in
      let named = Staff.team("li.na")
      try await mirror.apply(
        try wire(
          Staff.person("li.na") { $0.version = 7 }, Staff.person("wang.li"), named))
      let outcome = try await mirror.apply([
        tombstone("person:li.na"), tombstone("person:nobody"), tombstone("calendar:cn"),
        tombstone("exchange-rates:2026-01-01"), tombstone("person:"), tombstone("person:a:b"),
        tombstone(nil),
      ])
      #expect(outcome.tombstones == 7 && outcome.deadLetters.isEmpty)
      let directory = try await mirror.directory()
      #expect(Set(directory.people.keys) == ["wang.li"] && Set(directory.teams.keys) == ["li.na"])
      #expect(try await mirror.revision() == 2)
      // Made again, it begins at version 1.
      try await mirror.apply(try wire(Staff.person("li.na")))
      #expect(try await mirror.directory().people["li.na"]?.version == 1)
    }
  }

  @Test func whatCannotBeReadIsSetAsideAlone() async throws {
    try await withMirror { mirror in
      let broken = CloudEvent(id: "1", source: "/s", type: PersonEntry.type)
        .binary(key: "person:x", data: Array(#"{"id":"x"}"#.utf8))
      let noEvent = WireMessage(key: nil, value: [0xFF], headers: [])
      let robot = CloudEvent(id: "2", source: "/s", type: "sluice.robot-changed.v1")
        .binary(key: "robot:east", data: Array("{}".utf8))
      let outcome = try await mirror.apply(
        [broken, noEvent, robot] + wire(Staff.person("li.na")))
      #expect(outcome.deadLetters.map(\.failure.code) == [.invalidData, .notAnEvent])
      #expect(outcome.deadLetters.map(\.message.offset) == [0, 1])
      #expect(outcome.unknownTypes == 1 && outcome.applied == 1)
      #expect(try await Set(mirror.directory().people.keys) == ["li.na"])
    }
  }

  /// The offsets of a service that ran before there was a mirror lie behind the entries.
  @Test func theTopicIsReadFromItsStart() async throws {
    try await withTestDatabase { database in
      let before = [MessagingMigrations.set, DirectoryMigrations.set]
      try await Migrator.migrate(
        database.pool, schema: database.schema, sets: before, logger: quiet)
      for topic in ["acme.directory.v1", "acme.stage-changes.v1"] {
        try await database.pool.execute(
          """
          INSERT INTO consumer_offsets (cluster_id, topic, partition, consumer_group, next_offset)
          VALUES ('c', $1, 0, 'g', 12)
          """, topic)
      }
      try await Migrator.migrate(
        database.pool, schema: database.schema, sets: before + [DirectoryMigrations.mirror],
        logger: quiet)
      let left = try await database.pool.query("SELECT topic FROM consumer_offsets")
      #expect(try left.map { try $0.decode(0, as: String.self) } == ["acme.stage-changes.v1"])
    }
  }
}
