import CRdKafka
import Synchronization

/// A Kafka cluster inside this process: librdkafka's mock cluster, for trying and testing.
///
/// It listens on free ports of 127.0.0.1, keeps everything in memory (5 MiB and 100,000 messages per
/// partition), and has a new cluster id at every start. It knows producing, consuming, groups and
/// metadata, but no admin requests: topics are made with `createTopic`. A topic that a producer
/// touches without that appears with 4 partitions.
package final class EmbeddedBroker: Sendable {
  /// The pair is freed once, cluster first, under the lock.
  private struct Native: @unchecked Sendable {
    let client: OpaquePointer
    let cluster: OpaquePointer
  }
  private let native: Mutex<Native?>
  private let replication: Int32

  package let bootstrapServers: String

  /// Settings (`KafkaConfiguration.overrides`) with which clients get on well with it. It lets each
  /// rebalance last as long as the session time-out less a second, and answers a fetch that found
  /// nothing only when its wait is over, whatever was written meanwhile. The first member of an empty
  /// group waits for three seconds, during which its session must not end: the broker would forget
  /// the member and never read from its connection again. Real brokers refuse a session time-out as
  /// short as this.
  package static let clientSettings = [
    "session.timeout.ms": "3500", "heartbeat.interval.ms": "200", "fetch.wait.max.ms": "20",
  ]

  /// - Parameter topics: the number of partitions by name.
  package init(topics: [String: Int], brokers: Int = 1) throws(KafkaError) {
    let conf = rd_kafka_conf_new()
    // The mock cluster talks about every dropped connection; nobody would read it.
    rd_kafka_conf_set(conf, "log_level", "2", nil, 0)
    var reason = [CChar](repeating: 0, count: 512)
    guard let client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, &reason, reason.count) else {
      rd_kafka_conf_destroy(conf)
      throw KafkaError(.unknown, "the embedded broker can't start: \(ClientHandle.text(reason))")
    }
    guard let cluster = rd_kafka_mock_cluster_new(client, Int32(brokers)) else {
      rd_kafka_destroy(client)
      throw KafkaError(.unknown, "the embedded broker can't start: no mock cluster")
    }
    native = Mutex(Native(client: client, cluster: cluster))
    replication = Int32(min(brokers, 3))
    bootstrapServers = String(cString: rd_kafka_mock_cluster_bootstraps(cluster))
    for (name, partitions) in topics.sorted(by: { $0.key < $1.key }) {
      try createTopic(name, partitions: partitions)
    }
  }

  deinit { stop() }

  /// How the cluster id of every embedded broker begins.
  static let idPrefix = "mockCluster"
  /// The admin requests that it answers.
  static let requests: Set<String> = ["OffsetFetch"]

  package func createTopic(_ name: String, partitions: Int) throws(KafkaError) {
    let code = withCluster {
      rd_kafka_mock_topic_create($0, name, Int32(partitions), replication)
    }
    guard let code else { throw KafkaError(.closed, "the embedded broker is stopped") }
    try KafkaError.check(
      code, "topic \"\(name)\": \(String(cString: rd_kafka_err2str(code)))")
  }

  /// false: every broker drops its connections and takes no new ones. Nothing stored is lost.
  package func setReachable(_ up: Bool) {
    _ = withCluster {
      up ? rd_kafka_mock_broker_set_up($0, -1) : rd_kafka_mock_broker_set_down($0, -1)
    }
  }

  /// Ends the cluster and everything in it. Blocks shortly; more calls do nothing.
  package func stop() {
    native.withLock { native in
      guard let stopping = native else { return }
      native = nil
      rd_kafka_mock_cluster_destroy(stopping.cluster)
      rd_kafka_destroy(stopping.client)
    }
  }

  private func withCluster<Value: Sendable>(_ body: (OpaquePointer) -> Value) -> Value? {
    native.withLock { $0.map { body($0.cluster) } }
  }
}
