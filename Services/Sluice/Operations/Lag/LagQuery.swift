import Contracts
import Kafka

/// Gathers what `sluice lag` shows.
struct LagQuery: Sendable {
  let admin: KafkaAdmin
  let topicPrefix: String
  /// How long the broker may take for each question.
  var timeout = Duration.seconds(10)
  /// Stored offsets of one group on one cluster.
  let stored:
    @Sendable (_ group: ReaderGroup, _ cluster: String) async throws -> [TopicPartition: Int64]

  func run(_ groups: [ReaderGroup], now: Instant) async throws -> LagReport {
    let cluster = try await admin.clusterID(timeout: timeout)
    let metadata = try await admin.metadata(timeout: timeout)
    var report = LagReport(clusterId: cluster)
    let described = try await describe(groups, &report)
    var positions: [String: [TopicPartition: LagProbe.Position]] = [:]
    var remarks: [String: String] = [:]
    for group in groups {
      let partitions = group.partitions(prefix: topicPrefix, metadata)
      var offsets: [TopicPartition: Int64] = [:]
      do {
        offsets = try await stored(group, cluster)
      } catch let missing as MissingTables {
        remarks[group.name] = missing.explanation
      }
      let committed = try await committed(group, partitions)
      positions[group.name] = Dictionary(
        uniqueKeysWithValues: partitions.map {
          ($0, LagProbe.Position(stored: offsets[$0], committed: committed[$0]))
        })
    }
    let logs = try await logs(of: Set(positions.values.flatMap(\.keys)), metadata, &report)
    let lags = try await LagProbe(admin: admin, timeout: timeout).lags(positions, logs, now: now)
    for group in groups {
      report.groups.append(
        LagReport.Group(
          group.name, described[group.name], partitions: lags[group.name] ?? [],
          remark: remarks[group.name]))
    }
    let missing = Set(groups.flatMap(\.topics).map { $0.name(prefix: topicPrefix) })
      .filter { metadata[$0] == nil }
    if !missing.isEmpty {
      report.remarks.append(
        "Kafka has no topic \(missing.sorted().joined(separator: ", ")); "
          + "sluice topics ensure makes them")
    }
    return report
  }

  /// Who is in each group; empty where the broker does not tell.
  private func describe(
    _ groups: [ReaderGroup], _ report: inout LagReport
  ) async throws(KafkaError) -> [String: ConsumerGroupDescription] {
    do {
      return try await admin.describeGroups(groups.map(\.name), timeout: timeout)
    } catch {
      guard error.code == .unsupported else { throw error }
      report.remarks.append("this broker does not describe groups, so their state is not known")
      return [:]
    }
  }

  private func committed(
    _ group: ReaderGroup, _ partitions: [TopicPartition]
  ) async throws(KafkaError) -> [TopicPartition: Int64] {
    guard !partitions.isEmpty else { return [:] }
    do {
      return try await admin.committedOffsets(
        group: group.name, of: partitions, timeout: timeout)
    } catch {
      guard error.code == .unsupported || error.code == .groupNotFound else { throw error }
      return [:]
    }
  }

  /// What the partitions hold; those that cannot be read at present are named in the report.
  private func logs(
    of partitions: Set<TopicPartition>, _ metadata: [String: TopicMetadata],
    _ report: inout LagReport
  ) async throws(KafkaError) -> [TopicPartition: Watermarks] {
    let readable = partitions.filter {
      metadata[$0.topic]?.leaderless.contains($0.partition) == false
    }
    let logs = try await admin.logRanges(of: readable.sorted(), timeout: timeout)
    let silent = partitions.filter { logs[$0] == nil }
    if !silent.isEmpty {
      report.remarks.append(
        "no leader answers for \(silent.sorted().map(\.description).joined(separator: ", ")): "
          + "the lag there is not known and not in the sums")
    }
    return logs
  }
}
