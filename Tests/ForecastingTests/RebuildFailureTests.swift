import Contracts
import Kafka
import Messaging
import Postgres
import TestSupport
import Testing

@testable import Forecasting

@Suite struct RebuildFailureTests {
  @Test(.timeLimit(.minutes(2)))
  func aMissingTopicIsNamedAndAnotherTrySucceeds() async throws {
    try await RebuildBench.with(topics: [.stageChanges]) { bench in
      let id = try await bench.request()
      try await bench.worker().work()
      let row = try await bench.row(id)
      #expect(row.state == "failed")
      #expect(row.reason?.contains("no topic \(bench.topic(.pipelines))") == true)
      #expect(row.reason?.contains("topics ensure") == true)

      try await TestKafka.createTopic(bench.topic(.pipelines), partitions: 1)
      let again = try await bench.request()
      try await bench.worker().work()
      #expect(try await bench.row(again).state == "done")
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func aMessageThatCannotBeReadIsCounted() async throws {
    try await RebuildBench.with { bench in
      let events = Walks.events(10, seed: 30)
      try await bench.publishPipeline()
      let wires = try events.enumerated().map { index, event in
        index == 3
          ? WireMessage.event(type: event.type.rawValue, value: [0x7B])
          : try event.wireMessage(source: "test")
      }
      try await bench.produce(wires, to: .stageChanges)
      try await bench.serving { _ in try await bench.waitUntilConsumed() }
      let before = try await bench.pool.snapshot()
      let id = try await bench.request()
      try await bench.worker().work()
      #expect(try await bench.row(id).deadLetters == 1)
      #expect(try await bench.pool.snapshot() == before)
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func aMessageThatTheDatabaseRefusesIsLeftOutAlone() async throws {
    try await RebuildBench.with { original in
      var bench = original
      bench.log = RebuildLog(
        kafka: original.log.kafka, group: original.log.group,
        topicPrefix: original.log.topicPrefix, handlers: [Strict(), PipelineProjection()],
        logger: original.log.logger)
      try await bench.produce(
        (0..<50).map { WireMessage(key: [1], value: [$0], headers: []) }, to: .stageChanges)
      try await bench.serving { _ in try await bench.waitUntilConsumed() }
      let id = try await bench.request()
      try await bench.worker().work()
      let row = try await bench.row(id)
      #expect((row.state, row.done, row.deadLetters) == ("done", 50, 1))
      #expect(try await bench.pool.count("pipeline_stages") == 49)
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func calledOffItLeavesTheServingTablesAlone() async throws {
    try await RebuildBench.with { bench in
      try await bench.publishPipeline()
      try await bench.produce(Walks.events(10, seed: 31))
      try await bench.serving { _ in try await bench.waitUntilConsumed() }
      let before = try await bench.pool.snapshot()
      let id = try await bench.request()
      let crashes = Crashes([.rebuildAfterBatch])
      await #expect(throws: Crashes.Crash.self) {
        try await bench.worker { try crashes.meet($0) }.work()
      }
      #expect(try await bench.has(schema: bench.schemas.rebuilt))
      try await bench.pool.execute("UPDATE rebuilds SET state = 'cancelled' WHERE id = $1", id)
      // A running worker looks for what such a one has left.
      try await bench.running(bench.worker()) {
        try await eventually("what was filled is gone") {
          try await !bench.has(schema: bench.schemas.rebuilt)
        }
      }
      #expect(try await bench.row(id).state == "cancelled")
      #expect(try await bench.pool.snapshot() == before)
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func calledOffWhileItFillsItEnds() async throws {
    try await RebuildBench.with { bench in
      try await bench.publishPipeline()
      try await bench.produce(Walks.events(10, seed: 32))
      try await bench.serving { _ in try await bench.waitUntilConsumed() }
      let id = try await bench.request()
      let pool = bench.pool
      let worker = bench.worker { place in
        guard place == .rebuildAfterBatch else { return }
        throw RebuildCancelled()
      }
      try await worker.work()
      #expect(try await !bench.has(schema: bench.schemas.rebuilt))
      // The row is an operator's to change; until then the rebuild goes on.
      try await pool.execute("UPDATE rebuilds SET state = 'cancelled' WHERE id = $1", id)
      try await bench.worker().work()
      #expect(try await bench.row(id).state == "cancelled")
    }
  }

  /// Tables of an older program cannot be filled further by a newer one.
  @Test(.timeLimit(.minutes(2)))
  func tablesOfAnotherVersionAreFilledAnew() async throws {
    try await RebuildBench.with { bench in
      try await bench.publishPipeline()
      try await bench.produce(Walks.events(10, seed: 33))
      try await bench.serving { _ in try await bench.waitUntilConsumed() }
      let before = try await bench.pool.snapshot()
      let id = try await bench.request()
      let crashes = Crashes([.rebuildAfterBatch])
      await #expect(throws: Crashes.Crash.self) {
        try await bench.worker { try crashes.meet($0) }.work()
      }
      let rebuilt = quoteIdentifier(bench.schemas.rebuilt)
      try await bench.pool.execute(
        "UPDATE \(rebuilt).schema_migrations SET checksum = 'x' WHERE number = 1")
      try await bench.worker().work()
      let row = try await bench.row(id)
      #expect((row.state, row.done) == ("done", row.total))
      #expect(try await bench.pool.snapshot() == before)
    }
  }
}

/// Stores messages by their value, and the database refuses one of them.
private struct Strict: BatchHandler {
  let topics: [Topic] = [.stageChanges]

  func handle(
    _ batch: ConsumedBatch, in transaction: borrowing PostgresTransaction, now: Instant
  ) throws -> BatchOutcome {
    for message in batch.messages {
      let number = Int32(message.wire.value?.first ?? 0)
      try transaction.execute(
        """
        INSERT INTO pipeline_stages (pipeline, version, position, stage, category, name_zh, name_en)
        VALUES ('p', 1, $1::int + 0 / ($1::int - 7), $1::int::text, '', '', '')
        """, number)
    }
    return BatchOutcome()
  }
}
