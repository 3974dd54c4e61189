import Contracts
import Kafka
import Postgres
import TestSupport
import Testing

@testable import Sluice

@Suite struct OperationsRebuildTests {
  private let replay = ReplayReport(
    id: "r", clusterId: "c", topic: "t", events: 3, ends: [2, 1], liveStarts: [4, 5])

  private func withTable(_ body: (RebuildTable) async throws -> Void) async throws {
    try await withTestDatabase { database in
      try await ServiceTables.createRebuilds(in: database.pool)
      try await body(RebuildTable(pool: database.pool))
    }
  }

  private func id() -> EntityID { EntityID.make(at: .now()) }

  @Test func oneRequestAtATime() async throws {
    try await withTable { table in
      #expect(try await table.latest() == nil)
      #expect(try await table.cancel() == nil)
      let first = id()
      #expect(try await table.request(first, replay: nil))
      #expect(try await !table.request(id(), replay: replay))
      let status = try #require(try await table.latest())
      #expect((status.id, status.source, status.state) == (first, "log", .requested))
      #expect(status.state.isUnderWay)
      #expect(try await table.cancel() == first)
      #expect(try await table.find(first)?.state == .cancelled)

      let second = id()
      #expect(try await table.request(second, replay: replay))
      let row = try await table.pool.query(
        "SELECT cluster_id, replay_topic, replay_ends, live_starts FROM rebuilds WHERE id = $1",
        second)[0]
      #expect(try row.decode(0, as: String.self) == "c")
      #expect(try row.decode(1, as: String.self) == "t")
      #expect(try row.decode(2, as: [Int64].self) == [2, 1])
      #expect(try row.decode(3, as: [Int64].self) == [4, 5])
      #expect(try await table.latest()?.id == second)
    }
  }

  @Test func theSwitchCannotBeCalledOff() async throws {
    try await withTable { table in
      _ = try await table.request(id(), replay: nil)
      try await table.pool.execute("UPDATE rebuilds SET state = 'dropping'")
      #expect(try await table.cancel() == nil)
    }
  }

  @Test func followingEndsWithTheRebuild() async throws {
    try await withTable { table in
      let id = id()
      _ = try await table.request(id, replay: nil)
      let steps = [
        "state = 'filling', total = 10", "done = 10", "state = 'switching', note = 'waits'",
        """
        state = 'done', note = NULL,
          result = '{"tables":[{"table":"visits","before":3,"after":4}]}'
        """,
      ]
      var seen: [String] = []
      var next = 0
      let follower = RebuildFollower(table: table, id: id, interval: .zero)
      let pool = table.pool
      // Each look is followed by the next step of the work.
      while next <= steps.count {
        let step = next < steps.count ? steps[next] : nil
        next += 1
        guard let status = try await table.find(id) else { break }
        seen.append(status.state.rawValue)
        if let step { try await pool.execute("UPDATE rebuilds SET \(step)") }
      }
      #expect(seen == ["requested", "filling", "filling", "switching", "done"])
      let end = try await follower.follow { _ in }
      #expect(end.state == .done)
      #expect(end.tables == [.init(table: "visits", before: 3, after: 4)])
      #expect(end.text().contains("visits            3         4"))
      #expect(end.text().contains("sluice verify"))
    }
  }

  @Test func aServiceThatGivesNoSignIsUnavailable() async throws {
    try await withTable { table in
      let id = id()
      _ = try await table.request(id, replay: nil)
      try await table.pool.execute(
        "UPDATE rebuilds SET updated_at = now() - interval '1 minute', note = 'broker gone'")
      let failure = await #expect(throws: OperatorFailure.self) {
        _ = try await RebuildFollower(table: table, id: id).follow { _ in }
      }
      #expect(failure?.status == .unavailable)
      #expect(failure?.message.contains("has not begun") == true)
      #expect(failure?.message.contains("broker gone") == true)
    }
  }

  @Test func aFailureIsShownWithItsReason() async throws {
    try await withTable { table in
      let id = id()
      _ = try await table.request(id, replay: nil)
      try await table.pool.execute("UPDATE rebuilds SET state = 'failed', reason = 'no topic'")
      let end = try await RebuildFollower(table: table, id: id).follow { _ in }
      #expect(end.state == .failed)
      #expect(end.text().contains("no topic"))
      #expect(try OutputFormat.json(end).contains(#""reason" : "no topic""#))
    }
  }

  @Test func theLogIsTakenWhereItIsWhole() throws {
    let whole = LogFitness(ranges: [.init(low: 0, high: 9)], epoch: 1)
    #expect(try whole.choose(nil) == .log)
    #expect(try whole.choose(.log) == .log)
    #expect(try whole.choose(.history) == .history)
    for unfit in [
      LogFitness(ranges: [.init(low: 0, high: 9), .init(low: 4, high: 9)], epoch: 1),
      LogFitness(ranges: [.init(low: 0, high: 9)], epoch: 2),
    ] {
      #expect(try unfit.choose(nil) == .history)
      let failure = #expect(throws: OperatorFailure.self) { try unfit.choose(.log) }
      #expect(failure?.status == .usage)
      #expect(failure?.message.contains("--from history") == true)
    }
  }

  @Test func fitnessComesFromBrokerAndDatabase() async throws {
    let log = try await StageChanges.make()
    try await withTestDatabase { database in
      try await ServiceTables.createStageService(in: database.pool)
      try await database.pool.execute("UPDATE installation SET epoch = 3")
      let fitness = try await log.withAdmin {
        try await LogFitness.look($0, topicPrefix: log.prefix, stageService: database.pool)
      }
      #expect((fitness.epoch, fitness.ranges.count) == (3, 2))
      let failure = await #expect(throws: OperatorFailure.self) {
        _ = try await log.withAdmin {
          try await LogFitness.look($0, topicPrefix: "nowhere.", stageService: database.pool)
        }
      }
      #expect(failure?.status == .unavailable)
    }
  }
}
