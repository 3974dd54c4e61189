import Kafka
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct LogReaderTests {
  private func read(
    _ ranges: KafkaLogReader.Ranges, _ configuration: KafkaConfiguration? = nil,
    patience: Duration = .seconds(15)
  ) async throws -> (messages: [KafkaMessage], unanswered: Set<TopicPartition>) {
    var settings = try await TestKafka.configuration()
    if let configuration { settings = configuration }
    let reader = try await KafkaLogReader(
      settings, ranges: ranges, patience: patience, logger: logger)
    var messages: [KafkaMessage] = []
    while let more = try await reader.next() { messages += more }
    await reader.close()
    return (messages, reader.unanswered)
  }

  private func filled(_ count: Int) async throws -> [TopicPartition] {
    let topic = try await TestKafka.uniqueTopic("reader", partitions: 3)
    try await withProducer { producer in
      for partition in 0..<2 as Range<Int32> {
        let records = (0..<count).map { KafkaRecord(topic, "\($0)", partition: partition) }
        for result in await producer.send(records) { _ = try result.get() }
      }
    }
    return (0..<3).map { TopicPartition(topic: topic, partition: $0) }
  }

  @Test func rangesAreReadAndNothingBeyond() async throws {
    let sources = try await filled(30)
    let (messages, unanswered) = try await read([
      sources[0]: 5..<20, sources[1]: 0..<30, sources[2]: 0..<0,
    ])
    #expect(unanswered.isEmpty)
    #expect(
      messages.filter { $0.source == sources[0] }.map(\.text) == (5..<20).map(String.init))
    #expect(
      messages.filter { $0.source == sources[1] }.map(\.text) == (0..<30).map(String.init))
    #expect(messages.count == 45)
  }

  /// The end comes from the broker: a range may reach beyond it.
  @Test func theEndOfTheLogEndsARange() async throws {
    let sources = try await filled(4)
    let (messages, unanswered) = try await read([
      sources[0]: 2..<Int64.max, sources[2]: 0..<Int64.max,
    ])
    #expect(messages.map(\.text) == ["2", "3"])
    #expect(unanswered.isEmpty)
  }

  @Test func nothingToReadNeedsNoBroker() async throws {
    let nowhere = KafkaConfiguration(bootstrapServers: "127.0.0.1:1", clientID: "test")
    let (messages, unanswered) = try await read([:], nowhere)
    #expect(messages.isEmpty && unanswered.isEmpty)
  }

  @Test func aSilentBrokerIsNamed() async throws {
    let nowhere = KafkaConfiguration(bootstrapServers: "127.0.0.1:1", clientID: "test")
    let source = TopicPartition(topic: "t", partition: 0)
    let (messages, unanswered) = try await read(
      [source: 0..<9], nowhere, patience: .milliseconds(300))
    #expect(messages.isEmpty)
    #expect(unanswered == [source])
  }

  @Test func theEndIsOursToAskFor() async throws {
    let error = #expect(throws: KafkaError.self) {
      try KafkaConsumer(
        KafkaConfiguration(
          bootstrapServers: "127.0.0.1:1", clientID: "test",
          overrides: ["enable.partition.eof": "true"]), group: "g", logger: logger)
    }
    #expect(error?.code == .invalidConfiguration)
  }

  @Test(.enabled(if: TestKafka.isExternal))
  func transactionsEndWhereAReaderEnds() async throws {
    let topic = try await TestKafka.uniqueTopic("transactions", partitions: 3)
    let configuration = try await TestKafka.configuration()
    func records(_ partition: Int32) -> [KafkaRecord] {
      (0..<3).map { KafkaRecord(topic, "\($0)", partition: partition) }
    }
    let writer = try await TransactionalWriter(configuration, id: topic, logger: logger)
    try await writer.begin(records(0))
    try await writer.commit()
    try await writer.begin(records(1))
    try await writer.abort()
    let open = try await TransactionalWriter(configuration, id: topic + "-open", logger: logger)
    try await open.begin(records(2))

    let sources = (0..<3 as Range<Int32>).map { TopicPartition(topic: topic, partition: $0) }
    try await withAdmin { admin in
      let logs = try await admin.logRanges(of: sources)
      // Three messages and a marker; what is open has not ended.
      #expect(logs[sources[0]] == Watermarks(low: 0, high: 4))
      #expect(logs[sources[1]] == Watermarks(low: 0, high: 4))
      #expect(logs[sources[2]] == Watermarks(low: 0, high: 0))
      let first = try await admin.messages(at: [sources[0]: 3, sources[1]: 0])
      #expect(first.found.isEmpty && first.unanswered.isEmpty)
      #expect(try await admin.messages(at: [sources[0]: 1]).found.values.map(\.text) == ["1"])
    }
    let (messages, unanswered) = try await read([
      sources[0]: 0..<4, sources[1]: 0..<4, sources[2]: 0..<Int64.max,
    ])
    #expect(messages.map(\.text) == ["0", "1", "2"])
    #expect(unanswered.isEmpty)
    try await open.abort()
  }

  @Test(.enabled(if: TestKafka.isExternal)) func groupsAreDescribed() async throws {
    let topic = try await TestKafka.uniqueTopic("described", partitions: 2)
    let group = TestKafka.uniqueName("described")
    try await withConsumer(group: group) { consumer in
      try await consumer.subscribe([topic])
      try await eventually("the group is stable with its member's partitions") {
        for case .assigned(let assigned) in await consumer.poll(
          upTo: 1, waiting: .milliseconds(100))
        {
          try await consumer.assign(
            Dictionary(uniqueKeysWithValues: assigned.map { ($0, .beginning) }))
        }
        let found = try await withAdmin { try await $0.describeGroups([group, "nobody"]) }
        return found[group]?.state == "Stable" && found[group]?.members == 1
          && found[group]?.assigned.count == 2
      }
    }
    let after = try await withAdmin { try await $0.describeGroups([group, "nobody"]) }
    #expect(after[group]?.members == 0)
    #expect(after["nobody"]?.state == "Dead")
  }
}
