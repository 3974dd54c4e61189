import Kafka
import TestSupport
import Testing

@Suite struct ProducerTests {
  @Test func aRecordThatIsTooLargeFailsAlone() async throws {
    let topic = try await TestKafka.uniqueTopic("too-large", partitions: 1)
    let records = [
      KafkaRecord(topic, "first"),
      KafkaRecord(topic: topic, key: nil, value: [UInt8](repeating: 1, count: 2_000_000)),
      KafkaRecord(topic, "last"),
    ]
    let results = try await withProducer { await $0.send(records) }
    #expect(try results[0].get().offset == 0)
    #expect(try results[2].get().offset == 1)
    let error = #expect(throws: KafkaError.self) { try results[1].get() }
    #expect(error?.code == .messageSizeTooLarge)
    #expect(error?.isPermanentForRecord == true)
    #expect(error?.isRetriable == false)
  }

  @Test func aTopicThatIsNotThereIsNoFaultOfTheRecord() async throws {
    // Brokers make unknown topics on demand, unless told not to; an illegal name never passes.
    let configuration = try await TestKafka.configuration(
      overrides: ["topic.metadata.propagation.max.ms": "200", "message.timeout.ms": "3000"])
    let result = try await withProducer(configuration) {
      await $0.send([KafkaRecord("no topic/of that name", "x", partition: 700)])[0]
    }
    let error = #expect(throws: KafkaError.self) { try result.get() }
    #expect(error?.isPermanentForRecord == false)
  }

  @Test func afterAFatalErrorTheNextSendWorks() async throws {
    let topic = try await TestKafka.uniqueTopic("fatal", partitions: 1)
    try await withProducer { producer in
      #expect(try await producer.send([KafkaRecord(topic, "before")])[0].get().offset == 0)
      try producer.simulateFatalError()
      // Whether a send still meets the broken handle depends on who is first.
      var failures: [KafkaError] = []
      try await eventually("a send works again") {
        switch await producer.send([KafkaRecord(topic, "after")])[0] {
        case .success: return true
        case .failure(let error):
          failures.append(error)
          return false
        }
      }
      #expect(failures.count <= 1)
      #expect(failures.count { !$0.isFatal || $0.isPermanentForRecord } == 0)
    }
  }

  @Test func recordsUnderWayFailWithTheFatalError() async throws {
    let broker = try EmbeddedBroker(topics: ["t": 1])
    defer { broker.stop() }
    let configuration = KafkaConfiguration(
      bootstrapServers: broker.bootstrapServers, clientID: "test")
    try await withProducer(configuration) { producer in
      _ = try await producer.send([KafkaRecord("t", "before")])[0].get()
      broker.setReachable(false)
      async let results = producer.send((0..<100).map { KafkaRecord("t", "\($0)") })
      try await eventually("they are under way") { producer.recordsUnderWay >= 100 }
      try producer.simulateFatalError()
      for result in await results {
        let error = #expect(throws: KafkaError.self) { try result.get() }
        #expect(error?.isFatal == true)
      }
      broker.setReachable(true)
      _ = try await producer.send([KafkaRecord("t", "after")])[0].get()
    }
  }

  @Test func sendingGoesOnWhenTheBrokerIsBack() async throws {
    let broker = try EmbeddedBroker(topics: ["t": 1])
    defer { broker.stop() }
    let configuration = KafkaConfiguration(
      bootstrapServers: broker.bootstrapServers, clientID: "test")
    try await withProducer(configuration) { producer in
      _ = try await producer.send([KafkaRecord("t", "0")])[0].get()
      broker.setReachable(false)
      async let delayed = producer.send((1...50).map { KafkaRecord("t", "\($0)") })
      try await eventually("they are under way") { producer.recordsUnderWay >= 50 }
      broker.setReachable(true)
      for result in await delayed { _ = try result.get() }
      try await withConsumer(configuration) { consumer in
        try await consumer.assign([TopicPartition(topic: "t", partition: 0): .beginning])
        #expect(try await consumer.read(51).map(\.text) == (0...50).map(String.init))
      }
    }
  }

  @Test func noRecordsNoResults() async throws {
    let results = try await withProducer { await $0.send([]) }
    #expect(results.isEmpty)
  }
}
