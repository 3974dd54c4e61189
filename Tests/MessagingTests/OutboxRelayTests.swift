import Contracts
import Kafka
import Postgres
import ServiceLifecycle
import TestSupport
import Testing

@testable import Messaging

@Suite(.timeLimit(.minutes(4))) struct OutboxRelayTests {
  private static func message(_ number: Int, key: Int, size: Int = 0) -> OutboxMessage {
    OutboxMessage(
      topic: .stageChanges,
      wire: WireMessage(
        key: Array("k\(key)".utf8),
        value: Array("\(number)".utf8) + .init(repeating: 0x20, count: size),
        headers: [.init("ce_id", "e-\(number)"), .init("empty", []), .init("none", nil)]))
  }

  private static func append(_ messages: [OutboxMessage], _ bench: Bench) async throws {
    try await bench.pool.transaction { transaction in
      try Outbox.append(messages, at: Instant.now(), in: transaction)
    }
  }

  private static func relay(
    _ bench: Bench, producer: KafkaProducer? = nil, poll: Duration = .milliseconds(5),
    drainLimit: Duration = .seconds(4)
  ) -> OutboxRelay {
    var options = OutboxRelay.Options()
    options.batchSize = 50
    options.pollInterval = poll
    options.upkeepInterval = .milliseconds(50)
    options.drainLimit = drainLimit
    return OutboxRelay(
      pool: bench.pool, producer: producer ?? bench.producer, topicPrefix: bench.prefix,
      signal: WakeSignal(), logger: bench.logger, options: options)
  }

  /// What a reader that drops repetitions sees: per key the numbers in the order of first arrival.
  private static func firstArrivals(_ messages: [KafkaMessage]) -> [String: [Int]] {
    var seen: Set<Int> = []
    var arrivals: [String: [Int]] = [:]
    for message in messages {
      let text = String(decoding: message.value ?? [], as: UTF8.self)
      guard let number = Int(text.split(separator: " ")[0]), seen.insert(number).inserted else {
        continue
      }
      arrivals[String(decoding: message.key ?? [], as: UTF8.self), default: []].append(number)
    }
    return arrivals
  }

  private static func expectOrder(_ messages: [KafkaMessage], _ numbers: Range<Int>) {
    let arrivals = firstArrivals(messages)
    #expect(arrivals.values.flatMap { $0 }.sorted() == Array(numbers))
    for (key, numbers) in arrivals { #expect(numbers == numbers.sorted(), "\(key)") }
  }

  private static func holders(_ bench: Bench) async throws -> (
    locks: Int64, buckets: Int64, pid: Int32?
  ) {
    let row = try await bench.pool.query(
      """
      SELECT count(*), count(DISTINCT objid), min(pid) FROM pg_locks
      WHERE locktype = 'advisory' AND granted AND classid = 'outbox'::regclass::oid
      """)[0]
    return (try row.decode(0), try row.decode(1), try row.optional(2))
  }

  @Test func twoRelaysKeepTheOrderAndOneTakesOver() async throws {
    try await withBench(partitions: 1) { bench in
      let other = try KafkaProducer(bench.kafka, logger: bench.logger)
      try await running([Self.relay(bench)]) {
        var first: Int32?
        try await running([Self.relay(bench, producer: other)]) {
          for start in stride(from: 0, to: 600, by: 100) {
            try await Self.append(
              (start..<start + 100).map { Self.message($0, key: $0 % 40) }, bench)
          }
          try await eventually("the outbox is empty") { try await bench.count("outbox") == 0 }
          let held = try await Self.holders(bench)
          #expect(held.locks == 64 && held.buckets == 64)
          first = held.pid
          // Whoever holds them loses the connection; the locks go over.
          try await bench.pool.execute("SELECT pg_terminate_backend($1)", first)
          try await Self.append((600..<1_000).map { Self.message($0, key: $0 % 40) }, bench)
          try await eventually("the outbox is empty") { try await bench.count("outbox") == 0 }
          try await eventually("all buckets are held again") {
            let held = try await Self.holders(bench)
            return held.locks == 64 && held.buckets == 64 && held.pid != first
          }
        }
        try await Self.append((1_000..<1_200).map { Self.message($0, key: $0 % 40) }, bench)
        try await eventually("the one that is left goes on") {
          try await bench.count("outbox") == 0
        }
      }
      let high = try await bench.high(.stageChanges)
      let messages = try await bench.read(.stageChanges, high)
      Self.expectOrder(messages, 0..<1_200)
      #expect(messages[0].headers.contains(KafkaHeader(name: "none", value: nil)))
      #expect(messages[0].headers.contains(KafkaHeader(name: "empty", value: [])))
      #expect(messages[0].timestampMilliseconds != nil)
    }
  }

  @Test func rowsThatWereProducedBeforeACrashComeAgainInOrder() async throws {
    try await withBench(partitions: 1) { bench in
      try await Self.append((0..<40).map { Self.message($0, key: $0 % 3) }, bench)
      let rows = try await bench.pool.withSession { session in
        try await OutboxRow.select(
          buckets: Array(0..<64), limit: 20, bytes: .max, on: session)
      }
      try await bench.send(rows.map { $0.record(topicPrefix: bench.prefix) })
      try await running([Self.relay(bench)]) {
        try await eventually("the outbox is empty") { try await bench.count("outbox") == 0 }
      }
      Self.expectOrder(try await bench.read(.stageChanges, 60), 0..<40)
    }
  }

  @Test func aBatchIsBoundedByItsBytesButNeverEmpty() async throws {
    try await withBench(partitions: 1) { bench in
      try await Self.append((0..<6).map { Self.message($0, key: 1, size: 1_000) }, bench)
      func count(_ bytes: Int) async throws -> Int {
        try await bench.pool.withSession { session in
          try await OutboxRow.select(
            buckets: Array(0..<64), limit: 5, bytes: bytes, on: session)
        }.count
      }
      #expect(try await count(1) == 1)
      #expect(try await count(2_500) == 3)
      #expect(try await count(1_000_000) == 5)
    }
  }

  @Test func aMessageThatIsTooLargeIsSetAsideAndTheBucketGoesOn() async throws {
    try await withBench(partitions: 1) { bench in
      try await Self.append(
        [
          Self.message(0, key: 1), Self.message(99, key: 1, size: 2_000_000),
          Self.message(1, key: 1), Self.message(2, key: 1),
        ], bench)
      var notices: [KafkaMessage] = []
      try await running([Self.relay(bench)]) {
        try await eventually("the outbox is empty") { try await bench.count("outbox") == 0 }
        notices = try await bench.read(.deadLetters, 1)
      }
      Self.expectOrder(try await bench.read(.stageChanges, 3), 0..<3)
      let row = try await bench.pool.query(
        "SELECT id, length(value), message_key, reason FROM outbox_undeliverable")[0]
      let id: Int64 = try row.decode(0)
      #expect(try row.decode(1, as: Int32.self) == 2_000_002)
      #expect(try row.decode(2, as: [UInt8].self) == Array("k1".utf8))
      #expect(notices[0].key == Array("k1".utf8))
      #expect(notices[0].value == [])
      #expect(notices[0].text("sluice_reason_code") == "undeliverable")
      #expect(notices[0].text("sluice_outbox_id") == "\(id)")
      #expect(notices[0].text("sluice_reason") == (try row.decode(3, as: String.self)))
      #expect(bench.log.has("outbox_undeliverable"))
    }
  }

  @Test func aBrokerThatComesBackGetsEverythingInOrder() async throws {
    guard !TestKafka.isExternal else { return }
    let broker = try EmbeddedBroker(topics: [:])
    defer { broker.stop() }
    try await withBench(partitions: 1, broker: broker, overrides: ["message.timeout.ms": "800"]) {
      bench in
      broker.setReachable(false)
      try await Self.append((0..<100).map { Self.message($0, key: $0 % 7) }, bench)
      try await running([Self.relay(bench)]) {
        try await eventually("the relay has given up once") { bench.log.has("not published yet") }
        #expect(try await bench.count("outbox") == 100)
        broker.setReachable(true)
        try await eventually("the outbox is empty") { try await bench.count("outbox") == 0 }
      }
      Self.expectOrder(
        try await bench.read(.stageChanges, try await bench.high(.stageChanges)), 0..<100)
    }
  }

  @Test func shutdownPublishesWhatIsLeft() async throws {
    try await withBench(partitions: 1) { bench in
      // Would look again in an hour.
      try await running([Self.relay(bench, poll: .seconds(3_600))]) {
        try await eventually("the buckets are held") { try await Self.holders(bench).locks == 64 }
        try await Self.append((0..<120).map { Self.message($0, key: $0 % 3) }, bench)
      }
      #expect(try await bench.count("outbox") == 0)
      Self.expectOrder(try await bench.read(.stageChanges, 120), 0..<120)
    }
  }

  @Test func shutdownDoesNotWaitForABrokerThatIsGone() async throws {
    guard !TestKafka.isExternal else { return }
    let broker = try EmbeddedBroker(topics: [:])
    defer { broker.stop() }
    try await withBench(partitions: 1, broker: broker) { bench in
      broker.setReachable(false)
      try await Self.append([Self.message(0, key: 0)], bench)
      try await running([Self.relay(bench, drainLimit: .milliseconds(100))]) {
        try await eventually("a message is under way") { bench.producer.recordsUnderWay == 1 }
      }
      #expect(try await bench.count("outbox") == 1)
    }
  }
}

extension Bench {
  /// How many messages partition 0 of a topic has.
  func high(_ topic: Topic) async throws -> Int {
    let admin = try KafkaAdmin(kafka, logger: logger)
    let marks = try await admin.watermarks(of: [source(0, topic)])
    await admin.close(within: .seconds(1))
    return Int(marks[source(0, topic)]?.high ?? 0)
  }
}
