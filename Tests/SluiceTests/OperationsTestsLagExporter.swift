import Contracts
import Foundation
import Kafka
import Logging
import ServiceKit
import Synchronization
import TestSupport
import Testing

@testable import Sluice

@Suite(.timeLimit(.minutes(3))) struct OperationsLagExporterTests {
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  private let now = Instant(milliseconds: 1_700_000_000_000)

  private func lag() -> ClusterLag {
    let source = TopicPartition(topic: "sluice.activities.v1", partition: 3)
    let gone = TopicPartition(topic: "sluice.notices.v1", partition: 0)
    let behind = PartitionLag(
      source, log: .init(low: 10, high: 30), stored: 4, committed: 4,
      next: .message(offset: 10, timestamp: now.adding(seconds: -7)), now: now)
    let beyond = PartitionLag(
      gone, log: .init(low: 0, high: 2), stored: 9, committed: 9, next: .none, now: now)
    return ClusterLag(
      clusterID: "cluster-1",
      groups: [
        .init(name: "sluice-activity-ingest", members: 0, partitions: [behind, beyond]),
        .init(name: "quoted \"group\"", members: nil, partitions: [beyond]),
      ],
      logs: [source: .init(low: 10, high: 30), gone: .init(low: 0, high: 2)])
  }

  private func value(
    _ samples: [LagSample], _ name: String, _ labels: [String: String]
  ) -> Double? {
    samples.first { $0.name == name && $0.labels == labels }?.value
  }

  @Test func theNamesAreThoseOfTheUsualExporters() {
    let samples = LagSeries.samples(of: lag(), clusterName: nil)
    let group = ["consumergroup": "sluice-activity-ingest"]
    let place = ["topic": "sluice.activities.v1", "partition": "3"]
    let both = group.merging(place) { $1 }
    #expect(value(samples, "kafka_consumergroup_lag", both) == 20)
    #expect(value(samples, "kafka_consumergroup_current_offset", both) == 4)
    #expect(
      value(
        samples, "kafka_consumergroup_lag_sum", group.merging(["topic": place["topic"]!]) { $1 })
        == 20)
    #expect(value(samples, "kafka_consumergroup_members", group) == 0)
    #expect(value(samples, "kafka_topic_partition_current_offset", place) == 30)
    #expect(value(samples, "kafka_topic_partition_oldest_offset", place) == 10)
    let named = ["cluster_name": "cluster-1", "group": "sluice-activity-ingest"]
    #expect(
      value(
        samples, "kafka_consumergroup_group_lag_seconds", named.merging(place) { $1 }) == 7)
    #expect(value(samples, "kafka_consumergroup_group_max_lag_seconds", named) == 7)
    #expect(value(samples, "sluice_lag_exporter_lost_messages", both) == 6)
    #expect(samples.count { $0.name == "sluice_lag_exporter_offset_beyond_end" } == 2)
    #expect(samples.allSatisfy { LagSeries.help[$0.name] != nil })
    // Where the broker does not tell, there is no figure rather than a wrong one.
    #expect(samples.count { $0.name == "kafka_consumergroup_members" } == 1)
  }

  @Test func theClusterCanBeGivenAName() {
    let samples = LagSeries.samples(of: lag(), clusterName: "production")
    #expect(samples.compactMap { $0.labels["cluster_name"] }.allSatisfy { $0 == "production" })
  }

  private func page(_ registry: PrometheusRegistry) -> String {
    String(decoding: registry.exposition(), as: UTF8.self)
  }

  @Test func aFailedPollLeavesNoOldFigures() async throws {
    let registry = PrometheusRegistry()
    let isUp = Mutex(true)
    let samples = LagSeries.samples(of: lag(), clusterName: nil)
    let poller = LagPoller(interval: .seconds(1), registry: registry, logger: logger) {
      guard isUp.withLock({ $0 }) else { throw KafkaError(.transport, "the broker is gone") }
      return samples
    }
    let readiness = Readiness(holds: .zero)
    let liveness = Liveness()
    poller.register(readiness: readiness, liveness: liveness)
    #expect(page(registry).contains("\nsluice_lag_exporter_up 0\n"))
    #expect(await !readiness.report().isHealthy)

    await poller.pollOnce()
    #expect(page(registry).contains("\nsluice_lag_exporter_up 1\n"))
    #expect(page(registry).contains("kafka_consumergroup_lag{"))
    #expect(await readiness.report().isHealthy)

    isUp.withLock { $0 = false }
    await poller.pollOnce()
    #expect(page(registry).contains("\nsluice_lag_exporter_up 0\n"))
    #expect(!page(registry).contains("kafka_"))
    #expect(page(registry).contains("sluice_lag_exporter_polls_total{outcome=\"failed\"} 1"))
    let report = await readiness.report()
    #expect(String(describing: report).contains("KAFKA_BOOTSTRAP_SERVERS"))
    #expect(liveness.report().isHealthy)
  }

  @Test func aGroupThatIsGoneLeavesThePage() {
    let registry = PrometheusRegistry()
    let board = LagBoard(registry)
    var lag = lag()
    board.show(LagSeries.samples(of: lag, clusterName: nil))
    #expect(page(registry).contains("quoted"))
    lag.groups.removeLast()
    board.show(LagSeries.samples(of: lag, clusterName: nil))
    #expect(!page(registry).contains("quoted"))
    #expect(page(registry).contains("sluice-activity-ingest"))
  }

  @Test func prometheusAcceptsThePage() throws {
    let registry = PrometheusRegistry()
    LagBoard(registry).show(LagSeries.samples(of: lag(), clusterName: nil))
    let page = registry.exposition()
    let line =
      /(#.*|[a-z_:][a-z0-9_:]*(\{([a-z_]+="([^"\\]|\\.)*",?)+\})? [-+0-9.eE]+)/.ignoresCase()
    for text in String(decoding: page, as: UTF8.self).split(separator: "\n") {
      #expect(text.wholeMatch(of: line) != nil, "\(text)")
    }
    guard let tool = Promtool.path else { return }
    let (status, output) = try Promtool.run(tool, ["check", "metrics"], input: page)
    // The one complaint is about a name that is not ours to choose.
    let complaints = output.split(separator: "\n").filter {
      !$0.hasPrefix("kafka_consumergroup_lag_sum ")
    }
    #expect(complaints.isEmpty, "\(output)")
    #expect(status == 0 || status == 3)
  }

  private func withTopics(
    _ body: (KafkaAdmin, _ prefix: String) async throws -> Void
  ) async throws {
    let prefix = TestKafka.uniqueName("export") + "."
    for topic in [Topic.stageChanges, .pipelines] {
      try await TestKafka.createTopic(topic.name(prefix: prefix), partitions: 2)
    }
    let admin = try KafkaAdmin(try await TestKafka.configuration(), logger: logger)
    do {
      try await body(admin, prefix)
    } catch {
      await admin.close(within: .seconds(2))
      throw error
    }
    await admin.close(within: .seconds(2))
  }

  private func produce(_ topic: String, partition: Int32, _ count: Int) async throws {
    let producer = try KafkaProducer(try await TestKafka.configuration(), logger: logger)
    let records = (0..<count).map { number in
      KafkaRecord(
        topic: topic, key: nil, value: [1], partition: partition,
        timestampMilliseconds: now.milliseconds - 10_000 + Int64(number) * 1_000)
    }
    for result in await producer.send(records) { _ = try result.get() }
    await producer.close(within: .seconds(5))
  }

  private func commit(_ group: String, _ offsets: [TopicPartition: Int64]) async throws {
    let consumer = try KafkaConsumer(
      try await TestKafka.configuration(), group: group, logger: logger)
    try await consumer.assign(offsets.mapValues { .offset($0) })
    try await eventually("the offsets are committed") {
      await consumer.commit(offsets)
      _ = await consumer.poll(upTo: 1, waiting: .milliseconds(50))
      let admin = try KafkaAdmin(try await TestKafka.configuration(), logger: logger)
      let known = try await admin.committedOffsets(group: group, of: Array(offsets.keys))
      await admin.close(within: .seconds(2))
      return known == offsets
    }
    await consumer.close(within: .seconds(5))
  }

  @Test func theLagOfADeadGroupIsSeen() async throws {
    try await withTopics { admin, prefix in
      let topic = Topic.stageChanges.name(prefix: prefix)
      let group = "\(prefix)sluice-forecasting"
      try await produce(topic, partition: 0, 5)
      try await commit(group, [TopicPartition(topic: topic, partition: 0): 2])

      let lag = try await ClusterLagQuery(admin: admin, topicPrefix: prefix).run(now: now)
      let found = try #require(lag.groups.first { $0.name == group })
      #expect(found.members == (TestKafka.isExternal ? 0 : nil))
      let row = try #require(found.partitions.first { $0.topic == topic && $0.partition == 0 })
      #expect((row.lagMessages, row.lagSeconds, row.committed) == (3, 8, 2))
      let other = try #require(found.partitions.first { $0.topic == topic && $0.partition == 1 })
      #expect((other.lagMessages, other.flags) == (0, [.noCommit]))
      // A group that has never read has everything before it.
      let never = try #require(lag.groups.first { $0.name == "\(prefix)sluice-notifier" })
      #expect(never.partitions.map(\.lagMessages).reduce(0, +) == 5)
      #expect(lag.logs.count == 4)
    }
  }

  /// Two groups at different places of one partition need two looks.
  @Test func groupsAtDifferentPlacesHaveAgesOfTheirOwn() async throws {
    try await withTopics { admin, prefix in
      let source = TopicPartition(topic: Topic.stageChanges.name(prefix: prefix), partition: 1)
      try await produce(source.topic, partition: 1, 5)
      let probe = LagProbe(admin: admin)
      let lags = try await probe.lags(
        ["a": [source: .init(stored: 1)], "b": [source: .init(stored: 4)], "c": [source: .init()]],
        [source: .init(low: 0, high: 5)], now: now)
      #expect(lags.mapValues { $0[0].lagSeconds } == ["a": 9, "b": 6, "c": 10])
    }
  }

  @Test(.enabled(if: TestKafka.isExternal)) func strangersAreSeenWhereTheyReadOurTopics()
    async throws
  {
    try await withTopics { admin, prefix in
      let ours = Topic.stageChanges.name(prefix: prefix)
      let foreign = try await TestKafka.uniqueTopic("foreign", partitions: 1)
      let (reader, stranger) = (TestKafka.uniqueName("reader"), TestKafka.uniqueName("stranger"))
      try await produce(ours, partition: 0, 3)
      try await commit(reader, [TopicPartition(topic: ours, partition: 0): 1])
      try await commit(stranger, [TopicPartition(topic: foreign, partition: 0): 0])
      func names(_ all: Bool) async throws -> [String] {
        try await ClusterLagQuery(admin: admin, topicPrefix: prefix, allGroups: all)
          .run(now: now).groups.map(\.name)
      }
      #expect(try await names(false).contains(reader))
      #expect(try await !names(false).contains(stranger))
      #expect(try await names(true).contains(stranger))
    }
  }

  @Test(.enabled(if: TestKafka.isExternal)) func transactionMarkersAreNoLag() async throws {
    try await withTopics { admin, prefix in
      let topic = Topic.stageChanges.name(prefix: prefix)
      let configuration = try await TestKafka.configuration()
      func records(_ partition: Int32) -> [KafkaRecord] {
        (0..<2).map { _ in KafkaRecord(topic: topic, key: nil, value: [1], partition: partition) }
      }
      let writer = try await TransactionalWriter(configuration, id: topic, logger: logger)
      try await writer.begin(records(0))
      try await writer.commit()
      try await writer.begin(records(1))
      try await writer.abort()

      func lag(_ stored: [Int32: Int64]) async throws -> [Int64] {
        let query = LagQuery(admin: admin, topicPrefix: prefix) { _, _ in
          Dictionary(
            uniqueKeysWithValues: stored.map {
              (TopicPartition(topic: topic, partition: $0.key), $0.value)
            })
        }
        let groups = try ReaderGroup.find("forecasting", topicPrefix: prefix)
        return try await query.run(groups, now: .now()).groups[0].partitions
          .filter { $0.topic == topic }.map(\.lagMessages)
      }
      // Two messages and the marker; then only the marker; what was aborted never counts.
      #expect(try await lag([:]) == [3, 0])
      #expect(try await lag([0: 2, 1: 0]) == [0, 0])
    }
  }
}

/// The checker of Prometheus, where it is installed.
enum Promtool {
  static let path: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "")
    .split(separator: ":").map { "\($0)/promtool" }
    .first { FileManager.default.isExecutableFile(atPath: $0) }

  static func run(
    _ tool: String, _ arguments: [String], input: [UInt8] = []
  ) throws -> (status: Int32, output: String) {
    let folder = try TemporaryFolder()
    let file = try folder.write("input", input)
    let process = Process()
    process.executableURL = URL(filePath: tool)
    process.arguments = arguments
    process.standardInput = try FileHandle(forReadingFrom: URL(filePath: file))
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}
