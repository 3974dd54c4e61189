import CoreMetrics
import Kafka
import ServiceKit
import Synchronization

/// One sample of a gauge.
struct LagSample: Hashable, Sendable {
  var name: String
  var labels: [String: String]
  var value: Double
}

/// Turns lag into samples under the names of danielqsj's kafka_exporter and, for seconds, of
/// kafka-lag-exporter, so that their dashboards and alerts fit. Pure.
enum LagSeries {
  static let help: [String: String] = [
    "kafka_consumergroup_lag":
      "Messages between what the group committed, or the next message behind it, and the log's end.",
    "kafka_consumergroup_lag_sum": "Lag of the group in all partitions of the topic.",
    "kafka_consumergroup_current_offset": "The offset that the group committed.",
    "kafka_consumergroup_members": "Consumers in the group.",
    "kafka_topic_partition_current_offset":
      "The offset behind the last message that a reader of committed messages gets.",
    "kafka_topic_partition_oldest_offset": "The oldest offset that is kept.",
    "kafka_consumergroup_group_lag_seconds":
      "Age of the oldest message that the group has not read.",
    "kafka_consumergroup_group_max_lag_seconds":
      "Age of the oldest message that the group has not read, over all partitions.",
    "sluice_lag_exporter_lost_messages":
      "Offsets that were deleted before the group read them; only where there are any.",
    "sluice_lag_exporter_offset_beyond_end":
      "1 where the committed offset lies behind the log's end: another topic, or a lost log.",
    "sluice_lag_exporter_up": "1 after a poll that worked, 0 after one that failed.",
    "sluice_lag_exporter_poll_duration_seconds": "How long the last poll took.",
    "sluice_lag_exporter_polls_total": "Polls, by how they ended.",
  ]

  static func samples(of lag: ClusterLag, clusterName: String?) -> [LagSample] {
    let cluster = clusterName ?? lag.clusterID
    var samples: [LagSample] = []
    for (source, log) in lag.logs {
      let labels = ["topic": source.topic, "partition": "\(source.partition)"]
      samples.append(.init("kafka_topic_partition_current_offset", labels, log.high))
      samples.append(.init("kafka_topic_partition_oldest_offset", labels, log.low))
    }
    for group in lag.groups {
      if let members = group.members {
        let labels = ["consumergroup": group.name]
        samples.append(.init("kafka_consumergroup_members", labels, Int64(members)))
      }
      for row in group.partitions {
        samples += Self.samples(of: row, group.name, cluster)
      }
      for (topic, rows) in Dictionary(grouping: group.partitions, by: \.topic) {
        samples.append(
          .init(
            "kafka_consumergroup_lag_sum", ["consumergroup": group.name, "topic": topic],
            rows.reduce(0) { $0 + $1.lagMessages }))
      }
      if let oldest = group.partitions.compactMap(\.lagSeconds).max() {
        samples.append(
          LagSample(
            name: "kafka_consumergroup_group_max_lag_seconds",
            labels: ["cluster_name": cluster, "group": group.name], value: oldest))
      }
    }
    return samples
  }

  private static func samples(
    of row: PartitionLag, _ group: String, _ cluster: String
  ) -> [LagSample] {
    let place = ["topic": row.topic, "partition": "\(row.partition)"]
    let labels = place.merging(["consumergroup": group]) { $1 }
    var samples = [LagSample("kafka_consumergroup_lag", labels, row.lagMessages)]
    if let committed = row.committed {
      samples.append(.init("kafka_consumergroup_current_offset", labels, committed))
    }
    if let seconds = row.lagSeconds {
      samples.append(
        LagSample(
          name: "kafka_consumergroup_group_lag_seconds",
          labels: place.merging(["cluster_name": cluster, "group": group]) { $1 }, value: seconds))
    }
    if row.lostMessages > 0 {
      samples.append(.init("sluice_lag_exporter_lost_messages", labels, row.lostMessages))
    }
    if row.flags.contains(.beyondEnd) {
      samples.append(.init("sluice_lag_exporter_offset_beyond_end", labels, 1))
    }
    return samples
  }
}

extension LagSample {
  init(_ name: String, _ labels: [String: String], _ value: Int64) {
    self.init(name: name, labels: labels, value: Double(value))
  }
}

/// The gauges that a scrape finds: those of the last poll, and no older ones.
final class LagBoard: Sendable {
  private struct Series: Hashable {
    var name: String
    var labels: [String: String]
  }

  private let registry: PrometheusRegistry
  private let shown = Mutex<[Series: any MeterHandler]>([:])

  init(_ registry: PrometheusRegistry) {
    self.registry = registry
    for (name, help) in LagSeries.help { registry.describe(name, help: help) }
  }

  /// Shows these samples and takes away what is not among them.
  func show(_ samples: [LagSample]) {
    shown.withLock { shown in
      var gone = shown
      for sample in samples {
        let series = Series(name: sample.name, labels: sample.labels)
        gone[series] = nil
        let gauge =
          shown[series]
          ?? registry.makeMeter(
            label: sample.name, dimensions: sample.labels.map { ($0.key, $0.value) })
        gauge.set(sample.value)
        shown[series] = gauge
      }
      for (series, gauge) in gone {
        registry.destroyMeter(gauge)
        shown[series] = nil
      }
    }
  }
}
