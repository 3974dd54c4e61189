import Contracts
import Kafka

/// Gathers what `sluice lag` shows.
struct LagQuery: Sendable {
  let admin: KafkaAdmin
  let topicPrefix: String
  /// Stored offsets of one group on one cluster.
  let stored:
    @Sendable (_ group: ReaderGroup, _ cluster: String) async throws -> [TopicPartition: Int64]

  func run(_ groups: [ReaderGroup], now: Instant) async throws -> LagReport {
    let cluster = try await admin.clusterID()
    let metadata = try await admin.metadata()
    var report = LagReport(clusterId: cluster)
    let states = try await states(&report)
    for group in groups {
      let partitions = group.partitions(prefix: topicPrefix, metadata)
      let offsets: [TopicPartition: Int64]
      var remark: String?
      do {
        offsets = try await stored(group, cluster)
      } catch let missing as MissingTables {
        offsets = [:]
        remark = missing.explanation
      }
      report.groups.append(
        LagReport.Group(
          group.name, state: states.map { $0[group.name] ?? "no members" } ?? "unknown",
          partitions: try await lags(group, partitions, offsets, now), remark: remark))
    }
    let missing = groups.flatMap(\.topics).map { $0.name(prefix: topicPrefix) }
      .filter { metadata[$0] == nil }
    if !missing.isEmpty {
      report.remarks.append(
        "Kafka has no topic \(missing.joined(separator: ", ")); sluice topics ensure makes them")
    }
    return report
  }

  /// The state of each group; nil where the broker does not tell.
  private func states(_ report: inout LagReport) async throws -> [String: String]? {
    let groups: [ConsumerGroup]
    do {
      groups = try await admin.groups()
    } catch {
      guard error.code == .unsupported else { throw error }
      report.remarks.append("this broker does not list groups, so their state is not known")
      return nil
    }
    return Dictionary(groups.map { ($0.name, $0.state) }, uniquingKeysWith: { $1 })
  }

  private func lags(
    _ group: ReaderGroup, _ partitions: [TopicPartition], _ stored: [TopicPartition: Int64],
    _ now: Instant
  ) async throws -> [PartitionLag] {
    guard !partitions.isEmpty else { return [] }
    let logs = try await admin.watermarks(of: partitions)
    let committed: [TopicPartition: Int64]
    do {
      committed = try await admin.committedOffsets(group: group.name, of: partitions)
    } catch {
      guard error.code == .unsupported || error.code == .groupNotFound else { throw error }
      committed = [:]
    }
    let waiting = logs.compactMap { source, log -> (TopicPartition, Int64)? in
      let position = PartitionLag.position(log, stored: stored[source])
      return position < log.high ? (source, position) : nil
    }
    let next = try await admin.messages(at: Dictionary(uniqueKeysWithValues: waiting))
    return partitions.compactMap { source in
      logs[source].map { log in
        PartitionLag(
          source, log: log, stored: stored[source], committed: committed[source],
          nextTimestamp: next[source]?.timestampMilliseconds.map { Instant(milliseconds: $0) },
          now: now)
      }
    }
  }
}
