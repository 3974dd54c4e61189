import ArgumentParser
import Contracts
import Kafka
import Postgres

/// Where the events of a rebuild come from.
enum RebuildSource: String, ExpressibleByArgument, CaseIterable, Sendable {
  case log, history
}

/// Why the log alone would give other figures than the history; nil when it would not.
struct LogFitness: Sendable {
  /// Of `stage-changes.v1`, by number of the partition.
  let ranges: [Watermarks]
  /// Of the installation: above 1 once a backup was restored.
  let epoch: Int64

  var objection: String? {
    if let partition = ranges.firstIndex(where: { $0.low > 0 }) {
      return
        "Kafka no longer holds everything: partition \(partition) of stage-changes.v1 begins at "
        + "offset \(ranges[partition].low)"
    }
    if epoch > 1 {
      return "a backup was restored (epoch \(epoch)): the log still has events that this took back"
    }
    return nil
  }

  /// - Parameter wanted: nil takes the log where it does.
  func choose(_ wanted: RebuildSource?) throws -> RebuildSource {
    if wanted == .log, let objection {
      throw OperatorFailure.usage("\(objection); take --from history")
    }
    return wanted ?? (objection == nil ? .log : .history)
  }

  /// - Parameter stageService: with stage-service's schema as its search path.
  static func look(
    _ admin: KafkaAdmin, topicPrefix: String, stageService: PostgresPool
  ) async throws -> LogFitness {
    let topic = Topic.stageChanges.name(prefix: topicPrefix)
    guard let count = try await admin.metadata()[topic]?.partitions else {
      throw OperatorFailure.unavailable(
        "Kafka has no topic \(topic); sluice topics ensure makes it")
    }
    let partitions = (0..<Int32(count)).map { TopicPartition(topic: topic, partition: $0) }
    let ranges = try await admin.watermarks(of: partitions)
    let epoch = try await stageService.query("SELECT epoch FROM installation")
    return LogFitness(
      ranges: partitions.compactMap { ranges[$0] }, epoch: try epoch.first?.decode(0) ?? 1)
  }
}
