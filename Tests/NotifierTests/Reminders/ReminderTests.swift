import Contracts
import Messaging
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Notifier

@Suite struct ReminderTests {
  private let type = NoticeType.followUpMissed.rawValue

  /// A loop over the tables; the log ends where the stored offsets are, plus `waiting` messages.
  private func loop(
    _ pool: PostgresPool, _ clock: TestClock, waiting: Int64 = 0, made: [WakeSignal] = []
  ) -> ReminderLoop {
    var options = ReminderLoop.Options()
    options.grace = 0
    return ReminderLoop(
      reminders: Reminders(pool: pool, directory: pool.directory),
      logEnd: { partitions in
        let rows = try await pool.query("SELECT partition, next_offset FROM consumer_offsets")
        var ends: [Int32: Int64] = [:]
        for row in rows {
          let partition = try row.decode(0, as: Int32.self)
          guard partitions.contains(partition) else { continue }
          ends[partition] = try row.decode(1, as: Int64.self) + waiting
        }
        return LogEnd(
          clusterID: "cluster", topic: "stage-changes", group: "group", ends: ends)
      }, made: made, now: { clock.now }, logger: silent, options: options)
  }

  private func notices(_ pool: PostgresPool) async throws -> [Notice] {
    try await pool.query("SELECT value, headers FROM outbox WHERE topic = 'notices.v1' ORDER BY id")
      .map { row in
        let wire = WireMessage(
          key: nil, value: try row.decode(0, as: [UInt8].self),
          headers: try #require(HeaderCoding.decode(try row.decode(1, as: [UInt8].self))))
        guard case .payload(let notice, let envelope) = try Notice.read(wire) else {
          throw MessageFailure(.invalidData, "no notice")
        }
        #expect(envelope.source == NotifierSource.name)
        return notice
      }
  }

  @Test func aMissedDeadlineIsSpokenOfOnce() async throws {
    try await withNotifierTables { pool in
      let clock = TestClock()
      let id = try await pool.subscribe(types: [type])
      let others = try await pool.subscribe(types: [type], filter: EventFilter(team: ["west"]))
      var story = Story()
      story.create()
      try await pool.read(story.events)
      clock.advance(days: 2.99)
      try await loop(pool, clock).giveDue()
      #expect(try await notices(pool).isEmpty)
      clock.advance(days: 0.01)
      // Each round stands for a restart: nothing is kept outside the database.
      for _ in 1...3 { try await loop(pool, clock).giveDue() }
      let given = try await notices(pool)
      #expect(given.map(\.data.dueAt) == [Story.start.adding(days: 3)])
      #expect(given[0].data.stage == "lead" && given[0].data.name == "ERP 二期")
      #expect(try await pool.types(to: id) == [type])
      #expect(try await pool.types(to: others).isEmpty)
      #expect(try await pool.deliveries(to: id)[0].eventID == given[0].id)
      let followUp = try await pool.followUp(story.id)
      #expect(followUp?.remind == false && followUp?.remindedAt == clock.now)
      // The notice comes back on the topic, and events say the same deadline again.
      try await pool.handle(
        NoticeStream(directory: pool.directory),
        [try given[0].wireMessage(source: NotifierSource.name)])
      story.now = clock.now
      try await pool.read([story.change()])
      try await loop(pool, clock).giveDue()
      #expect(try await pool.types(to: id) == [type])
      #expect(try await notices(pool).count == 1)
    }
  }

  @Test func graceIsTimeForWhatHappenedJustBefore() async throws {
    try await withNotifierTables { pool in
      let clock = TestClock(Story.start.adding(days: 3))
      var story = Story()
      story.create()
      try await pool.read(story.events)
      var loop = loop(pool, clock)
      loop.options.grace = 2
      try await loop.giveDue()
      #expect(try await notices(pool).isEmpty)
      clock.advance(seconds: 2)
      try await loop.giveDue()
      #expect(try await notices(pool).count == 1)
    }
  }

  @Test(arguments: ["move", "activity", "loss"])
  func whatStillWaitsInTheTopicCancelsTheTimer(_ what: String) async throws {
    try await withNotifierTables { pool in
      let clock = TestClock(Story.start.adding(days: 4))
      var story = Story()
      try await pool.read([story.create()])
      story.now = Story.start.adding(days: 2)
      let event =
        switch what {
        case "move": story.move(to: "offer")
        case "loss": story.move(to: "lost", .lost)
        default: story.activity()
        }
      try await loop(pool, clock, waiting: 1).giveDue()
      #expect(try await notices(pool).isEmpty)
      try await pool.read([event])
      try await loop(pool, clock).giveDue()
      #expect(try await notices(pool).isEmpty)
      // A move has a deadline of its own.
      clock.advance(days: 10)
      try await loop(pool, clock).giveDue()
      #expect(try await notices(pool).count == (what == "move" ? 1 : 0))
    }
  }

  @Test func onePartitionThatLagsHoldsItsOwnDealsOnly() async throws {
    try await withNotifierTables { pool in
      let clock = TestClock(Story.start.adding(days: 4))
      var one = Story(1)
      var two = Story(2)
      try await pool.read([one.create()], partition: 0)
      try await pool.read([two.create()], partition: 1)
      let log = LogEnd(
        clusterID: "cluster", topic: "stage-changes", group: "group", ends: [0: 2, 1: 1])
      let reminders = Reminders(pool: pool, directory: pool.directory)
      #expect(try await reminders.duePartitions(before: clock.now) == [0, 1])
      #expect(try await reminders.give(before: clock.now, log, now: clock.now) == 1)
      #expect(try await notices(pool).map(\.data.opportunityId) == [two.id])
      #expect(try await reminders.duePartitions(before: clock.now) == [0])
    }
  }

  @Test func offsetsOfAnotherClusterSayNothing() async throws {
    try await withNotifierTables { pool in
      let clock = TestClock(Story.start.adding(days: 4))
      var story = Story()
      try await pool.read([story.create()])
      let reminders = Reminders(pool: pool, directory: pool.directory)
      for log in [
        LogEnd(clusterID: "other", topic: "stage-changes", group: "group", ends: [0: 0]),
        LogEnd(clusterID: "cluster", topic: "other", group: "group", ends: [0: 0]),
        LogEnd(clusterID: "cluster", topic: "stage-changes", group: "other", ends: [0: 0]),
        LogEnd(clusterID: "cluster", topic: "stage-changes", group: "group", ends: [:]),
      ] {
        #expect(try await reminders.give(before: clock.now, log, now: clock.now) == 0)
      }
    }
  }

  @Test func replicasTogetherRemindOnce() async throws {
    try await withNotifierTables { pool in
      let clock = TestClock(Story.start.adding(days: 4))
      let id = try await pool.subscribe()
      let created = (1...450).map { number -> StageEvent in
        var story = Story(number, at: Story.start.adding(seconds: -60))
        return story.create()
      }
      try await pool.read(created)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 1...4 { group.addTask { try await self.loop(pool, clock).giveDue() } }
        try await group.waitForAll()
      }
      // What one replica had locked while another looked is left for the next round.
      try await loop(pool, clock).giveDue()
      let given = try await notices(pool)
      #expect(given.count == 450)
      #expect(Set(given.map(\.data.opportunityId)).count == 450)
      #expect(try await pool.deliveries(to: id).count == 450)
    }
  }

  @Test func aBrokerThatIsGoneHoldsTheNotices() async throws {
    try await withNotifierTables { pool in
      let clock = TestClock(Story.start.adding(days: 4))
      var story = Story()
      try await pool.read([story.create()])
      let made = WakeSignal()
      let loop = ReminderLoop(
        reminders: Reminders(pool: pool, directory: pool.directory),
        logEnd: { _ in throw MessageFailure(.unprocessable, "no broker") }, made: [made],
        now: { clock.now }, logger: silent)
      await #expect(throws: MessageFailure.self) { try await loop.giveDue() }
      #expect(try await notices(pool).isEmpty)
      try await self.loop(pool, clock, made: [made]).giveDue()
      #expect(try await notices(pool).count == 1)
      // Woken before anybody waits: the wait ends at once.
      await made.wait(for: .seconds(60))
    }
  }

  /// What happened before an outage may arrive only after it: the grace begins anew, as it does with
  /// the process.
  @Test(.timeLimit(.minutes(1))) func afterAnOutageTheGraceBeginsAnew() async throws {
    try await withNotifierTables { pool in
      let clock = TestClock(Story.start.adding(days: 4))
      var story = Story()
      try await pool.read([story.create()])
      let isAway = Mutex(true)
      let looks = Mutex(0)
      let asked = Mutex(0)
      let ends = loop(pool, clock).logEnd
      var options = ReminderLoop.Options()
      options.pollInterval = .milliseconds(5)
      let loop = ReminderLoop(
        reminders: Reminders(pool: pool, directory: pool.directory),
        logEnd: { partitions in
          asked.withLock { $0 += 1 }
          if isAway.withLock({ $0 }) { throw MessageFailure(.unprocessable, "no broker") }
          return try await ends(partitions)
        }, made: [],
        now: {
          looks.withLock { $0 += 1 }
          return clock.now
        }, logger: silent, options: options)
      /// Several rounds pass without a look at the log.
      func nothingIsAsked() async throws {
        let (before, rounds) = (asked.withLock { $0 }, looks.withLock { $0 })
        try await eventually("rounds pass") { looks.withLock { $0 } > rounds + 10 }
        #expect(asked.withLock { $0 } == before)
      }
      try await running([loop]) {
        try await nothingIsAsked()
        clock.advance(seconds: 61)
        try await eventually("the broker is missed") { asked.withLock { $0 } == 1 }
        isAway.withLock { $0 = false }
        try await nothingIsAsked()
        #expect(try await notices(pool).isEmpty)
        clock.advance(seconds: 61)
        try await eventually("the notice is given") { try await notices(pool).count == 1 }
      }
    }
  }

  @Test func oldDealsOfAnImportCallNobody() async throws {
    try await withNotifierTables { pool in
      let clock = TestClock(Story.start.adding(days: 100))
      var story = Story()
      var event = story.create()
      event.data.recordedAt = clock.now
      try await pool.read([event])
      try await loop(pool, clock).giveDue()
      #expect(try await notices(pool).isEmpty)
      let listed = try await FollowUpQueries(pool: pool).list(.init(), now: clock.now)
      #expect(listed.map(\.dueAt) == [Story.start.adding(days: 3)])
    }
  }
}
