import Contracts
import Foundation
import Kafka
import Logging
import Postgres
import TestSupport

@testable import Sluice

/// Tables of the services, out of their own migrations.
enum ServiceTables {
  /// stage-service's.
  static func createStageService(in pool: PostgresPool) async throws {
    try await run("Services/StageService/Migrations/m0001_stage_service.sql", in: pool)
  }

  /// The table by which rebuilds are asked for.
  static func createRebuilds(in pool: PostgresPool) async throws {
    try await run("Services/Forecasting/Migrations/m0003_rebuilds.sql", in: pool)
  }

  private static func run(_ file: String, in pool: PostgresPool) async throws {
    let repository = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let sql = try String(contentsOf: repository.appending(path: file), encoding: .utf8)
    try await pool.transaction { try $0.executeScript(sql) }
  }
}

/// `stage-changes.v1` of one test.
struct StageChanges {
  let prefix: String
  let kafka: KafkaConfiguration
  let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  static func make(partitions: Int = 2) async throws -> StageChanges {
    let prefix = TestKafka.uniqueName("operations") + "."
    try await TestKafka.createTopic(
      Topic.stageChanges.name(prefix: prefix), partitions: partitions)
    return StageChanges(prefix: prefix, kafka: try await TestKafka.configuration())
  }

  var reader: LogReader { LogReader(configuration: kafka, topicPrefix: prefix, logger: logger) }

  func write(_ events: [StageEvent]) async throws {
    let producer = try KafkaProducer(kafka, logger: logger)
    let results = await producer.send(
      try events.map { event in
        let wire = try event.wireMessage(source: "/test")
        return KafkaRecord(
          topic: Topic.stageChanges.name(prefix: prefix), key: wire.key, value: wire.value,
          headers: wire.headers.map { KafkaHeader(name: $0.name, value: $0.value) })
      })
    await producer.close(within: .seconds(5))
    for result in results { _ = try result.get() }
  }

  func withAdmin<Value>(_ body: (KafkaAdmin) async throws -> Value) async throws -> Value {
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

  /// The events on a topic, partition by partition.
  func events(on topic: String) async throws -> [[StageEvent]] {
    let (count, ranges) = try await withAdmin { admin in
      let count = try await admin.metadata()[topic]?.partitions ?? 0
      let partitions = (0..<Int32(count)).map { TopicPartition(topic: topic, partition: $0) }
      return (count, try await admin.watermarks(of: partitions))
    }
    var events = [[StageEvent]](repeating: [], count: count)
    let total = ranges.values.reduce(0) { $0 + $1.high - $1.low }
    let consumer = try KafkaConsumer(kafka, group: "look", logger: logger)
    try await consumer.assign(ranges.mapValues { .offset($0.low) })
    try await eventually("all of \(topic) is read") {
      for case .messages(let messages) in await consumer.poll(upTo: 1_000, waiting: .seconds(1)) {
        for message in messages {
          if case .payload(let event, _) = try StageEvent.read(LogRecord(message).wire) {
            events[Int(message.source.partition)].append(event)
          }
        }
      }
      return events.reduce(0) { $0 + $1.count } >= total
    }
    await consumer.close(within: .seconds(2))
    return events
  }
}
