import Glibc
import LocalServers
import TestSupport
import Testing

extension EndToEnd {
  @Suite(.serialized) struct KillTests {
    /// Not at a chosen place but at any: every second another process dies.
    @Test(.onlyInFullRuns, .timeLimit(.minutes(5)))
    func manyKillsAtAnyMomentLoseNothing() async throws {
      let layout = Cluster.Layout(
        stageServices: 2, forecastings: 2, automaticallyRestart: true)
      try await withCluster(layout) { cluster in
        var generator = Generator(seed: 9)
        let load = try await Load.run(on: cluster, seed: 9) { load in
          for _ in 0..<40 {
            try await Task.sleep(
              for: .milliseconds(.random(in: 500...1_500, using: &generator)))
            try cluster.replicas.randomElement(using: &generator)?.signal(SIGKILL)
          }
          for replica in cluster.replicas { try await replica.waitUntilReady() }
          try await load.waitForAccepted(40)
        }
        try await load.checkHistories()
        try await cluster.verify()
        for replica in cluster.replicas {
          try check(
            replica.ends.allSatisfy { $0 == .signalled(SIGKILL) },
            "\(replica.name) ended otherwise: \(replica.ends)")
        }
      }
    }

    @Test(.onlyInFullRuns, .timeLimit(.minutes(5)))
    func manyKillsBetweenActivitiesLoseNothing() async throws {
      let layout = Cluster.Layout(activityIngests: 1, notifiers: 2, automaticallyRestart: true)
      try await withCluster(layout) { cluster in
        try await ActivityLoad.runAndCheck(on: cluster) { load in
          var generator = Generator(seed: 10)
          for _ in 0..<40 {
            try await Task.sleep(
              for: .milliseconds(.random(in: 500...1_500, using: &generator)))
            try cluster.replicas.randomElement(using: &generator)?.signal(SIGKILL)
          }
          for replica in cluster.replicas { try await replica.waitUntilReady() }
          try await load.waitForAccepted(40)
        }
      }
    }
  }
}
