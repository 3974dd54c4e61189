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
    var messages: Int64
    var seconds: Double?
    var hasRemark = false
  }

  static let cases: [Case] = [
    Case(
      testDescription: "caught up", log: .init(low: 0, high: 9), stored: 9, messages: 0, seconds: 0),
    Case(
      testDescription: "behind", log: .init(low: 0, high: 9), stored: 5, age: 12, messages: 4,
      seconds: 12),
    Case(
      testDescription: "nothing stored yet", log: .init(low: 3, high: 9), stored: nil, age: 60,
      messages: 6, seconds: 60),
    Case(
      testDescription: "nothing stored, nothing there", log: .init(low: 0, high: 0), stored: nil,
      messages: 0, seconds: 0),
    Case(
      testDescription: "stored before the log's start", log: .init(low: 6, high: 9), stored: 2,
      age: 5, messages: 3, seconds: 5, hasRemark: true),
    Case(
      testDescription: "everything deleted unread", log: .init(low: 9, high: 9), stored: 2,
      messages: 0, seconds: 0, hasRemark: true),
    Case(
      testDescription: "stored behind the log's end", log: .init(low: 0, high: 9), stored: 20,
      messages: 0, seconds: 0, hasRemark: true),
    Case(
      testDescription: "a message without a time stamp", log: .init(low: 0, high: 9), stored: 8,
      messages: 1, seconds: nil),
    Case(
      testDescription: "a time stamp ahead of this clock", log: .init(low: 0, high: 9), stored: 8,
      age: -3, messages: 1, seconds: 0),
  ]

  @Test("lag", arguments: cases) func lag(_ example: Case) {
    let lag = PartitionLag(
      source, log: example.log, stored: example.stored, committed: nil,
      nextTimestamp: example.age.map { now.adding(seconds: -$0) }, now: now)
    #expect(lag.lagMessages == example.messages)
    #expect(lag.lagSeconds == example.seconds)
    #expect((lag.remark != nil) == example.hasRemark)
  }

  @Test func aGroupIsAsOldAsItsOldestPartition() {
    func lag(_ stored: Int64, _ age: Double?) -> PartitionLag {
      PartitionLag(
        source, log: .init(low: 0, high: 10), stored: stored, committed: nil,
        nextTimestamp: age.map { now.adding(seconds: -$0) }, now: now)
    }
    let group = LagReport.Group("g", state: "Stable", partitions: [lag(10, nil), lag(4, 7)])
    #expect((group.lagMessages, group.lagSeconds) == (6, 7))
    #expect(LagReport.Group("g", state: "", partitions: [lag(4, nil)]).lagSeconds == nil)
    #expect(LagReport.Group("g", state: "Empty", partitions: []).lagSeconds == 0)
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
        "sluice-stage-service", "sluice-forecasting",
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
