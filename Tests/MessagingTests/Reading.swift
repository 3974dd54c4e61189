import Contracts
import Kafka
import TestSupport

extension Bench {
  /// The first `count` messages of partition 0 of a topic, as they lie in the log.
  func read(_ topic: Topic, _ count: Int) async throws -> [KafkaMessage] {
    let consumer = try KafkaConsumer(kafka, group: TestKafka.uniqueName("reader"), logger: logger)
    var messages: [KafkaMessage] = []
    do {
      try await consumer.assign([source(0, topic): .beginning])
      try await eventually("\(count) messages of \(topic.name)") {
        for case .messages(let more) in await consumer.poll(
          upTo: count, waiting: .milliseconds(100))
        {
          messages += more
        }
        return messages.count >= count
      }
    } catch {
      await consumer.close(within: .seconds(2))
      throw error
    }
    await consumer.close(within: .seconds(2))
    return messages
  }
}
