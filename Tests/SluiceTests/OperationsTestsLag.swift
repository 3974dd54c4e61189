import Contracts
import Kafka
import Logging
import Messaging
import TestSupport
import Testing

@testable import Sluice

@Suite struct OperationsLagTests {
  private let now = Instant(milliseconds: 1_000_000)
  private let source = TopicPartition(topic: "t", partition: 0)

  struct Case: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var log: Watermarks
    var stored: Int64?
    /// Age of the next message, where one was found.
    var age: Double?
    /// Markers and compacted messages before it.
    var gap: Int64 = 0
    var endsWithMarkers = false
    var isDelivered = true
    var messages: Int64
    var seconds: Double?
    var lost: Int64 = 0
    var flags: [PartitionLag.Flag] = []
  }

  static let cases: [Case] = [
    Case(
      testDescription: "caught up", log: .init(low: 0, high: 9), stored: 9, messages: 0, seconds: 0),
    Case(
      testDescription: "behind", log: .init(low: 0, high: 9), stored: 5, age: 12, messages: 4,
      seconds: 12),
    Case(
      testDescription: "nothing stored yet", log: .init(low: 3, high: 9), stored: nil, age: 60,
      messages: 6, seconds: 60, flags: [.noCommit]),
    Case(
      testDescription: "nothing stored, nothing there", log: .init(low: 0, high: 0), stored: nil,
      messages: 0, seconds: 0, flags: [.noCommit]),
    Case(
      testDescription: "stored before the log's start", log: .init(low: 6, high: 9), stored: 2,
      age: 5, messages: 3, seconds: 5, lost: 4, flags: [.lost]),
    Case(
      testDescription: "everything deleted unread", log: .init(low: 9, high: 9), stored: 2,
      messages: 0, seconds: 0, lost: 7, flags: [.lost]),
    Case(
      testDescription: "stored behind the log's end", log: .init(low: 0, high: 9), stored: 20,
      messages: 0, seconds: 0, flags: [.beyondEnd]),
    Case(
      testDescription: "a message without a time stamp", log: .init(low: 0, high: 9), stored: 8,
      messages: 1, seconds: nil),
    Case(
      testDescription: "a time stamp ahead of this clock", log: .init(low: 0, high: 9), stored: 8,
      age: -3, messages: 1, seconds: 0),
    Case(
      testDescription: "only markers are left", log: .init(low: 0, high: 9), stored: 7,
      endsWithMarkers: true, messages: 0, seconds: 0),
    Case(
      testDescription: "markers before the next message", log: .init(low: 0, high: 9), stored: 3,
      age: 4, gap: 2, messages: 4, seconds: 4),
    Case(
      testDescription: "a silent leader", log: .init(low: 0, high: 9), stored: 3,
      isDelivered: false, messages: 6, seconds: nil, flags: [.unanswered]),
  ]

  @Test("lag", arguments: cases) func lag(_ example: Case) {
    let lag = PartitionLag(
      source, log: example.log, stored: example.stored, committed: nil, next: next(example),
      now: now)
    #expect(lag.lagMessages == example.messages)
    #expect(lag.lagSeconds == example.seconds)
    #expect(lag.lostMessages == example.lost)
    #expect(lag.flags == example.flags)
    #expect(lag.remark.isEmpty == example.flags.isEmpty)
  }

  private func next(_ example: Case) -> NextMessage {
    guard example.isDelivered else { return .unanswered }
    let position = PartitionLag.position(example.log, stored: example.stored)
    guard position < example.log.high, !example.endsWithMarkers else { return .none }
    return .message(
      offset: position + example.gap, timestamp: example.age.map { now.adding(seconds: -$0) })
  }

  @Test func aGroupIsAsOldAsItsOldestPartition() {
    func lag(_ stored: Int64, _ age: Double?) -> PartitionLag {
      let timestamp = age.map { now.adding(seconds: -$0) }
      return PartitionLag(
        source, log: .init(low: 0, high: 10), stored: stored, committed: nil,
        next: stored < 10 ? .message(offset: stored, timestamp: timestamp) : .none, now: now)
    }
    let group = LagReport.Group("g", nil, partitions: [lag(10, nil), lag(4, 7)])
    #expect((group.lagMessages, group.lagSeconds) == (6, 7))
    #expect(LagReport.Group("g", nil, partitions: [lag(4, nil)]).lagSeconds == nil)
    #expect(LagReport.Group("g", nil, partitions: []).lagSeconds == 0)
  }

  @Test func onlyWhatIsRemarkableIsListed() {
    func row(_ partition: Int32, stored: Int64?, of end: Int64) -> PartitionLag {
      PartitionLag(
        TopicPartition(topic: "t", partition: partition), log: .init(low: 0, high: end),
        stored: stored, committed: stored,
        next: (stored ?? 0) < end ? .message(offset: stored ?? 0, timestamp: now) : .none, now: now)
    }
    let rows = [row(0, stored: 5, of: 5), row(1, stored: nil, of: 0), row(2, stored: 3, of: 5)]
    let report = LagReport(
      clusterId: "c", groups: [LagReport.Group("g", nil, partitions: rows)], remarks: ["odd"])
    let lines = report.text().split(separator: "\n")
    #expect(lines.count == 5)
    #expect(lines[3].hasPrefix("t              2"))
    #expect(lines[4] == "note: odd")
    #expect(report.text(everything: true).split(separator: "\n").count == 7)
    #expect(!report.text().contains(" \n"))
  }

  @Test func aGroupWithoutMembersIsIdleOrEmpty() {
    func activity(_ members: Int?, stored: Int64?) -> LagReport.Activity {
      let described = members.map {
        ConsumerGroupDescription(name: "g", state: "x", members: $0)
      }
      let row = PartitionLag(
        source, log: .init(low: 0, high: 0), stored: stored, committed: nil, next: .none, now: now)
      return LagReport.Group("g", described, partitions: [row]).activity
    }
    #expect(activity(2, stored: nil) == .active)
    #expect(activity(0, stored: 0) == .idle)
    #expect(activity(0, stored: nil) == .empty)
    #expect(activity(nil, stored: 3) == .unknown)
  }

  @Test(
    "durations",
    arguments: [
      (0, "0 s"), (12.34, "12.3 s"), (300, "5 min"), (7_300, "2 h"), (260_000, "3 d"),
    ]) func durations(_ value: Double, _ text: String)
  {
    #expect(LagReport.seconds(value) == text)
  }

  @Test func groupsOfAnInstallationWithAPrefixAreItsOwn() throws {
    #expect(
      ReaderGroup.all(topicPrefix: "sluice.").map(\.name) == [
        "sluice-stage-service", "sluice-activity-ingest", "sluice-forecasting",
        "sluice-notifier",
      ])
    #expect(
      try ReaderGroup.find("forecasting", topicPrefix: "b.").map(\.name) == [
        "b.sluice-forecasting"
      ])
    let failure = #expect(throws: OperatorFailure.self) {
      try ReaderGroup.find("nobody", topicPrefix: "sluice.")
    }
    #expect(failure?.message.contains("sluice-forecasting") == true)
  }

  @Test func theLagOfARealLogIsRead() async throws {
    let prefix = TestKafka.uniqueName("lag") + "."
    let topic = Topic.stageChanges.name(prefix: prefix)
    try await TestKafka.createTopic(topic, partitions: 2)
    let configuration = try await TestKafka.configuration()
    let producer = try KafkaProducer(configuration, logger: Logger(label: "test"))
    let records = (0..<5).map { number in
      KafkaRecord(
        topic: topic, key: nil, value: [1], partition: 0,
        timestampMilliseconds: now.milliseconds - 10_000 + Int64(number) * 1_000)
    }
    for result in await producer.send(records) { _ = try result.get() }
    await producer.close(within: .seconds(5))

    let admin = try KafkaAdmin(configuration, logger: Logger(label: "test"))
    let query = LagQuery(admin: admin, topicPrefix: prefix) { _, _ in
      [TopicPartition(topic: topic, partition: 0): 2]
    }
    let report = try await query.run(
      try ReaderGroup.find("forecasting", topicPrefix: prefix), now: now)
    await admin.close(within: .seconds(2))
    let group = try #require(report.groups.first)
    #expect((group.lagMessages, group.lagSeconds) == (3, 8))
    #expect(group.partitions.map(\.stored) == [2, nil])
    #expect(group.partitions.map(\.logEnd) == [5, 0])
    // The topic of the pipelines is not there.
    #expect(report.remarks.contains { $0.contains("pipelines.v1") })
    #expect(report.text().contains("3 messages behind, oldest 8.0 s"))
  }
}
