import Contracts
import Kafka

/// A consumer group of the installation: who it is and what it reads.
struct ReaderGroup: Sendable {
  let name: String
  /// Of the service, without the installation's prefix.
  let schema: String
  let topics: [Topic]

  /// - Parameter topicPrefix: an installation with a prefix of its own has groups of its own.
  static func all(topicPrefix: String) -> [ReaderGroup] {
    let prefix = topicPrefix == "sluice." ? "" : topicPrefix
    return [
      ReaderGroup(
        name: "\(prefix)sluice-stage-service", schema: "stage_service",
        topics: [.stageCommands, .importCommands, .directory]),
      ReaderGroup(
        name: "\(prefix)sluice-activity-ingest", schema: "activity_ingest",
        topics: [.activities, .commandResults, .stageChanges, .pipelines, .directory]),
      ReaderGroup(
        name: "\(prefix)sluice-forecasting", schema: "forecasting",
        topics: [.stageChanges, .pipelines, .directory]),
      ReaderGroup(
        name: "\(prefix)sluice-notifier", schema: "notifier",
        topics: [.stageChanges, .notices, .directory]),
    ]
  }

  /// - Parameter name: in full, or only the service's.
  static func find(_ name: String?, topicPrefix: String) throws -> [ReaderGroup] {
    let all = all(topicPrefix: topicPrefix)
    guard let name else { return all }
    let found = all.filter { $0.name == name || $0.name.hasSuffix("sluice-\(name)") }
    guard !found.isEmpty else {
      let names = all.map(\.name).joined(separator: ", ")
      throw OperatorFailure.usage("there is no group \(name); there are: \(names)")
    }
    return found
  }

  func partitions(
    prefix: String, _ metadata: [String: TopicMetadata]
  ) -> [TopicPartition] {
    topics.flatMap { topic in
      let name = topic.name(prefix: prefix)
      return (0..<Int32(metadata[name]?.partitions ?? 0)).map {
        TopicPartition(topic: name, partition: $0)
      }
    }
  }
}
