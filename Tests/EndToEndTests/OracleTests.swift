import Postgres
import TestSupport
import Testing

extension EndToEnd {
  /// The checks of the other tests would notice what they look for.
  @Suite(.serialized) struct OracleTests {
    @Test(.timeLimit(.minutes(2))) func noticesWhatIsLostOrWrong() async throws {
      try await withCluster { cluster in
        let load = try await Load.run(on: cluster, seed: 10) { load in
          try await load.waitForAccepted(60)
        }
        try await load.checkHistories()
        try await cluster.verify()

        try await cluster.withDatabase(of: .forecasting) { pool in
          _ = try await pool.execute("UPDATE stage_totals SET entered = entered + 1")
        }
        await #expect(throws: CheckFailure.self) { try await cluster.verify() }

        try await cluster.withDatabase(of: .stageService) { pool in
          _ = try await pool.execute(
            "DELETE FROM history WHERE event_id = (SELECT max(event_id::text)::uuid FROM history)")
        }
        await #expect(throws: CheckFailure.self) { try await load.checkHistories() }
      }
    }
  }
}
