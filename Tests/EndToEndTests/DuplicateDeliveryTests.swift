import Contracts
import Kafka
import TestSupport
import Testing

extension EndToEnd {
  @Suite(.serialized) struct DuplicateDeliveryTests {
    @Test(.timeLimit(.minutes(3))) func everyMessageTwiceChangesNothing() async throws {
      try await withCluster { cluster in
        let load = try await Load.run(on: cluster, seed: 4) { load in
          try await load.waitForAccepted(150)
        }
        try await load.checkHistories()
        try await cluster.verify()
        let before = try await cluster.feed()

        for topic in [Topic.stageCommands, .stageChanges] {
          let messages = try await cluster.read(topic)
          try check(!messages.isEmpty, "\(topic.name) is empty")
          try await cluster.produce(messages.map(KafkaRecord.init(repeating:)))
        }
        try await cluster.waitUntilConsumed(.stageCommands, by: .stageService)
        try await cluster.waitUntilConsumed(.stageChanges, by: .forecasting)

        try checkEqual(
          try await cluster.feed().map(\.eventId), before.map(\.eventId), "events in the feed")
        try await load.checkHistories()
        let answer = try await cluster.verify()
        try checkEqual(answer.live["log"], 2 * before.count, "messages in the log")
      }
    }
  }
}

extension KafkaRecord {
  fileprivate init(repeating message: KafkaMessage) {
    self.init(
      topic: message.source.topic, key: message.key, value: message.value,
      headers: message.headers, partition: message.source.partition,
      timestampMilliseconds: message.timestampMilliseconds)
  }
}
