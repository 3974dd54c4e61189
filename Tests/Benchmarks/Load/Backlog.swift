import Contracts
import Kafka
import TestSupport

/// Writes messages to a topic before anybody reads them.
struct Backlog {
  private static let batch = 10_000

  let cluster: Cluster
  private let producer: KafkaProducer

  init(_ cluster: Cluster) throws {
    self.cluster = cluster
    producer = try KafkaProducer(cluster.kafkaConfiguration, logger: quietLogger)
  }

  /// Writes `count` messages, in order for each key.
  func write(
    _ count: Int, to topic: Topic, _ next: () throws -> WireMessage
  ) async throws {
    var written = 0
    while written < count {
      let records = try (0..<min(Backlog.batch, count - written)).map { _ in
        KafkaRecord(topic: cluster.topic(topic), try next())
      }
      for result in await producer.send(records) { _ = try result.get() }
      written += records.count
    }
  }

  func close() async { await producer.close(within: .seconds(5)) }
}

extension Cluster {
  func writeBacklog(
    _ count: Int, to topic: Topic, _ next: () throws -> WireMessage
  ) async throws {
    let backlog = try Backlog(self)
    do {
      try await backlog.write(count, to: topic, next)
    } catch {
      await backlog.close()
      throw error
    }
    await backlog.close()
  }
}
