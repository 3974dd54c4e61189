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

    @Test(.timeLimit(.minutes(3))) func aSecondOfEachJoinsAndLeavesBetweenActivities() async throws
    {
      try await withCluster(.allServices) { cluster in
        try await ActivityLoad.runAndCheck(on: cluster) { load in
          for (kind, topic) in [
            (.activityIngest, "activities"), (ServiceKind.notifier, "stage-changes"),
          ] {
            let second = try await cluster.add(kind)
            try await second.waitUntilReady()
            try await eventually(within: .seconds(60), "\(second.name) gets partitions") {
              second.logLines(with: "partitions assigned", topic) > 0
            }
            try await load.waitForAccepted(40)
            cluster.remove(second)
            try checkEqual(try await second.terminate(), .exited(0), "end of \(second.name)")
          }
        }
      }
    }
  }
}
