import Contracts
import Kafka
import Messaging
import Postgres
import TestSupport
import Testing

@testable import Forecasting

/// Where the log alone is not enough.
@Suite struct RebuildHistoryTests {
  /// A log whose beginning was deleted: the broker keeps 5 MiB a partition.
  private func withTruncatedLog(
    _ body: (RebuildBench, _ events: [StageEvent]) async throws -> Void
  ) async throws {
    try await RebuildBench.with(partitions: 1) { bench in
      try await bench.publishPipeline()
      var events = Walks.events(200, seed: 7)
      for index in events.indices {
        events[index].data.reason = String(repeating: "x", count: 12_000)
      }
      try await bench.serving { _ in
        for start in stride(from: 0, to: events.count, by: 100) {
          try await bench.produce(Array(events[start..<min(start + 100, events.count)]))
          try await bench.waitUntilConsumed()
        }
        let range = try await bench.log.ranges(of: [bench.topic(.stageChanges)])
        try #require(range.values.allSatisfy { $0.low > 0 })
        for index in events.indices { events[index].data.reason = nil }
        try await body(bench, events)
      }
    }
  }

  /// Writes the topic that `sluice replay` would.
  private func replay(
    _ events: [StageEvent], on bench: RebuildBench
  ) async throws -> RebuildRequest.Replay {
    let starts = try await bench.log.ranges(of: [bench.topic(.stageChanges)])
    let topic = Topic.stageChangesReplay("test")
    try await TestKafka.createTopic(bench.topic(topic), partitions: 2)
    try await bench.produce(events, to: topic)
    let ends = try await bench.log.ranges(of: [bench.topic(topic)])
    return RebuildRequest.Replay(
      clusterID: try await bench.log.clusterID(), topic: bench.topic(topic),
      ends: ends.sorted { $0.key < $1.key }.map(\.value.high),
      liveStarts: starts.sorted { $0.key < $1.key }.map(\.value.high))
  }

  @Test(.enabled(if: !TestKafka.isExternal), .timeLimit(.minutes(3)))
  func historyFillsInWhatTheLogLost() async throws {
    try await withTruncatedLog { bench, events in
      let before = try await bench.pool.snapshot()
      let refused = try await bench.request()
      try await bench.worker().work()
      let row = try await bench.row(refused)
      #expect(row.state == "failed")
      #expect(row.reason?.contains("--from history") == true)
      #expect(try await bench.pool.snapshot() == before)

      try await bench.damage()
      let replay = try await replay(events, on: bench)
      // After the history was written, before the rebuild.
      let later = Walks.events(10, seed: 8)
      try await bench.produce(later)
      try await bench.waitUntilConsumed()
      let id = try await bench.request(replay)
      let crashes = Crashes([.rebuildAfterBatch, .rebuildAfterBatch, .rebuildInSwitch])
      let worker = bench.worker { try crashes.meet($0) }
      for _ in 0..<4 {
        do { try await worker.work() } catch is Crashes.Crash {}
      }
      #expect(crashes.left == 0)
      let done = try await bench.row(id)
      #expect(done.state == "done", "\(done)")
      #expect(done.note?.contains("is still there") == true)
      let expected = try await withForecastingTables { fresh in
        try await fresh.publish(Ladder.published)
        try await fresh.project(events + later)
        return try await fresh.snapshot()
      }
      #expect(try await bench.pool.snapshot() == expected)
      // The topic of the history is none that serves.
      #expect(try await Set(bench.offsets().keys.map(\.topic)) == Set(bench.log.topics))
      try await bench.produce(Walks.events(5, seed: 9))
      try await bench.waitUntilConsumed()
      #expect(try await bench.pool.count("current_stage") == 215)
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func aHistoryOnAnotherClusterIsRefused() async throws {
    try await RebuildBench.with { bench in
      let id = try await bench.request(
        .init(clusterID: "elsewhere", topic: "t", ends: [1], liveStarts: [0, 0, 0]))
      try await bench.worker().work()
      let row = try await bench.row(id)
      #expect(row.state == "failed")
      #expect(row.reason?.contains("another Kafka cluster") == true)
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func aLogWithoutItsFirstEventsIsNotSwitchedTo() async throws {
    try await RebuildBench.with { bench in
      try await bench.publishPipeline()
      try await bench.produce(Walks.events(10, seed: 10))
      try await bench.serving { _ in try await bench.waitUntilConsumed() }
      // As after the loss of a cluster: the tables know deals of which the log has nothing.
      try await bench.pool.project(Walks.events(3, seed: 11))
      let before = try await bench.pool.snapshot()
      let id = try await bench.request()
      try await bench.worker().work()
      let row = try await bench.row(id)
      #expect(row.state == "failed")
      #expect(row.reason?.contains("lacks events of 3 of 13 deals") == true)
      #expect(try await bench.pool.snapshot() == before)
    }
  }
}
