import Contracts
import Kafka
import Logging
import Messaging
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Sluice

/// The whole verification on PostgreSQL and a broker, with a feed and a funnel from memory.
@Suite struct VerifyWholeTests {
  private let items = Story.everything.items

  /// What is wrong with the installation that is verified.
  private struct Damage {
    /// The events that reach the log; nil: all.
    var log: [StageEvent]?
    /// Events that wait in the outbox and never leave it.
    var outbox: [StageEvent] = []
    var statements: [String] = []
    var feed: [FeedItem]?
    /// Of new events.
    var epoch: Int64 = 1
    /// Events of the feed before the log and the tables were read.
    var earlyEvents: Int?
    var answer: (@Sendable (inout FunnelAnswer) -> Void)?
  }

  private func verify(_ damage: Damage = Damage()) async throws -> VerifyReport {
    let prefix = TestKafka.uniqueName("verify") + "."
    try await TestKafka.createTopic(Topic.stageChanges.name(prefix: prefix), partitions: 3)
    try await publish(damage.log ?? items.map(\.event), prefix: prefix)
    let configuration = try await TestKafka.configuration()
    return try await withTestDatabase { database in
      try await Projections.createTables(in: database.pool)
      try await Projections.write(FeedIndex(items), into: database.pool)
      try await database.pool.execute("CREATE TABLE installation (epoch bigint NOT NULL)")
      try await database.pool.execute("INSERT INTO installation VALUES ($1)", damage.epoch)
      for statement in damage.statements { try await database.pool.execute(statement) }
      let waiting = try damage.outbox.map {
        OutboxMessage(topic: .stageChanges, wire: try $0.wireMessage(source: "/test"))
      }
      try await database.pool.transaction { transaction in
        try Outbox.append(waiting, at: Story.noon(1), in: transaction)
      }
      let feed = damage.feed ?? items
      let early = damage.earlyEvents ?? feed.count
      let tally = FunnelTally(FeedIndex(feed))
      let change = damage.answer
      return try await Verification(
        reader: pages(of: feed, atFirst: early), forecasting: database.pool,
        stageService: database.pool,
        log: LogReader(
          configuration: configuration, topicPrefix: prefix, logger: Logger(label: "test")),
        funnel: { pipeline in
          var answer = FunnelAnswer(pipeline, tally)
          change?(&answer)
          return answer
        }, wait: .zero
      ).run()
    }
  }

  /// A feed in pages of two, which ends after `atFirst` events until it was read to there once.
  private func pages(of items: [FeedItem], atFirst: Int) -> FeedReader {
    let end = Mutex(atFirst)
    return FeedReader { cursor in
      let start =
        cursor.flatMap { cursor in items.firstIndex { $0.cursor == cursor } }
        .map { $0 + 1 } ?? 0
      let visible = end.withLock { end in
        defer { if start + 2 >= end { end = items.count } }
        return end
      }
      let page = Array(items[min(start, visible)..<min(start + 2, visible)])
      return FeedPage(items: page, next: start + 2 < visible ? page.last?.cursor : nil)
    }
  }

  private func publish(_ events: [StageEvent], prefix: String) async throws {
    let producer = try KafkaProducer(
      try await TestKafka.configuration(), logger: Logger(label: "test"))
    let records = try events.map { event in
      let wire = try event.wireMessage(source: "/test")
      return KafkaRecord(
        topic: Topic.stageChanges.name(prefix: prefix), key: wire.key, value: wire.value,
        headers: wire.headers.map { KafkaHeader(name: $0.name, value: $0.value) })
    }
    for result in await producer.send(records) { _ = try result.get() }
    await producer.close(within: .seconds(5))
  }

  private func kinds(_ report: VerifyReport) -> [String] {
    report.differences.kept.map { "\($0.check.rawValue) \($0.kind.rawValue)" }
  }

  @Test func aSoundInstallationIsEqual() async throws {
    let report = try await verify()
    #expect(report.isEqual, "\(report.differences.kept)")
    #expect(report.counts[.log] == CheckCount(live: items.count, recomputed: items.count))
    #expect(report.counts[.appliedEvents] == CheckCount(live: 9, recomputed: 9))
    #expect(report.text().contains("applied_events = feed"))
    let json = try OutputFormat.json(report)
    #expect(json.contains(#""equal" : true"#))
    #expect(json.contains(#""differences" : ["#))
  }

  @Test func eventsThatArriveMeanwhileAreNoDifference() async throws {
    let report = try await verify(Damage(earlyEvents: items.count - 3))
    #expect(report.isEqual, "\(report.differences.kept)")
  }

  @Test func everyPartIsCompared() async throws {
    var log = items.map(\.event)
    log[4].data.owner = "eve"
    log.remove(at: 7)
    let report = try await verify(
      Damage(
        log: log, statements: ["DELETE FROM visits WHERE stage = 'lost'"],
        answer: { $0.stages[0].count += 1 }))
    #expect(!report.isEqual)
    #expect(
      Set(kinds(report)) == [
        "visits missing", "log missing", "log different", "funnel different",
      ])
    let mismatch = try #require(
      report.differences.kept.first { $0.check == .log && $0.kind == .different })
    #expect((mismatch.live, mismatch.recomputed) == (#"owner "eve""#, #"owner "bob""#))
    #expect(try OutputFormat.json(report).contains(#""equal" : false"#))
    #expect(report.text().contains("differences"))
  }

  @Test func whatWaitsInTheOutboxIsNotMissing() async throws {
    let events = items.map(\.event)
    let report = try await verify(
      Damage(log: Array(events.dropLast()), outbox: [events.last!]))
    #expect(report.isEqual, "\(report.differences.kept)")
    #expect(report.remarks.contains { $0.contains("still wait") })
  }

  @Test func whatARestoredDatabaseHasLostIsNoDifference() async throws {
    var lost = Story.everything
    lost.move(1, to: "offer", at: Story.noon(12))
    let report = try await verify(Damage(log: lost.items.map(\.event), epoch: 2))
    #expect(report.isEqual, "\(report.differences.kept)")
    #expect(report.remarks == ["the log holds 1 events that a restored database has lost"])
  }

  @Test func projectionsBehindTheFeedAreFound() async throws {
    var story = Story.everything
    story.move(1, to: "offer", at: Story.noon(12))
    let report = try await verify(
      Damage(log: story.items.map(\.event), feed: story.items))
    #expect(kinds(report) == ["freshness behind"])
  }

  @Test func aMissingTopicIsUnavailable() async throws {
    let reader = LogReader(
      configuration: try await TestKafka.configuration(),
      topicPrefix: TestKafka.uniqueName("none") + ".", logger: Logger(label: "test"))
    let failure = await #expect(throws: OperatorFailure.self) {
      _ = try await reader.read { _, _ in }
    }
    #expect(failure?.status == .unavailable)
  }

  @Test func aFeedThatStandsStillIsUnavailable() async throws {
    let item = items[0]
    var reader = FeedReader { _ in FeedPage(items: [item], next: item.cursor) }
    var feed = FeedIndex()
    let failure = await #expect(throws: OperatorFailure.self) {
      try await reader.readOn(into: &feed)
    }
    #expect(failure?.message.contains("stands still") == true)
  }
}

extension FunnelAnswer {
  /// What forecasting would answer.
  fileprivate init(_ pipeline: String, _ tally: FunnelTally) {
    self.init(
      pipeline: pipeline, asOf: Story.noon(31), knownAt: Story.noon(31),
      freshness: Freshness(lagSeconds: 0, behind: 0),
      stages: (tally.pipelines[pipeline] ?? [:]).sorted { $0.key < $1.key }.map { stage, tally in
        Stage(
          stage: stage, name: LocalizedText(zh: stage, en: stage), category: "open",
          count: tally.count,
          amounts: tally.amounts.map { Amount(currency: $0.key, minor: $0.value) },
          unpriced: tally.unpriced, entered: tally.entered, advanced: tally.advanced,
          back: tally.back)
      })
  }
}
