package import ServiceKit

extension PrometheusRegistry {
  /// Says what the figures of the messaging mean, and in which buckets its histograms count.
  package func describeMessaging() {
    let latency = [
      0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600,
    ]
    let sizes: [Double] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000]
    describe("sluice_consumer_messages_total", help: "Messages processed, by what became of them.")
    describe(
      "sluice_consumer_batch_size", help: "Messages in one transaction.", buckets: sizes)
    describe(
      "sluice_consumer_batch_seconds", help: "Time of one transaction.", buckets: latency)
    describe(
      "sluice_consumer_end_to_end_seconds",
      help: "From the message's time stamp to the commit of its effect.", buckets: latency)
    describe("sluice_consumer_lag_messages", help: "Messages not processed yet.")
    describe("sluice_consumer_lag_seconds", help: "Age of the oldest message not processed yet.")
    describe("sluice_consumer_rebalances_total", help: "Rebalances, by what they brought.")
    describe(
      "sluice_consumer_partition_stopped",
      help: "1 while a partition is stopped because its stored offset does not fit the log.")
    describe("sluice_consumer_gaps_total", help: "Events that came before their predecessor.")
    describe("sluice_consumer_parked_events", help: "Events that wait for their predecessor.")
    describe(
      "sluice_consumer_fenced_total",
      help: "Batches rolled back because another consumer had moved the offset.")
    describe("sluice_consumer_batch_retries_total", help: "Batches tried again.")
    describe("sluice_dead_letters_total", help: "Messages that became dead letters.")
    describe("sluice_outbox_depth", help: "Messages waiting to be published.")
    describe("sluice_outbox_age_seconds", help: "Age of the oldest message waiting.")
    describe("sluice_outbox_published_total", help: "Messages published.")
    describe(
      "sluice_outbox_undeliverable_total", help: "Messages that the broker will never take.")
  }
}
