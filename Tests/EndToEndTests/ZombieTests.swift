import LocalServers
import TestSupport
import Testing

extension EndToEnd {
  @Suite(.serialized) struct ZombieTests {
    @Test(.timeLimit(.minutes(3)), arguments: [ServiceKind.stageService, .forecasting])
    func aReplicaThatWasThoughtDeadDoesNoHarm(_ kind: ServiceKind) async throws {
      try await withCluster(.init(stageServices: 2, forecastings: 2)) { cluster in
        let zombie = cluster.replicas(of: kind)[0]
        try await cluster.waitUntilAssigned()
        let load = try await Load.run(on: cluster, seed: 3) { load in
          try await load.waitForAccepted(40)
          try await cluster.pauseUntilReplaced(kind)
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

    @Test(.timeLimit(.minutes(3)), arguments: [ServiceKind.activityIngest, .notifier])
    func activitiesAndWebhooksSurviveIt(_ kind: ServiceKind) async throws {
      try await withCluster(.init(activityIngests: 2, notifiers: 2)) { cluster in
        // The load sends its requests to the first replica of activity-ingest.
        let zombie = cluster.replicas(of: kind)[0]
        try await ActivityLoad.runAndCheck(on: cluster) { load in
          try await load.waitForAccepted(40)
          try await cluster.pauseUntilReplaced(kind)
          try zombie.resume()
          try await load.waitForAccepted(40)
          try await zombie.waitUntilReady()
        }
        try checkEqual(zombie.ends, [], "ends of \(zombie.name)")
      }
    }
  }
}

extension Cluster {
  /// Stops the first of two replicas; returns when the broker has given it up, and its partitions are
  /// the other's.
  fileprivate func pauseUntilReplaced(_ kind: ServiceKind) async throws {
    let pair = replicas(of: kind)
    let (zombie, heir) = (pair[0], pair[1])
    let assignments = heir.logLines(with: "partitions assigned")
    try zombie.pause()
    try await eventually(within: .seconds(60), "\(heir.name) takes over") {
      heir.logLines(with: "partitions assigned") > assignments
    }
  }
}
