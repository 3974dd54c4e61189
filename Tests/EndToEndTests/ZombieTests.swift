import LocalServers
import TestSupport
import Testing

extension EndToEnd {
  @Suite(.serialized) struct ZombieTests {
    @Test(.timeLimit(.minutes(3)), arguments: ServiceKind.allCases)
    func aReplicaThatWasThoughtDeadDoesNoHarm(_ kind: ServiceKind) async throws {
      try await withCluster(.init(stageServices: 2, forecastings: 2)) { cluster in
        let pair = cluster.replicas.filter { $0.kind == kind }
        let (zombie, heir) = (pair[0], pair[1])
        let load = try await Load.run(on: cluster, seed: 3) { load in
          try await load.waitForAccepted(40)
          let assignments = heir.logLines(with: "partitions assigned")
          try zombie.pause()
          // The broker gave it up: its partitions are the other's now.
          try await eventually(within: .seconds(60), "\(heir.name) takes over") {
            heir.logLines(with: "partitions assigned") > assignments
          }
          try await load.waitForAccepted(40)
          try zombie.resume()
          try await load.waitForAccepted(40)
          try await zombie.waitUntilReady()
        }
        try await load.checkHistories()
        try await cluster.verify()
        try checkEqual(zombie.ends, [], "ends of \(zombie.name)")
      }
    }
  }
}
