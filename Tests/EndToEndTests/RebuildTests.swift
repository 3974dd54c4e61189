import Contracts
import Glibc
import LocalServers
import Postgres
import TestSupport
import Testing

extension EndToEnd {
  /// Tables filled anew under load, by processes that die on the way.
  @Suite(.serialized) struct RebuildTests {
    @Test(.timeLimit(.minutes(4))) func goesOnAfterFourKills() async throws {
      try await withCluster { cluster in
        let forecasting = cluster.forecastings[0]
        let points = [
          "rebuild-after-batch:3", "rebuild-before-switch", "rebuild-in-switch",
          "rebuild-after-switch",
        ]
        let load = try await Load.run(on: cluster, seed: 21) { load in
          try await cluster.waitUntilApplied(100)
          _ = try await forecasting.terminate()
          try await cluster.sluice("rebuild", "forecasting", "--no-wait").expect(.exited(0))
          for point in points {
            try await forecasting.start(failPoint: point)
            try checkEqual(
              try await forecasting.wait(), .signalled(SIGKILL), "end at \(point)")
          }
          try await forecasting.start()
          try await cluster.waitForRebuild()
          try await forecasting.waitUntilReady()
          try await load.waitForAccepted(40)
        }
        try await load.checkHistories()
        try await cluster.verify()
        let status = try await cluster.sluice("rebuild", "status")
        try status.expect(.exited(0))
        try check(status.output.contains("done"), status.output)
        try check(status.output.contains("applied_events"), status.output)
      }
    }

    @Test(.timeLimit(.minutes(10))) func oneOfTwoReplicasRebuildsUnderLoad() async throws {
      try await withCluster(.init(forecastings: 2)) { cluster in
        // So few that the rebuild can overtake them on any machine.
        let load = try await Load.run(on: cluster, seed: 22, workers: 1) { load in
          try await cluster.waitUntilApplied(100)
          // The figures are wrong, and so the rebuild has something to mend.
          try await cluster.withDatabase(of: .forecasting) { pool in
            _ = try await pool.execute("UPDATE stage_totals SET entered = entered + 1")
          }
          for history in [false, true] {
            let result = try await cluster.sluice(
              ["rebuild", "forecasting"] + (history ? ["--from", "history"] : []))
            try result.expect(.exited(0))
            try check(result.output.contains("sluice verify"), result.output)
            // The embedded broker deletes no topics.
            var isLeft = false
            if history, case .embedded = cluster.broker { isLeft = true }
            try checkEqual(
              result.output.contains("is still there"), isLeft, "topic of the history left")
          }
          try await load.waitForAccepted(20)
        }
        try await load.checkHistories()
        try await cluster.verify()
        for replica in cluster.replicas {
          try checkEqual(replica.ends, [], "ends of \(replica.name)")
        }
      }
    }

    @Test(.timeLimit(.minutes(2))) func withoutTheServiceTheRequestWaits() async throws {
      try await withCluster { cluster in
        _ = try await cluster.forecastings[0].terminate()
        try await cluster.sluice("rebuild", "forecasting", "--no-wait").expect(.exited(0))
        let again = try await cluster.sluice("rebuild", "forecasting", "--no-wait")
        try again.expect(.exited(0))
        try check(again.errors.contains("under way already"), again.errors)
        try check(again.output.contains("requested"), again.output)
        try await cluster.sluice("rebuild", "cancel").expect(.exited(0))
        try await cluster.sluice("rebuild", "cancel").expect(.exited(1))
        let status = try await cluster.sluice("rebuild", "status", "--format", "json")
        try check(status.output.contains(#""state" : "cancelled""#), status.output)
      }
    }
  }
}

extension Cluster {
  /// Returns when the rebuild that is under way has succeeded.
  /// Returns when forecasting has applied that many events, so that there is something to rebuild.
  func waitUntilApplied(_ count: Int) async throws {
    try await withDatabase(of: .forecasting) { pool in
      try await eventually(within: .seconds(60), "forecasting has applied \(count) events") {
        let rows = try await pool.query(
          "SELECT coalesce(sum(next_offset), 0)::bigint FROM consumer_offsets WHERE topic = $1",
          topic(.stageChanges))
        return try rows.first?.decode(0, as: Int.self) ?? 0 >= count
      }
    }
  }

  func waitForRebuild() async throws {
    try await withDatabase(of: .forecasting) { pool in
      try await eventually(within: .seconds(60), "the rebuild has ended") {
        let rows = try await pool.query(
          "SELECT state, reason FROM rebuilds ORDER BY requested_at DESC LIMIT 1")
        let state: String? = try rows.first?.decode(0)
        let reason: String? = try rows.first?.optional(1)
        try check(state != "failed", reason ?? "failed")
        return state == "done"
      }
    }
  }
}
