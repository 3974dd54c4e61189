import LocalServers
import TestSupport
import Testing

extension EndToEnd {
  @Suite(.serialized) struct OutageTests {
    @Test(.timeLimit(.minutes(4))) func withoutBrokerMovesAreStillAccepted() async throws {
      try await withCluster { cluster in
        let load = try await Load.run(on: cluster, seed: 5) { load in
          // The embedded broker never completes a join that it was cut off in.
          if case .embedded = cluster.broker { try await cluster.waitUntilAssigned() }
          try await load.waitForAccepted(40)
          cluster.broker.setReachable(false)
          let joined = ContinuousClock.now + .seconds(20)
          do {
            try await cluster.waitUntilRed()
            try await load.waitForAccepted(40, within: .seconds(15))
            // The outage is the fault, and lasts as long as the fault is said to last.
            try await Task.sleep(until: joined)
            try await load.waitForAccepted(1, within: .seconds(5))
          } catch {
            cluster.broker.setReachable(true)
            throw error
          }
          cluster.broker.setReachable(true)
          for replica in cluster.replicas { try await replica.waitUntilReady() }
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
          try await cluster.postgres.kill9()
          try await cluster.waitUntilRed()
          try await cluster.postgres.restart()
          for replica in cluster.replicas { try await replica.waitUntilReady() }
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
  }
}

extension Cluster {
  fileprivate func waitUntilAssigned() async throws {
    for replica in replicas {
      try await eventually("\(replica.name) has partitions") {
        replica.logLines(with: "partitions assigned") > 0
      }
    }
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
