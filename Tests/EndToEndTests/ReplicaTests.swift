import LocalServers
import TestSupport
import Testing

extension EndToEnd {
  @Suite(.serialized) struct ReplicaTests {
    @Test(.timeLimit(.minutes(3))) func aThirdOfEachJoinsAndLeavesUnderLoad() async throws {
      try await withCluster(.init(stageServices: 2, forecastings: 2)) { cluster in
        let load = try await Load.run(on: cluster, seed: 2) { load in
          for (kind, topic) in [
            (.stageService, "stage-commands"), (ServiceKind.forecasting, "stage-changes"),
          ] {
            let third = try await cluster.add(kind)
            try await third.waitUntilReady()
            try await eventually(within: .seconds(60), "\(third.name) gets partitions") {
              third.logLines(with: "partitions assigned", topic) > 0
            }
            try await load.waitForAccepted(40)
            cluster.remove(third)
            try checkEqual(try await third.terminate(), .exited(0), "end of \(third.name)")
          }
          try await load.waitForAccepted(40)
        }
        try await load.checkHistories()
        try await cluster.verify()
      }
    }
  }
}
