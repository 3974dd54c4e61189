import Contracts
import Kafka
import Logging
import Messaging
import Postgres
import ServiceLifecycle
import Synchronization
import TestSupport

@testable import Forecasting

/// The tables of the service, topics of its own, the consumer that serves, and the worker.
struct RebuildBench: Sendable {
  static let group = "sluice-forecasting"
  let pool: PostgresPool
  let schema: String
  /// The server's.
  let url: String
  var log: RebuildLog
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// - Parameter topics: those of the service that are there.
  static func with<Result>(
    partitions: Int = 3, topics: [Topic] = [.stageChanges, .pipelines],
    _ body: (RebuildBench) async throws -> Result
  ) async throws -> Result {
    let prefix = TestKafka.uniqueName("rebuild") + "."
    for topic in topics {
      try await TestKafka.createTopic(
        topic.name(prefix: prefix), partitions: topic == .stageChanges ? partitions : 1)
    }
    // Uncompressed, so that a test can fill what a broker keeps.
    let kafka = try await TestKafka.configuration(overrides: ["compression.type": "none"])
    return try await withTestDatabase { database in
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      try await Migrator.migrate(
        database.pool, schema: database.schema, sets: RebuildSchemas.sets, logger: logger)
      let bench = RebuildBench(
        pool: database.pool, schema: database.schema, url: database.url,
        log: RebuildLog(
          kafka: kafka, group: group, topicPrefix: prefix,
          handlers: [StageProjection(), PipelineProjection()], logger: logger))
      do {
        let result = try await body(bench)
        try await bench.expectNoLeftovers()
        return result
      } catch {
        try? await bench.dropLeftovers()
        throw error
      }
    }
  }

  var schemas: RebuildSchemas { RebuildSchemas(live: schema) }

  func topic(_ topic: Topic) -> String { topic.name(prefix: log.topicPrefix) }

  // MARK: Kafka

  func produce(_ messages: [WireMessage], to topic: Topic) async throws {
    let producer = try KafkaProducer(log.kafka, logger: logger)
    let results = await producer.send(
      messages.map { message in
        KafkaRecord(
          topic: self.topic(topic), key: message.key, value: message.value,
          headers: message.headers.map { KafkaHeader(name: $0.name, value: $0.value) })
      })
    await producer.close(within: .seconds(5))
    for result in results { _ = try result.get() }
  }

  func produce(_ events: [StageEvent], to topic: Topic = .stageChanges) async throws {
    try await produce(events.map { try $0.wireMessage(source: "test") }, to: topic)
  }

  func publishPipeline() async throws {
    try await produce([try Ladder.published.wireMessage(source: "test")], to: .pipelines)
  }

  /// Runs the serving consumer around `body`.
  func serving<Result>(_ body: (ConsumerStatus) async throws -> Result) async throws -> Result {
    let loop = ConsumerLoop(
      ConsumerLoop.Membership(
        kafka: log.kafka, group: RebuildBench.group, topicPrefix: log.topicPrefix),
      handlers: log.handlers, pool: pool, logger: logger)
    return try await running(loop) { try await body(loop.status) }
  }

  /// Runs a service around `body` and shuts it down as SIGTERM would.
  func running<Result>(
    _ service: any Service, _ body: () async throws -> Result
  ) async throws -> Result {
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(services: [service], logger: logger))
    async let end: Void = group.run()
    let result: Result
    do {
      result = try await body()
    } catch {
      await group.triggerGracefulShutdown()
      throw error
    }
    await group.triggerGracefulShutdown()
    try await end
    return result
  }

  /// Returns when the serving consumer has done all that stands on the topics.
  func waitUntilConsumed() async throws {
    try await eventually(within: .seconds(60), "the serving consumer has caught up") {
      let ranges = try await log.ranges(of: log.topics)
      let offsets = try await offsets()
      return ranges.allSatisfy { offsets[$0.key] == $0.value.high }
    }
  }

  func offsets() async throws -> [TopicPartition: Int64] {
    let store = OffsetStore(clusterID: try await log.clusterID(), group: RebuildBench.group)
    let schema = schema
    return try await pool.transaction { try store.positions(in: schema, $0) }
  }

  // MARK: Rebuilds

  func worker(
    patience: Duration = .seconds(60),
    checkpoint: @escaping @Sendable (FailPoint) throws -> Void = { _ in }
  ) -> RebuildWorker {
    RebuildWorker(
      pool: pool, schema: schema, log: log, interval: .milliseconds(50),
      patience: patience, checkpoint: checkpoint)
  }

  @discardableResult
  func request(_ replay: RebuildRequest.Replay? = nil) async throws -> EntityID {
    let id = EntityID.make(at: .now())
    try await pool.execute(
      """
      INSERT INTO rebuilds (id, source, cluster_id, replay_topic, replay_ends, live_starts)
      VALUES ($1, $2, $3, $4, $5, $6)
      """, id, replay == nil ? "log" : "history", replay?.clusterID, replay?.topic,
      replay?.ends, replay?.liveStarts)
    return id
  }

  struct Row: Equatable {
    var state: String
    var reason: String?
    var note: String?
    var done: Int64
    var total: Int64?
    var deadLetters: Int64
  }

  func row(_ id: EntityID) async throws -> Row {
    let row = try await pool.query(
      "SELECT state, reason, note, done, total, dead_letters FROM rebuilds WHERE id = $1", id)[0]
    return Row(
      state: try row.decode(0), reason: try row.optional(1), note: try row.optional(2),
      done: try row.decode(3), total: try row.optional(4), deadLetters: try row.decode(5))
  }

  func has(schema: String) async throws -> Bool {
    try await !pool.query("SELECT FROM pg_namespace WHERE nspname = $1", schema).isEmpty
  }

  private func expectNoLeftovers() async throws {
    for leftover in [schemas.rebuilt, schemas.former] where try await has(schema: leftover) {
      throw LeftBehind(schema: leftover)
    }
  }

  private func dropLeftovers() async throws {
    for leftover in [schemas.rebuilt, schemas.former] {
      try await pool.execute("DROP SCHEMA IF EXISTS \(quoteIdentifier(leftover)) CASCADE")
    }
  }
}

struct LeftBehind: Error {
  var schema: String
}

/// Ends a worker at chosen places, as a crash would.
final class Crashes: Sendable {
  struct Crash: Error {}
  private let places: Mutex<[FailPoint]>

  /// - Parameter places: in the order in which they are met.
  init(_ places: [FailPoint]) { self.places = Mutex(places) }

  var left: Int { places.withLock(\.count) }

  func meet(_ place: FailPoint) throws {
    let isDue = places.withLock { places in
      guard places.first == place else { return false }
      places.removeFirst()
      return true
    }
    if isDue { throw Crash() }
  }
}

/// Deals that walk up and down the ladder, the same for the same seed.
enum Walks {
  static func events(_ deals: Int, steps: Int = 4, seed: UInt64) -> [StageEvent] {
    var random = SplitMix(seed)
    var histories = (0..<deals).map { History(Int(seed) << 20 + $0) }
    for index in histories.indices { histories[index].create() }
    for step in 1...steps {
      for index in histories.indices {
        if step == steps, index % 10 == 9 {
          histories[index].merge(into: histories[0].id)
          continue
        }
        let stage = ["lead", "offer", "talks", "won", "lost"].randomElement(using: &random)!
        if stage == histories[index].stage {
          histories[index].change { $0.owner = "bob" }
        } else {
          histories[index].move(to: stage)
        }
      }
    }
    // By time, so that deals mix.
    return (0...steps).flatMap { step in histories.map { $0.events[step] } }
  }
}
