import Contracts
import Kafka
import Metrics

/// The names under which a consumer group reports; `group`, `topic` and `partition` are labels.
struct ConsumerMetrics: Sendable {
  let group: String

  func messages(_ topic: Topic, _ outcome: String, _ count: Int) {
    guard count > 0 else { return }
    Counter(
      label: "sluice_consumer_messages_total",
      dimensions: [("group", group), ("topic", topic.name), ("outcome", outcome)]
    ).increment(by: count)
  }

  func batch(_ topic: Topic, size: Int, took: Duration) {
    let dimensions = [("group", group), ("topic", topic.name)]
    Recorder(label: "sluice_consumer_batch_size", dimensions: dimensions).record(size)
    Timer(label: "sluice_consumer_batch_seconds", dimensions: dimensions).record(duration: took)
  }

  /// From the producers' time stamps (of an outbox row: when it was written) to our commit.
  func endToEnd(_ topic: Topic, from timestamps: some Sequence<Instant>, to: Instant) {
    let timer = Timer(
      label: "sluice_consumer_end_to_end_seconds",
      dimensions: [("group", group), ("topic", topic.name)])
    for from in timestamps {
      timer.recordNanoseconds(max(0, to.microseconds - from.microseconds) * 1_000)
    }
  }

  func rebalance(_ kind: String) {
    count("sluice_consumer_rebalances_total", [("kind", kind)])
  }

  func gap(_ topic: Topic, _ number: Int) {
    count("sluice_consumer_gaps_total", [("topic", topic.name)], number)
  }

  func fenced() { count("sluice_consumer_fenced_total") }

  func retried() { count("sluice_consumer_batch_retries_total") }

  func parked(_ number: Int64) {
    Gauge(label: "sluice_consumer_parked_events", dimensions: [("group", group)]).record(number)
  }

  func deadLetters(_ topic: Topic, _ number: Int) {
    count("sluice_dead_letters_total", [("topic", topic.name)], number)
  }

  func lag(_ partition: TopicPartition, messages: Int64, seconds: Double) {
    gauge("sluice_consumer_lag_messages", partition).record(messages)
    gauge("sluice_consumer_lag_seconds", partition).record(seconds)
  }

  func stopped(_ partition: TopicPartition) {
    gauge("sluice_consumer_partition_stopped", partition).record(1)
  }

  /// A partition that moved elsewhere must not go on showing its last value here.
  func forget(_ partition: TopicPartition) {
    for name in [
      "sluice_consumer_lag_messages", "sluice_consumer_lag_seconds",
      "sluice_consumer_partition_stopped",
    ] {
      gauge(name, partition).destroy()
    }
  }

  private func gauge(_ name: String, _ partition: TopicPartition) -> Gauge {
    Gauge(
      label: name,
      dimensions: [
        ("group", group), ("topic", partition.topic), ("partition", "\(partition.partition)"),
      ])
  }

  private func count(_ name: String, _ labels: [(String, String)] = [], _ number: Int = 1) {
    guard number > 0 else { return }
    Counter(label: name, dimensions: [("group", group)] + labels).increment(by: number)
  }
}
