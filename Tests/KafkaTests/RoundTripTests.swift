import Kafka
import TestSupport
import Testing

@Suite struct RoundTripTests {
  @Test func nullEmptyAndBinaryContentStayWhatTheyAre() async throws {
    let topic = try await TestKafka.uniqueTopic("round-trip", partitions: 1)
    let headers = [
      KafkaHeader(name: "binary", value: [0, 255, 0, 128]),
      KafkaHeader(name: "null", value: nil),
      KafkaHeader(name: "empty", value: []),
      KafkaHeader(name: "binary", value: [7]),
    ]
    let records = [
      KafkaRecord(topic: topic, key: [0, 1, 255], value: [0, 200], headers: headers),
      KafkaRecord(topic: topic, key: nil, value: [1]),
      KafkaRecord(topic: topic, key: [1], value: nil, headers: headers),
      KafkaRecord(topic: topic, key: [], value: []),
      KafkaRecord(topic: topic, key: nil, value: nil, timestampMilliseconds: 1_600_000_000_123),
    ]
    let deliveries = try await withProducer { try await $0.send(records).map { try $0.get() } }
    #expect(deliveries == (0..<5).map { KafkaDelivery(partition: 0, offset: $0) })

    let messages = try await withConsumer { consumer in
      let source = TopicPartition(topic: topic, partition: 0)
      try await consumer.assign([source: .beginning])
      return try await consumer.read(records.count)
    }
    #expect(messages.map(\.key) == records.map(\.key))
    #expect(messages.map(\.value) == records.map(\.value))
    #expect(messages.map(\.headers) == records.map(\.headers))
    #expect(messages.map(\.offset) == [0, 1, 2, 3, 4])
    #expect(messages[4].timestampMilliseconds == 1_600_000_000_123)
    #expect(messages[0].timestampMilliseconds ?? 0 > 1_600_000_000_123)
  }

  @Test func orderPerKeyHoldsAcrossCalls() async throws {
    let topic = try await TestKafka.uniqueTopic("order", partitions: 4)
    try await withProducer { producer in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for key in 0..<10 {
          group.addTask {
            for run in 0..<5 {
              let records = (0..<20).map {
                KafkaRecord(topic, "\(run * 20 + $0)", key: "key-\(key)")
              }
              for result in await producer.send(records) { _ = try result.get() }
            }
          }
        }
        try await group.waitForAll()
      }
    }
    let messages = try await withConsumer { consumer in
      let sources = (0..<4).map { TopicPartition(topic: topic, partition: $0) }
      try await consumer.assign(Dictionary(uniqueKeysWithValues: sources.map { ($0, .beginning) }))
      return try await consumer.read(1_000)
    }
    let byKey = Dictionary(grouping: messages) { $0.key }
    #expect(byKey.count == 10)
    for run in byKey.values {
      #expect(run.map(\.text) == (0..<100).map(String.init))
      #expect(Set(run.map(\.source)).count == 1)
    }
  }

  @Test func manyRecordsPassAQueueThatIsSmallerThanTheBatch() async throws {
    let topic = try await TestKafka.uniqueTopic("back-pressure", partitions: 1)
    let configuration = try await TestKafka.configuration(
      overrides: ["queue.buffering.max.messages": "100"])
    let results = try await withProducer(configuration) { producer in
      await producer.send((0..<5_000).map { KafkaRecord(topic, "\($0)") })
    }
    #expect(try results.map { try $0.get().offset } == Array(0..<5_000))
  }

  @Test func anExplicitOffsetIsWhereReadingStarts() async throws {
    let topic = try await TestKafka.uniqueTopic("offset", partitions: 2)
    let source = TopicPartition(topic: topic, partition: 1)
    try await withProducer { producer in
      for result in await producer.send((0..<50).map { KafkaRecord(topic, "\($0)", partition: 1) })
      { _ = try result.get() }
    }
    try await withConsumer { consumer in
      try await consumer.assign([source: .offset(37)])
      #expect(try await consumer.read(13).map(\.offset) == Array(37..<50))
      #expect(consumer.cachedWatermarks(of: source) == Watermarks(low: 0, high: 50))
      let marks = try await consumer.queryWatermarks(of: source, timeout: .seconds(10))
      #expect(marks == Watermarks(low: 0, high: 50))

      try await consumer.assign([source: .offset(10)])
      #expect(try await consumer.read(5).map(\.offset) == Array(10..<15))
      try await consumer.unassign()
      #expect(await consumer.readAvailable(waiting: .milliseconds(50)).isEmpty)
    }
  }

  @Test func theEndIsBehindWhatWasWrittenBefore() async throws {
    let topic = try await TestKafka.uniqueTopic("end", partitions: 1)
    let source = TopicPartition(topic: topic, partition: 0)
    try await withProducer { producer in
      _ = await producer.send([KafkaRecord(topic, "before")])
      try await withConsumer { consumer in
        try await consumer.assign([source: .end])
        // The end is looked up in the background; the first fetch shows that it is known.
        try await eventually(within: .seconds(20), "the end is known") {
          _ = await consumer.poll(upTo: 1, waiting: .milliseconds(50))
          return consumer.cachedWatermarks(of: source)?.high == 1
        }
        _ = await producer.send([KafkaRecord(topic, "after")])
        #expect(try await consumer.read(1).map(\.text) == ["after"])
      }
    }
  }

  @Test func pausedPartitionsSkipNothing() async throws {
    let topic = try await TestKafka.uniqueTopic("pause", partitions: 2)
    let paused = TopicPartition(topic: topic, partition: 0)
    let other = TopicPartition(topic: topic, partition: 1)
    try await withProducer { producer in
      for partition in [paused, other] {
        let records = (0..<500).map {
          KafkaRecord(topic, "\($0)", partition: partition.partition)
        }
        for result in await producer.send(records) { _ = try result.get() }
      }
    }
    try await withConsumer { consumer in
      try await consumer.assign([paused: .beginning, other: .beginning])
      var messages = try await consumer.read(60)
      try await consumer.pause([paused])
      let before = messages.count { $0.source == paused }
      messages += try await consumer.read(500 - (60 - before))
      #expect(messages.count { $0.source == paused } == before)
      #expect(await consumer.readAvailable(waiting: .milliseconds(200)).isEmpty)

      try await consumer.resume([paused])
      messages += try await consumer.read(500 - before)
      for source in [paused, other] {
        let offsets = messages.filter { $0.source == source }.map(\.offset)
        #expect(offsets == Array(0..<500))
      }
    }
  }
}
