import Contracts
import Kafka

/// What one topic should be like on this cluster.
struct WantedTopic: Sendable {
  var name: String
  var purpose: String
  var partitions: Int
  /// Nil: whatever the topic has.
  var replication: Int?
  var configuration: [String: String]

  /// - Parameters:
  ///   - replication: how many copies; with three or more, two of them must have a message before it
  ///     counts as written.
  init(_ topic: Topic, prefix: String, replication: Int?) {
    name = topic.name(prefix: prefix)
    purpose = topic.purpose
    partitions = topic.partitions
    self.replication = replication
    configuration = [
      "cleanup.policy": topic.isCompacted ? "compact" : "delete",
      "retention.ms": String(topic.retentionMilliseconds ?? -1),
      "retention.bytes": "-1",
      // The producer's batches stay as they are.
      "compression.type": "producer",
    ]
  }

  /// The setting that follows from the number of copies.
  static func minimumInSync(replication: Int) -> String { replication >= 3 ? "2" : "1" }

  func specification(replication: Int) -> TopicSpecification {
    var configuration = configuration
    configuration["min.insync.replicas"] = WantedTopic.minimumInSync(replication: replication)
    return TopicSpecification(
      name: name, partitions: partitions, replication: replication, configuration: configuration)
  }
}

/// One setting of a topic that is not as it should be.
struct TopicDifference: Codable, Hashable, Sendable {
  enum Remedy: String, Codable, Sendable {
    case fix = "--fix"
    case addPartitions = "--add-partitions"
    /// Nothing that this command can do.
    case byHand = "by-hand"
  }

  var setting: String
  var live: String
  var wanted: String
  var remedy: Remedy
}

/// Compares topics with what they should be. Pure.
enum TopicComparison {
  /// - Parameter configuration: nil where the broker does not tell.
  static func differences(
    of live: TopicMetadata, _ configuration: [String: String]?, from wanted: WantedTopic
  ) -> [TopicDifference] {
    var found: [TopicDifference] = []
    // More partitions than asked for are harmless and cannot be taken back.
    if live.partitions < wanted.partitions {
      found.append(
        TopicDifference(
          setting: "partitions", live: String(live.partitions), wanted: String(wanted.partitions),
          remedy: .addPartitions))
    }
    if let replication = wanted.replication, live.replication != replication {
      found.append(
        TopicDifference(
          setting: "replication", live: String(live.replication), wanted: String(replication),
          remedy: .byHand))
    }
    guard let configuration else { return found }
    var settings = wanted.configuration
    settings["min.insync.replicas"] = WantedTopic.minimumInSync(replication: live.replication)
    for (setting, value) in settings.sorted(by: { $0.key < $1.key })
    where configuration[setting] != value {
      found.append(
        TopicDifference(
          setting: setting, live: configuration[setting] ?? "unset", wanted: value, remedy: .fix))
    }
    return found
  }
}
