import Kafka
import TestSupport
import Testing

@Suite struct AdminTests {
  @Test func metadataTellsPartitionsAndReplication() async throws {
    let topic = try await TestKafka.uniqueTopic("metadata", partitions: 5)
    let found = try await withAdmin { try await $0.metadata() }
    #expect(found[topic] == TopicMetadata(partitions: 5, replication: 1))
  }

  @Test func everyClientNamesTheSameCluster() async throws {
    let ids = try await [
      withAdmin { try await $0.clusterID() },
      withProducer { try await $0.clusterID(timeout: .seconds(10)) },
      withConsumer { try await $0.clusterID(timeout: .seconds(10)) },
    ]
    #expect(Set(ids).count == 1)
    #expect(ids[0].isEmpty == false)
  }

  @Test func watermarksAndTheMessageAtAnOffset() async throws {
    let topic = try await TestKafka.uniqueTopic("watermarks", partitions: 2)
    let full = TopicPartition(topic: topic, partition: 0)
    let empty = TopicPartition(topic: topic, partition: 1)
    try await withProducer { producer in
      for result in await producer.send((0..<20).map { KafkaRecord(topic, "\($0)", partition: 0) })
      { _ = try result.get() }
    }
    try await withAdmin { admin in
      let marks = try await admin.watermarks(of: [full, empty])
      #expect(marks == [full: Watermarks(low: 0, high: 20), empty: Watermarks(low: 0, high: 0)])
      let messages = try await admin.messages(at: [full: 13, empty: 0])
      #expect(messages.found.mapValues(\.text) == [full: "13"])
      #expect(messages.unanswered.isEmpty)
      #expect(try await admin.messages(at: [full: 20]).found.isEmpty)
      #expect(try await admin.logRanges(of: [full, empty]) == marks)
    }
  }

  @Test func anUnknownPartitionHasNoWatermarks() async throws {
    let topic = try await TestKafka.uniqueTopic("two-partitions", partitions: 2)
    let source = TopicPartition(topic: topic, partition: 99)
    await #expect(throws: KafkaError.self) {
      try await withAdmin { try await $0.watermarks(of: [source], timeout: .seconds(2)) }
    }
  }

  @Test func theEmbeddedBrokerNamesTheRequestThatItLacks() async throws {
    let broker = try EmbeddedBroker(topics: ["t": 1])
    defer { broker.stop() }
    let configuration = KafkaConfiguration(
      bootstrapServers: broker.bootstrapServers, clientID: "test")
    try await withAdmin(configuration) { admin in
      let specification = TopicSpecification(name: "new", partitions: 1, replication: 1)
      let creating = await #expect(throws: KafkaError.self) {
        try await admin.createTopics([specification], timeout: .seconds(5))
      }
      #expect(creating?.code == .unsupported)
      #expect(creating?.reason.contains("CreateTopics") == true)
      let describing = await #expect(throws: KafkaError.self) {
        try await admin.describeTopicConfiguration(["t"], timeout: .seconds(5))
      }
      #expect(describing?.code == .unsupported)
      #expect(describing?.reason.contains("DescribeConfigs") == true)
      let listing = await #expect(throws: KafkaError.self) {
        try await admin.groups(timeout: .seconds(5))
      }
      #expect(listing?.code == .unsupported)
    }
    #expect(throws: KafkaError.self) { try broker.createTopic("t", partitions: 2) }
  }

  @Test(.enabled(if: TestKafka.isExternal))
  func topicsAreMadeChangedAndDeleted() async throws {
    let name = TestKafka.uniqueName("admin")
    try await withAdmin { admin in
      let specification = TopicSpecification(
        name: name, partitions: 2, replication: 1, configuration: ["retention.ms": "123456"])
      try await admin.createTopics([specification])[name]?.get()
      let repeated = try #require(try await admin.createTopics([specification])[name])
      let error = #expect(throws: KafkaError.self) { try repeated.get() }
      #expect(error?.code == .topicAlreadyExists)

      try await admin.createPartitions(name, to: 4)
      try await eventually(within: .seconds(20), "the new partitions show") {
        try await admin.metadata()[name]?.partitions == 4
      }
      try await admin.alterTopicConfiguration(name, ["cleanup.policy": "compact"])
      try await eventually(within: .seconds(20), "the new setting shows") {
        let settings = try await admin.describeTopicConfiguration([name])[name]
        return settings?["cleanup.policy"] == "compact" && settings?["retention.ms"] == "123456"
      }
      await #expect(throws: KafkaError.self) {
        try await admin.alterTopicConfiguration(name, ["no.such.setting": "1"])
      }
      try await admin.deleteTopics([name])[name]?.get()
    }
  }
}
