import Contracts
import Kafka
import Logging
import Postgres
import TestSupport
import Testing

@testable import Sluice

@Suite struct OperationsReplayTests {
  private let items = Story.everything.items

  private func replay(
    _ log: StageChanges, _ pool: PostgresPool, pages: Int = 2
  ) -> HistoryReplay {
    let items = items
    return HistoryReplay(
      feed: FeedReader { cursor in
        let start = cursor.flatMap { cursor in items.firstIndex { $0.cursor == cursor } }
        let rest = items[(start.map { $0 + 1 } ?? 0)...]
        let page = Array(rest.prefix(pages))
        return FeedPage(items: page, next: rest.count > pages ? page.last?.cursor : nil)
      }, stageService: pool, kafka: log.kafka, topicPrefix: log.prefix, logger: log.logger)
  }

  private func withTables(
    _ body: (StageChanges, PostgresPool) async throws -> Void
  ) async throws {
    let log = try await StageChanges.make()
    try await withTestDatabase { database in
      try await ServiceTables.createStageService(in: database.pool)
      try await body(log, database.pool)
    }
  }

  @Test func everyEventStandsOnTheTopicInTheOrderOfItsDeal() async throws {
    try await withTables { log, pool in
      try await log.write(Array(items.map(\.event).suffix(3)))
      let report = try await replay(log, pool).write(id: "one")
      #expect(report.topic == "\(log.prefix)stage-changes-replay-one.v1")
      #expect(report.events == items.count)
      #expect(report.ends.reduce(0, +) == Int64(items.count))
      #expect(report.liveStarts.reduce(0, +) == 3)
      #expect(report.liveStarts.count == 2)
      let written = try await log.events(on: report.topic)
      #expect(written.count == report.ends.count)
      for deal in Set(items.map(\.data.opportunityId)) {
        let partition = try #require(
          written.first { events in events.contains { $0.opportunityId == deal } })
        #expect(
          partition.filter { $0.opportunityId == deal }
            == items.map(\.event).filter { $0.opportunityId == deal })
      }
      #expect(report.text().contains("--delete --id one"))
    }
  }

  @Test func aPartBeginsBehindItsCursor() async throws {
    try await withTables { log, pool in
      let report = try await replay(log, pool).write(id: "part", after: items[4].cursor)
      #expect(report.events == items.count - 5)
    }
  }

  @Test func aTopicThatIsThereIsRefused() async throws {
    try await withTables { log, pool in
      try await TestKafka.createTopic(
        Topic.stageChangesReplay("twice").name(prefix: log.prefix), partitions: 1)
      let failure = await #expect(throws: OperatorFailure.self) {
        _ = try await replay(log, pool).write(id: "twice")
      }
      #expect(failure?.status == .usage)
      #expect(failure?.message.contains("--delete --id twice") == true)
    }
  }

  @Test func withoutTheLiveTopicThereIsNoReplay() async throws {
    try await withTables { log, pool in
      let nowhere = StageChanges(prefix: "nowhere.", kafka: log.kafka)
      let failure = await #expect(throws: OperatorFailure.self) {
        _ = try await replay(nowhere, pool).write(id: "x")
      }
      #expect(failure?.status == .unavailable)
      #expect(failure?.message.contains("topics ensure") == true)
    }
  }

  /// A transaction that has written something hides what younger ones have committed.
  @Test func waitsForTransactionsThatHideEvents() async throws {
    try await withTables { log, pool in
      var hurried = replay(log, pool)
      hurried.patience = .milliseconds(200)
      let waiting = hurried
      let outcome: (any Error)? = try await withOpenTransaction(pool) {
        do {
          _ = try await waiting.write(id: "hidden")
          return nil
        } catch {
          return error
        }
      }
      let failure = try #require(outcome as? OperatorFailure)
      #expect(failure.status == .unavailable)
      #expect(failure.message.contains("hides younger events"))
    }
  }

  /// Holds a transaction with an id open while `body` runs.
  private func withOpenTransaction<Result: Sendable>(
    _ pool: PostgresPool, _ body: () async throws -> Result
  ) async throws -> Result {
    let end = Gate()
    let (started, continuation) = AsyncStream.makeStream(of: Void.self)
    async let open: Void = pool.transaction { transaction in
      _ = try transaction.query("SELECT pg_current_xact_id()::text")
      continuation.finish()
      end.wait()
    }
    for await _ in started {}
    let result: Result
    do {
      defer { end.open() }
      result = try await body()
    }
    try await open
    return result
  }

  @Test(.enabled(if: !TestKafka.isExternal)) func aBrokerThatDeletesNothingSaysSo() async throws {
    try await withTables { log, pool in
      let failure = await #expect(throws: OperatorFailure.self) {
        _ = try await replay(log, pool).delete(id: "one")
      }
      #expect(failure?.status == .unavailable)
    }
  }

  @Test(.enabled(if: TestKafka.isExternal)) func aTopicIsRemoved() async throws {
    try await withTables { log, pool in
      let replay = replay(log, pool)
      #expect(try await !replay.delete(id: "gone"))
      _ = try await replay.write(id: "gone")
      #expect(try await replay.delete(id: "gone"))
    }
  }

  @Test func namesOfTopicsAreNew() {
    let now = Story.noon(3)
    let id = HistoryReplay.newID(now: now)
    #expect(id.wholeMatch(of: /[0-9]{8}t[0-9]{6}-[0-9a-f]{6}/) != nil, "\(id)")
    #expect(id != HistoryReplay.newID(now: now))
  }

  @Test(
    "arguments that make no sense",
    arguments: [
      ["--id", "a/b"], ["--delete"], ["--delete", "--id", "x", "--since", "1-1"],
    ]) func arguments(_ arguments: [String]) async
  {
    #expect(await SluiceCommand.run(["replay"] + arguments) == .usage)
  }
}
