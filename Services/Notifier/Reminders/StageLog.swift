import Contracts
import Kafka

/// Asks the broker how far stage-changes goes.
struct StageLog: Sendable {
  private let admin: KafkaAdmin
  private let group: String
  private let topic: String

  init(_ admin: KafkaAdmin, group: String, topicPrefix: String) {
    self.admin = admin
    self.group = group
    topic = Topic.stageChanges.name(prefix: topicPrefix)
  }

  func end(of partitions: [Int32]) async throws -> LogEnd {
    let clusterID = try await admin.clusterID()
    // A cluster that was set up anew may have fewer partitions than deals were once read from.
    let count = try await admin.metadata()[topic]?.partitions ?? 0
    let marks = try await admin.watermarks(
      of: partitions.filter { $0 < count }.map { TopicPartition(topic: topic, partition: $0) })
    let ends = marks.map { ($0.key.partition, $0.value.high) }
    return LogEnd(
      clusterID: clusterID, topic: topic, group: group,
      ends: Dictionary(uniqueKeysWithValues: ends))
  }

  func close() async { await admin.close(within: .seconds(1)) }
}
