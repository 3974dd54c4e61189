import Contracts
import Kafka
import Logging
import TestSupport
import Testing

@testable import Sluice

@Suite struct OperationsTopicsTests {
  private func wanted(_ topic: Topic, replication: Int? = nil) -> WantedTopic {
    WantedTopic(topic, prefix: "test.", replication: replication)
  }

  private func settings(_ topic: Topic, replication: Int = 3) -> [String: String] {
    wanted(topic).specification(replication: replication).configuration
  }

  @Test(
    "what a topic is created with",
    arguments: [
      (Topic.stageChanges, "delete", "-1"), (.pipelines, "compact", "-1"),
      (.directory, "compact", "-1"), (.audit, "delete", "-1"),
      (.commandResults, "delete", "604800000"), (.deadLetters, "delete", "7862400000"),
    ]) func settingsOfATopic(_ topic: Topic, _ policy: String, _ retention: String)
  {
    let settings = settings(topic)
    #expect(settings["cleanup.policy"] == policy)
    #expect(settings["retention.ms"] == retention)
    #expect(settings["min.insync.replicas"] == "2")
    #expect(self.settings(topic, replication: 2)["min.insync.replicas"] == "1")
  }

  @Test func anEqualTopicHasNoDifferences() {
    let live = TopicMetadata(partitions: 12, replication: 3)
    var configuration = settings(.stageChanges)
    configuration["segment.bytes"] = "1073741824"
    #expect(
      TopicComparison.differences(of: live, configuration, from: wanted(.stageChanges)) == [])
  }

  @Test func morePartitionsAreHarmless() {
    let live = TopicMetadata(partitions: 24, replication: 1)
    #expect(
      TopicComparison.differences(
        of: live, settings(.stageChanges, replication: 1), from: wanted(.stageChanges)) == [])
  }

  @Test func everyDifferenceNamesItsRemedy() {
    let live = TopicMetadata(partitions: 4, replication: 3)
    var configuration = settings(.stageChanges)
    configuration["retention.ms"] = "604800000"
    configuration["cleanup.policy"] = "compact"
    configuration["min.insync.replicas"] = "1"
    configuration["compression.type"] = nil
    let found = TopicComparison.differences(
      of: live, configuration, from: wanted(.stageChanges, replication: 2))
    #expect(
      found.map { "\($0.setting) \($0.live) \($0.wanted) \($0.remedy.rawValue)" } == [
        "partitions 4 12 --add-partitions", "replication 3 2 by-hand",
        "cleanup.policy compact delete --fix", "compression.type unset producer --fix",
        "min.insync.replicas 1 2 --fix", "retention.ms 604800000 -1 --fix",
      ])
  }

  @Test func withoutSettingsOnlyTheShapeIsCompared() {
    let live = TopicMetadata(partitions: 12, replication: 1)
    #expect(TopicComparison.differences(of: live, nil, from: wanted(.stageChanges)) == [])
  }

  private func ensure(
    _ prefix: String, isDryRun: Bool = false, fixes: Bool = false
  ) async throws -> TopicsReport {
    let admin = try KafkaAdmin(
      try await TestKafka.configuration(), logger: Logger(label: "test"))
    let report: TopicsReport
    do {
      report = try await TopicsEnsure(
        admin: admin, prefix: prefix, isDryRun: isDryRun, fixes: fixes
      ).run()
    } catch {
      await admin.close(within: .seconds(2))
      throw error
    }
    await admin.close(within: .seconds(2))
    return report
  }

  @Test(.enabled(if: !TestKafka.isExternal)) func theEmbeddedBrokerIsReportedAsItIs()
    async throws
  {
    let prefix = TestKafka.uniqueName("topics") + "."
    let missing = try await ensure(prefix)
    #expect(!missing.isWell)
    #expect(missing.topics.allSatisfy { $0.state == .missing })
    #expect(missing.remarks.contains { $0.contains("cannot create topics") })
    for topic in Topic.all {
      try await TestKafka.createTopic(topic.name(prefix: prefix), partitions: 12)
    }
    let present = try await ensure(prefix)
    #expect(present.isWell)
    #expect(present.remarks.contains { $0.contains("does not tell or change the settings") })
    #expect(present.text().contains("\(prefix)stage-changes.v1"))
  }

  @Test(.enabled(if: TestKafka.isExternal)) func aRealClusterGetsItsTopicsOnce() async throws {
    let prefix = TestKafka.uniqueName("topics") + "."
    #expect(
      try await ensure(prefix, isDryRun: true).topics.allSatisfy { $0.state == .wouldBeCreated })
    #expect(try await ensure(prefix).topics.allSatisfy { $0.state == .created })
    try await eventually("the topics are as they were asked for") {
      try await ensure(prefix).topics.allSatisfy { $0.state == .equal }
    }
    let admin = try KafkaAdmin(
      try await TestKafka.configuration(), logger: Logger(label: "test"))
    let name = Topic.stageChanges.name(prefix: prefix)
    try await admin.alterTopicConfiguration(name, ["retention.ms": "1000"])
    try await eventually("the change is seen") {
      try await ensure(prefix).topics.contains { $0.name == name && $0.state == .different }
    }
    #expect(
      try await ensure(prefix, fixes: true).topics.contains {
        $0.name == name && $0.state == .fixed
      })
    try await eventually("the topics are as they should be again") {
      try await ensure(prefix).isWell
    }
    _ = try await admin.deleteTopics(Topic.all.map { $0.name(prefix: prefix) })
    await admin.close(within: .seconds(2))
  }

  @Test func theTextSaysWhatToDo() {
    let report = TopicsReport(
      topics: [
        .init(
          name: "a", purpose: "", state: .different, partitions: 1, replication: 1,
          differences: [
            .init(setting: "partitions", live: "1", wanted: "12", remedy: .addPartitions)
          ])
      ])
    #expect(!report.isWell)
    #expect(report.text().contains("a: partitions is 1, should be 12 (--add-partitions adds"))
  }
}
