import Kafka
import Logging
import TestSupport
import Testing

@Suite struct CloseTests {
  private let unreachable = KafkaConfiguration(
    bootstrapServers: "127.0.0.1:1", clientID: "test")

  @Test func aProducerWithUndeliverableRecordsClosesInTime() async throws {
    let producer = try KafkaProducer(unreachable, logger: logger)
    async let results = producer.send((0..<10).map { KafkaRecord("t", "\($0)") })
    try await eventually("they are under way") { producer.recordsUnderWay >= 10 }
    let took = await ContinuousClock().measure { await producer.close(within: .seconds(2)) }
    #expect(took < .seconds(10))
    for result in await results {
      let error = #expect(throws: KafkaError.self) { try result.get() }
      #expect(error?.isRetriable == true)
    }
  }

  @Test func aProducerThatWaitsForRoomClosesInTime() async throws {
    var configuration = unreachable
    configuration.overrides = ["queue.buffering.max.messages": "10"]
    let producer = try KafkaProducer(configuration, logger: logger)
    async let results = producer.send((0..<100).map { KafkaRecord("t", "\($0)") })
    try await eventually("the queue is full") { producer.recordsUnderWay >= 10 }
    let took = await ContinuousClock().measure { await producer.close(within: .seconds(2)) }
    #expect(took < .seconds(10))
    #expect(await results.count { (try? $0.get()) == nil } == 100)
  }

  @Test func aClientDroppedUnclosedSaysSo() async throws {
    let log = LogRecorder()
    let recording = Logger(label: "test") { _ in log }
    func drop() throws {
      _ = try KafkaProducer(unreachable, logger: recording)
      _ = try KafkaConsumer(unreachable, group: "g", logger: recording)
      _ = try KafkaAdmin(unreachable, logger: recording)
    }
    try drop()
    #expect(log.messages.count { $0.contains("dropped without close") } == 3)
  }

  @Test func aConsumerWithoutABrokerClosesInTime() async throws {
    let consumer = try KafkaConsumer(unreachable, group: "g", logger: logger)
    try await consumer.subscribe(["t"])
    async let polled = consumer.poll(upTo: 10, waiting: .seconds(60))
    let took = await ContinuousClock().measure { await consumer.close(within: .seconds(2)) }
    #expect(took < .seconds(10))
    _ = await polled
  }

  @Test func aConsumerWhoseBrokerHasGoneClosesInTime() async throws {
    let broker = try EmbeddedBroker(topics: ["t": 2])
    defer { broker.stop() }
    let configuration = KafkaConfiguration(
      bootstrapServers: broker.bootstrapServers, clientID: "test")
    let consumer = try KafkaConsumer(configuration, group: "g", logger: logger)
    let member = Member(consumer)
    try await consumer.subscribe(["t"])
    try await eventually(within: .seconds(30), "an assignment") {
      try await member.step()
      return await member.assigned.count == 2
    }
    broker.setReachable(false)
    let took = await ContinuousClock().measure { await consumer.close(within: .seconds(2)) }
    #expect(took < .seconds(10))
  }

  @Test func everythingAfterCloseSaysSo() async throws {
    let configuration = try await TestKafka.configuration()
    let source = TopicPartition(topic: "t", partition: 0)
    let producer = try KafkaProducer(configuration, logger: logger)
    let consumer = try KafkaConsumer(configuration, group: "g", logger: logger)
    let admin = try KafkaAdmin(configuration, logger: logger)
    for _ in 0..<2 {
      await producer.close(within: .seconds(5))
      await consumer.close(within: .seconds(5))
      await admin.close(within: .seconds(5))
    }
    let sent = await producer.send([KafkaRecord("t", "x")])
    #expect(throws: KafkaError(.closed, "the Kafka producer is closed")) { try sent[0].get() }
    guard case .error(let polled)? = await consumer.poll(upTo: 1, waiting: .seconds(60)).first
    else {
      Issue.record("a closed consumer polled something else than an error")
      return
    }
    #expect(polled.code == .closed)
    #expect(consumer.cachedWatermarks(of: source) == nil)
    await consumer.commit([source: 1])
    await #expect(throws: KafkaError.self) { try await consumer.subscribe(["t"]) }
    await #expect(throws: KafkaError.self) { try await admin.metadata() }
  }

  @Test func aQuestionToAnUnreachableBrokerEndsAtItsDeadline() async throws {
    let consumer = try KafkaConsumer(unreachable, group: "g", logger: logger)
    let source = TopicPartition(topic: "t", partition: 0)
    let took = await ContinuousClock().measure {
      let error = await #expect(throws: KafkaError.self) {
        try await consumer.queryWatermarks(of: source, timeout: .milliseconds(500))
      }
      #expect(error?.isRetriable == true)
      await #expect(throws: KafkaError.self) {
        try await consumer.clusterID(timeout: .milliseconds(500))
      }
    }
    #expect(took < .seconds(20))
    await consumer.close(within: .seconds(2))
  }
}
