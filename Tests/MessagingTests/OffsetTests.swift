import Contracts
import Kafka
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Messaging

@Suite(.timeLimit(.minutes(4))) struct OffsetTests {
  @Test func startsAtTheBeginningAndGoesOnWherePostgresSays() async throws {
    try await withBench { bench in
      try await bench.produce(0..<20)
      let first = bench.loop(EffectHandler())
      try await running([first]) {
        try await eventually("all are applied") { try await bench.count("effects") == 20 }
        #expect(first.status.trouble == nil)
        let admin = try KafkaAdmin(bench.kafka, logger: bench.logger)
        let sources = [bench.source(0), bench.source(1)]
        try await eventually("the offsets have arrived at Kafka") {
          try await admin.committedOffsets(group: bench.group, of: sources)
            == [sources[0]: 10, sources[1]: 10]
        }
        await admin.close(within: .seconds(1))
      }
      #expect(try await bench.effects() == Array(0..<20))
      let row = try await bench.pool.query(
        "SELECT next_offset, last_event_id FROM consumer_offsets WHERE partition = 1")[0]
      #expect(try row.decode(0, as: Int64.self) == 10)
      #expect(try row.decode(1, as: String.self) == "e-19")

      // Kafka knows offset 10, PostgreSQL 6: event 10 is the one before it in partition 0.
      try await bench.setOffset(0, 6, "e-10")
      try await running([bench.loop(EffectHandler())]) {
        try await eventually("the rest is applied again") { try await bench.count("effects") == 24 }
      }
      #expect(try await bench.effects() == (Array(0..<20) + [12, 14, 16, 18]).sorted())
    }
  }

  @Test(
    arguments: [
      (1_000, nil, "the stored offset 1000 lies outside the log, which holds 0 to 10"),
      (4, "e-other", "the event before offset 4 is e-6, but the stored one is e-other"),
    ] as [(Int64, String?, String)])
  func aWrongStoredOffsetStopsItsPartitionOnly(
    _ offset: Int64, _ event: String?, _ reason: String
  ) async throws {
    try await withBench { bench in
      try await bench.produce(0..<20)
      try await bench.setOffset(0, offset, event)
      let loop = bench.loop(EffectHandler())
      try await running([loop]) {
        try await eventually("the other partition goes on and the trouble is told") {
          try await bench.count("effects") == 10
            && loop.status.trouble?.contains("is stopped") == true
        }
        let trouble = try #require(loop.status.trouble)
        #expect(trouble.hasPrefix("\(bench.source(0)) is stopped: \(reason)"))
        #expect(
          trouble.contains("`sluice offsets show`") && trouble.contains("`sluice offsets set`"))
        // What comes later is no reason to go on.
        try await bench.produce(20..<30)
        try await eventually("the other goes on") { try await bench.count("effects") == 15 }
        #expect(try await bench.effects() == (0..<30).filter { !$0.isMultiple(of: 2) })
        #expect(try await bench.offset(0) == offset)
        // An operator chooses where to go on; nobody starts anything again.
        try await bench.setOffset(0, 0, nil)
        try await eventually("the stopped one goes on from there") {
          try await bench.count("effects") == 30 && loop.status.trouble == nil
        }
      }
      #expect(try await bench.effects() == Array(0..<30))
    }
  }

  @Test func whatAnotherProcessMovedIsNotDoneAgain() async throws {
    try await withBench(partitions: 1) { bench in
      try await bench.produce(0..<5, partition: 0)
      try await running([bench.loop(EffectHandler())]) {
        try await eventually("the first five") { try await bench.offset(0) == 5 }
        try await bench.setOffset(0, 7, "e-6")
        try await bench.produce(5..<10, partition: 0)
        try await eventually("the rest") { try await bench.offset(0) == 10 }
      }
      #expect(try await bench.effects() == [0, 1, 2, 3, 4, 7, 8, 9])
      #expect(bench.log.has("consumer interrupted; joining again"))
    }
  }

  @Test func aLogThatLosesMessagesStopsItsPartition() async throws {
    // The embedded broker keeps 5 MiB of a partition.
    guard !TestKafka.isExternal else { return }
    let overrides = [
      "compression.type": "none", "queued.min.messages": "1", "queued.max.messages.kbytes": "1",
      "fetch.message.max.bytes": "1000", "batch.num.messages": "1",
    ]
    try await withBench(partitions: 1, overrides: overrides) { bench in
      let gate = Gate()
      let session = bench.session(
        EffectHandler { _, _ in gate.pass() }, batchSize: 1, bufferLimit: 2)
      func filler(_ count: Int) async throws {
        try await bench.send(
          (0..<count).map { _ in
            KafkaRecord(
              topic: bench.source(0).topic, key: nil,
              value: [UInt8](repeating: 0x20, count: 100_000),
              partition: 0)
          })
      }
      try await filler(10)
      let run = Task { try await session.run() }
      try await eventually("it is held up") {
        session.partitions.withLock { $0[bench.source(0)]?.isPaused } == true
      }
      try await filler(80)
      gate.open()
      await #expect(throws: KafkaError.self) { try await run.value }
      let next = try #require(try await bench.offset(0))
      #expect(next < 30)

      let loop = bench.loop(EffectHandler())
      try await running([loop]) {
        try await eventually("the trouble is told") {
          loop.status.trouble?.contains("lies outside the log") == true
        }
      }
      #expect(try await bench.offset(0) == next)
    }
  }
}
