package import Contracts
package import Kafka

extension Cluster {
  /// Everything that a topic holds now, by partition and offset.
  package func read(_ topic: Topic) async throws -> [KafkaMessage] {
    let name = self.topic(topic)
    let marks = try await watermarks(of: topic)
    let consumer = try KafkaConsumer(
      kafkaConfiguration, group: "\(topicPrefix)reader", logger: quietLogger)
    do {
      try await consumer.assign(marks.mapValues { .offset($0.low) })
      var missing = marks.filter { $0.value.high > $0.value.low }
      var messages: [KafkaMessage] = []
      let deadline = ContinuousClock.now + .seconds(60)
      while !missing.isEmpty, ContinuousClock.now < deadline {
        for event in await consumer.poll(upTo: 1_000, waiting: .milliseconds(200)) {
          guard case .messages(let batch) = event else { continue }
          for message in batch where message.offset < marks[message.source]?.high ?? 0 {
            messages.append(message)
            if message.offset + 1 == marks[message.source]?.high { missing[message.source] = nil }
          }
        }
      }
      await consumer.close(within: .seconds(2))
      try check(missing.isEmpty, "\(name) could not be read to its end: \(missing)")
      return messages.sorted { ($0.source, $0.offset) < ($1.source, $1.offset) }
    } catch {
      await consumer.close(within: .seconds(2))
      throw error
    }
  }

  /// What each partition of a topic holds.
  package func watermarks(of topic: Topic) async throws -> [TopicPartition: Watermarks] {
    let name = self.topic(topic)
    let admin = try KafkaAdmin(kafkaConfiguration, logger: quietLogger)
    do {
      let count = try await admin.metadata()[name]?.partitions ?? 0
      let partitions = (0..<Int32(count)).map { TopicPartition(topic: name, partition: $0) }
      let marks = try await admin.watermarks(of: partitions)
      await admin.close(within: .seconds(2))
      return marks
    } catch {
      await admin.close(within: .seconds(2))
      throw error
    }
  }

  /// Writes records in their order; every one must arrive.
  package func produce(_ records: [KafkaRecord]) async throws {
    let producer = try KafkaProducer(kafkaConfiguration, logger: quietLogger)
    let results = await producer.send(records)
    await producer.close(within: .seconds(5))
    for result in results { _ = try result.get() }
  }
}

extension KafkaMessage {
  /// The last header of that name, as text.
  package func header(_ name: String) -> String? {
    headers.last { $0.name == name }?.value.map { String(decoding: $0, as: UTF8.self) }
  }

  package var wire: WireMessage {
    WireMessage(key: key, value: value, headers: headers.map { .init($0.name, $0.value) })
  }
}

extension KafkaRecord {
  package init(topic: String, _ message: WireMessage) {
    self.init(
      topic: topic, key: message.key, value: message.value,
      headers: message.headers.map { KafkaHeader(name: $0.name, value: $0.value) })
  }
}
