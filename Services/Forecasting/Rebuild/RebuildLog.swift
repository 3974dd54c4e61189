import Contracts
import Kafka
import Logging
import Messaging

/// Where a rebuild reads from, and what it does with the messages.
struct RebuildLog: Sendable {
  let kafka: KafkaConfiguration
  /// Of the consumer that serves.
  let group: String
  let topicPrefix: String
  let handlers: [any BatchHandler]
  let logger: Logger

  /// The topics that serve, with the installation's prefix.
  var topics: [String] { handlers.flatMap(\.topics).map { $0.name(prefix: topicPrefix) } }

  var stageChanges: String { Topic.stageChanges.name(prefix: topicPrefix) }

  /// Who handles the messages of a topic; a topic that is not among the handlers' holds stage events.
  func route(of topic: String) -> (topic: Topic, handler: any BatchHandler)? {
    let known = handlers.lazy.flatMap { handler in handler.topics.map { ($0, handler) } }
    return known.first { $0.0.name(prefix: topicPrefix) == topic }
      ?? known.first { $0.0 == .stageChanges }
  }

  func clusterID() async throws -> String {
    try await withAdmin { try await $0.clusterID() }
  }

  /// What every partition of these topics holds; a topic that is missing is a failure.
  func ranges(of topics: [String]) async throws -> [TopicPartition: Watermarks] {
    try await withAdmin { admin in
      let metadata = try await admin.metadata()
      let partitions = try topics.flatMap { topic in
        guard let count = metadata[topic]?.partitions, count > 0 else {
          throw RebuildFailure(
            "Kafka has no topic \(topic); sluice topics ensure makes those that it needs")
        }
        return (0..<Int32(count)).map { TopicPartition(topic: topic, partition: $0) }
      }
      return try await admin.watermarks(of: partitions)
    }
  }

  /// Nil when the topic is gone, else why it is still there.
  func delete(topic: String) async -> String? {
    do {
      try await withAdmin { admin in
        do {
          try await admin.deleteTopics([topic])[topic]?.get()
        } catch let error as KafkaError where error.code == .unknownTopicOrPartition {}
      }
      return nil
    } catch let error as KafkaError where error.code == .unsupported {
      return "the topic \(topic) is still there, because this broker deletes none on request"
    } catch {
      return "the topic \(topic) is still there: \(error)"
    }
  }

  private func withAdmin<Value>(_ body: (KafkaAdmin) async throws -> Value) async throws -> Value {
    let admin = try KafkaAdmin(kafka, logger: logger)
    do {
      let value = try await body(admin)
      await admin.close(within: .seconds(2))
      return value
    } catch {
      await admin.close(within: .seconds(2))
      throw error
    }
  }
}

extension RebuildLog {
  /// Where each partition begins that is to be read, and how many messages that is about.
  struct Plan: Equatable, Sendable {
    var starts: [TopicPartition: Int64] = [:]
    var total: Int64 = 0

    mutating func read(_ partition: TopicPartition, from start: Int64, to end: Int64) {
      starts[partition] = start
      total += max(0, end - start)
    }
  }

  func plan(for source: RebuildRequest.Source, clusterID: String) async throws -> Plan {
    let live = try await ranges(of: topics)
    var plan = Plan()
    switch source {
    case .log:
      for (partition, range) in live {
        guard range.low == 0 || partition.topic != stageChanges else {
          throw RebuildFailure(
            "Kafka no longer holds everything: \(partition) begins at offset \(range.low). "
              + "Rebuild from the history: sluice rebuild forecasting --from history")
        }
        plan.read(partition, from: range.low, to: range.high)
      }
    case .history(let replay):
      try check(replay, clusterID)
      for (partition, range) in try await ranges(of: [replay.topic]) {
        let end = replay.ends[safe: partition.partition] ?? range.high
        guard range.low == 0, range.high >= end else {
          throw RebuildFailure(
            "\(partition) holds offsets \(range.low) to \(range.high), not 0 to \(end) as when it "
              + "was written; ask for the rebuild again")
        }
        plan.read(partition, from: 0, to: end)
      }
      for (partition, range) in live {
        let isStages = partition.topic == stageChanges
        let start = isStages ? replay.liveStarts[safe: partition.partition] : nil
        guard start.map({ (range.low...range.high).contains($0) }) != false else {
          throw RebuildFailure(
            "\(partition) no longer holds what came after the history was written; ask for the "
              + "rebuild again")
        }
        plan.read(partition, from: start ?? range.low, to: range.high)
      }
    }
    return plan
  }

  /// The offsets of a history mean something on the cluster on which they were noted.
  func check(_ replay: RebuildRequest.Replay, _ clusterID: String) throws {
    guard replay.clusterID == clusterID else {
      throw RebuildFailure(
        "this is another Kafka cluster (\(clusterID)) than the one to which the history was "
          + "written (\(replay.clusterID)); ask for the rebuild again")
    }
  }
}

extension [Int64] {
  subscript(safe partition: Int32) -> Int64? {
    indices.contains(Int(partition)) ? self[Int(partition)] : nil
  }
}
