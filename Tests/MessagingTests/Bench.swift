import Contracts
import Dispatch
import Kafka
import Logging
import Messaging
import Postgres
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

/// What a test of the loops stands on: a schema with the messaging tables and a table of effects,
/// topics and a consumer group of its own, and a producer.
struct Bench: Sendable {
  let database: TestDatabase
  let prefix: String
  let group: String
  let kafka: KafkaConfiguration
  let producer: KafkaProducer
  let log: LogRecorder

  var pool: PostgresPool { database.pool }
  var logger: Logger { Logger(label: "test") { [log] _ in log } }

  func source(_ partition: Int32, _ topic: Topic = .stageChanges) -> TopicPartition {
    TopicPartition(topic: topic.name(prefix: prefix), partition: partition)
  }

  func loop(
    _ handler: any BatchHandler, signal: WakeSignal? = nil, batchSize: Int = 100, workers: Int = 2
  ) -> ConsumerLoop {
    var options = ConsumerLoop.Options()
    options.batchSize = batchSize
    options.workers = workers
    return ConsumerLoop(
      membership, handlers: [handler], pool: pool, outboxSignal: signal, logger: logger,
      options: options)
  }

  var membership: ConsumerLoop.Membership {
    ConsumerLoop.Membership(kafka: kafka, group: group, topicPrefix: prefix)
  }

  /// Writes the numbers as messages, round robin over the partitions unless one is given.
  func produce(
    _ numbers: Range<Int>, partition: Int32? = nil, partitions: Int32 = 2
  ) async throws {
    let records = numbers.map { number in
      KafkaRecord(
        topic: Topic.stageChanges.name(prefix: prefix), key: Array("k\(number)".utf8),
        value: Array("\(number)".utf8),
        headers: [
          KafkaHeader(name: "ce_id", value: Array("e-\(number)".utf8)),
          KafkaHeader(name: "odd", value: nil),
        ], partition: partition ?? Int32(number) % partitions)
    }
    try await send(records)
  }

  func send(_ records: [KafkaRecord]) async throws {
    for result in await producer.send(records) { _ = try result.get() }
  }

  /// The numbers in the table of effects, in order.
  func effects() async throws -> [Int] {
    try await pool.query("SELECT number FROM effects ORDER BY number").map {
      Int(try $0.decode(0, as: Int64.self))
    }
  }

  func count(_ table: String) async throws -> Int64 {
    try await pool.query("SELECT count(*) FROM \(table)")[0].decode(0)
  }

  func offset(_ partition: Int32) async throws -> Int64? {
    try await pool.query(
      "SELECT next_offset FROM consumer_offsets WHERE partition = $1", partition
    ).first?.decode(0)
  }

  func setOffset(_ partition: Int32, _ next: Int64, _ event: String?) async throws {
    let cluster = try await producer.clusterID(timeout: .seconds(10))
    try await pool.execute(
      """
      INSERT INTO consumer_offsets (cluster_id, topic, partition, consumer_group, next_offset, last_event_id)
      VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (cluster_id, topic, partition, consumer_group)
      DO UPDATE SET next_offset = $5, last_event_id = $6
      """, cluster, Topic.stageChanges.name(prefix: prefix), partition, group, next, event)
  }
}

func withBench(
  partitions: Int = 2, broker: EmbeddedBroker? = nil, overrides: [String: String] = [:],
  _ body: (Bench) async throws -> Void
) async throws {
  let prefix = TestKafka.uniqueName("messaging") + "."
  var kafka = try await TestKafka.configuration(overrides: overrides)
  if let broker { kafka.bootstrapServers = broker.bootstrapServers }
  for (topic, count) in [(Topic.stageChanges, partitions), (.deadLetters, 1)] {
    let name = topic.name(prefix: prefix)
    if let broker {
      try broker.createTopic(name, partitions: count)
    } else {
      try await TestKafka.createTopic(name, partitions: count)
    }
  }
  try await withTestDatabase { database in
    let log = LogRecorder()
    let logger = Logger(label: "test") { _ in log }
    try await Migrator.migrate(
      database.pool, schema: database.schema, sets: [MessagingMigrations.set], logger: logger)
    // Without a key, so that a doubled effect shows.
    try await database.pool.execute("CREATE TABLE effects (number bigint CHECK (number <> 13000))")
    let producer = try KafkaProducer(kafka, logger: logger)
    let bench = Bench(
      database: database, prefix: prefix, group: prefix + "group", kafka: kafka,
      producer: producer, log: log)
    do {
      try await body(bench)
    } catch {
      await producer.close(within: .seconds(1))
      throw error
    }
    await producer.close(within: .seconds(1))
  }
}

/// Runs the services while `body` does, then shuts them down gracefully and waits for their end.
func running(_ services: [any Service], _ body: () async throws -> Void) async throws {
  let group = ServiceGroup(
    services: services, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  let run = Task { try await group.run() }
  do {
    try await body()
  } catch {
    await group.triggerGracefulShutdown()
    _ = try? await run.value
    throw error
  }
  await group.triggerGracefulShutdown()
  try await run.value
}

/// Inserts the number of every message into `effects`, after `before` had a look.
struct EffectHandler: BatchHandler {
  let topics = [Topic.stageChanges]
  var before: @Sendable (ConsumedBatch, borrowing PostgresTransaction) throws -> Void = { _, _ in }

  func handle(
    _ batch: ConsumedBatch, in transaction: borrowing PostgresTransaction, now: Instant
  ) throws -> BatchOutcome {
    try before(batch, transaction)
    var outcome = BatchOutcome()
    let numbers = batch.messages.compactMap(\.number)
    outcome.tombstones = batch.messages.count { $0.wire.value == nil }
    outcome.applied = numbers.count
    try transaction.execute("INSERT INTO effects SELECT unnest($1::bigint[])", numbers)
    return outcome
  }
}

extension ConsumedMessage {
  var number: Int64? { wire.value.flatMap { Int64(String(decoding: $0, as: UTF8.self)) } }
}

final class LogRecorder: LogHandler, Sendable {
  private let recorded = Mutex<[String]>([])

  func has(_ text: String) -> Bool { recorded.withLock { $0.contains { $0.contains(text) } } }

  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }
  var logLevel: Logger.Level {
    get { .debug }
    set {}
  }
  subscript(metadataKey _: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }

  func log(event: LogEvent) { recorded.withLock { $0.append("\(event.message)") } }
}

/// A door that a handler on its own thread stands before until the test opens it.
final class Gate: Sendable {
  private let condition = DispatchSemaphore(value: 0)
  private let state = Mutex((isOpen: false, waiting: 0))

  var hasVisitor: Bool { state.withLock { $0.waiting > 0 } }

  func pass() {
    let mustWait = state.withLock { state in
      if !state.isOpen { state.waiting += 1 }
      return !state.isOpen
    }
    if mustWait { condition.wait() }
  }

  func open() {
    let waiting = state.withLock { state in
      state.isOpen = true
      defer { state.waiting = 0 }
      return state.waiting
    }
    for _ in 0..<waiting { condition.signal() }
  }
}

/// True the first time only.
final class Once: Sendable {
  private let flag = Atomic(false)

  func first() -> Bool { !flag.exchange(true, ordering: .relaxed) }
}
