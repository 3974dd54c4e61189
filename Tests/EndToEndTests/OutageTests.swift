import LocalServers
import TestSupport
import Testing

extension EndToEnd {
  @Suite(.serialized) struct OutageTests {
    @Test(.timeLimit(.minutes(4))) func withoutBrokerMovesAreStillAccepted() async throws {
      try await withCluster { cluster in
        let load = try await Load.run(on: cluster, seed: 5) { load in
          try await cluster.waitUntilAssigned()
          try await load.waitForAccepted(40)
          try await cluster.withoutBroker {
            try await load.waitForAccepted(40, within: .seconds(15))
          }
          try await load.waitForAccepted(40)
        }
        try await load.checkHistories()
        try await cluster.verify()
        for replica in cluster.replicas {
          try checkEqual(replica.ends, [], "ends of \(replica.name)")
        }
      }
    }

    @Test(.timeLimit(.minutes(4))) func aDatabaseThatCrashesComesBack() async throws {
      try await withCluster(.init(ownsPostgres: true)) { cluster in
        let load = try await Load.run(on: cluster, seed: 6) { load in
          try await load.waitForAccepted(40)
          try await cluster.crashDatabase()
          try await load.waitForAccepted(40)
          // And once in the orderly way, which ends every connection with a message.
          try await cluster.postgres.restart()
          for replica in cluster.replicas { try await replica.waitUntilReady() }
          try await load.waitForAccepted(40)
        }
        try check(load.ledger.repeatedCount > 0, "no request noticed the outage")
        try await load.checkHistories()
        try await cluster.verify()
        for replica in cluster.replicas {
          try checkEqual(replica.ends, [], "ends of \(replica.name)")
        }
      }
    }

    @Test(.timeLimit(.minutes(4))) func withoutBrokerActivitiesAreStillAccepted() async throws {
      try await withCluster(.allServices) { cluster in
        try await ActivityLoad.runAndCheck(on: cluster) { load in
          try await load.waitForAccepted(40)
          try await cluster.withoutBroker {
            try await load.waitForAccepted(40, within: .seconds(15))
          }
          try await load.waitForAccepted(40)
        }
        for replica in cluster.replicas {
          try checkEqual(replica.ends, [], "ends of \(replica.name)")
        }
      }
    }

    @Test(.timeLimit(.minutes(4))) func activitiesWaitForADatabaseThatCrashed() async throws {
      let layout = Cluster.Layout(activityIngests: 1, notifiers: 1, ownsPostgres: true)
      try await withCluster(layout) { cluster in
        try await ActivityLoad.runAndCheck(on: cluster) { load in
          try await load.waitForAccepted(40)
          try await cluster.crashDatabase()
          try await load.waitForAccepted(40)
        }
        for replica in cluster.replicas {
          try checkEqual(replica.ends, [], "ends of \(replica.name)")
        }
      }
    }
  }
}

extension Cluster {
  /// Takes the broker away for twenty seconds, which are the fault, and runs `body` when every replica
  /// has noticed; returns when all are ready again.
  fileprivate func withoutBroker(_ body: () async throws -> Void) async throws {
    broker.setReachable(false)
    let end = ContinuousClock.now + .seconds(20)
    do {
      try await waitUntilRed()
      try await body()
      try await Task.sleep(until: end)
    } catch {
      broker.setReachable(true)
      throw error
    }
    broker.setReachable(true)
    for replica in replicas { try await replica.waitUntilReady() }
  }

  /// kill -9 of the whole server; returns when it is back and all are ready again.
  fileprivate func crashDatabase() async throws {
    try await postgres.kill9()
    try await waitUntilRed()
    try await postgres.restart()
    for replica in replicas { try await replica.waitUntilReady() }
  }

  /// Returns when every replica says that it is not ready, and still says that it lives.
  fileprivate func waitUntilRed() async throws {
    for replica in replicas {
      try await eventually(within: .seconds(18), "\(replica.name) is red") {
        await client.status(of: "\(replica.adminURL)/readyz") == 503
      }
      try checkEqual(
        await client.status(of: "\(replica.adminURL)/livez"), 200, "/livez of \(replica.name)")
    }
  }
}
