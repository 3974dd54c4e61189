import Contracts
import Kafka
import Messaging
import Postgres
import TestSupport

/// Rows of the outbox until the broker has acknowledged the messages and the rows are gone.
struct RelayFigure {
  let bench: Bench

  func measure() async throws {
    let rows = bench.count(500_000)
    try await Cluster.lend([]) { cluster in
      try await cluster.makeSchema(of: .stageService)
      var deals = DealEvents()
      let messages = try (0..<rows).map { _ in
        OutboxMessage(topic: .stageChanges, wire: try deals.next().wireMessage(source: "/bench"))
      }
      announce("  filling the outbox with \(rows) rows")
      try await cluster.withDatabase(of: .stageService) { pool in
        for first in stride(from: 0, to: rows, by: 50_000) {
          let part = Array(messages[first..<min(rows, first + 50_000)])
          try await pool.transaction { try Outbox.append(part, at: .now(), in: $0) }
        }
        try await pool.execute("VACUUM ANALYZE outbox")
      }
      let (seconds, usage) = try await relay(rows, of: cluster)
      let floor = try await produce(messages, to: cluster)
      bench.report.add(
        Figure(
          "relay", Double(rows) / seconds, "messages/s",
          floor: .init(name: "librdkafka", value: floor), aim: "50000", usage: usage,
          parameters: ["rows": Double(rows), "seconds": seconds]))
    }
  }

  private func relay(
    _ rows: Int, of cluster: Cluster
  ) async throws -> (seconds: Double, usage: Usage) {
    let name = cluster.topic(.stageChanges)
    let admin = try KafkaAdmin(cluster.kafkaConfiguration, logger: quietLogger)
    let partitions = try await cluster.watermarks(of: .stageChanges).keys.filter {
      $0.topic == name
    }
    let replica = try await cluster.add(.stageService)
    let clock = ContinuousClock()
    var start = clock.now
    let meter = try cluster.meter()
    try await cluster.withDatabase(of: .stageService) { pool in
      while true {
        let sent = try await admin.watermarks(of: partitions).values.reduce(0) { $0 + $1.high }
        if sent == 0 { start = clock.now }
        if sent >= rows, try await pool.query("SELECT FROM outbox LIMIT 1").isEmpty { break }
        try await Task.sleep(for: .milliseconds(20))
      }
    }
    let seconds = (clock.now - start) / .seconds(1)
    let usage = meter.usage()
    await admin.close(within: .seconds(2))
    try await replica.waitUntilReady()
    _ = try await replica.terminate()
    cluster.remove(replica)
    return (seconds, usage)
  }

  /// The same bytes, by nothing but the library.
  private func produce(_ messages: [OutboxMessage], to cluster: Cluster) async throws -> Double {
    let producer = try KafkaProducer(cluster.kafkaConfiguration, logger: quietLogger)
    let records = messages.map { KafkaRecord(topic: cluster.topic(.stageChanges), $0.wire) }
    let start = ContinuousClock.now
    for first in stride(from: 0, to: records.count, by: 50_000) {
      let part = Array(records[first..<min(records.count, first + 50_000)])
      for result in await producer.send(part) { _ = try result.get() }
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    await producer.close(within: .seconds(5))
    return Double(records.count) / seconds
  }
}
