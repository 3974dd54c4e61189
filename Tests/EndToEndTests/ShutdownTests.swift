import Foundation
import LocalServers
import TestSupport
import Testing

extension EndToEnd {
  @Suite(.serialized) struct ShutdownTests {
    @Test(.timeLimit(.minutes(3))) func sigtermUnderLoadLosesNothing() async throws {
      try await withCluster { cluster in
        let load = try await Load.run(on: cluster, seed: 7) { load in
          for replica in cluster.replicas {
            try await load.waitForAccepted(40)
            // terminate kills what takes longer than ten seconds.
            try checkEqual(try await replica.terminate(), .exited(0), "end of \(replica.name)")
            try await replica.start()
            try await replica.waitUntilReady()
          }
          try await load.waitForAccepted(40)
        }
        try await load.checkHistories()
        try await cluster.verify()
      }
    }

    @Test(.timeLimit(.minutes(3))) func sigtermBetweenActivitiesLosesNone() async throws {
      try await withCluster(.allServices) { cluster in
        try await ActivityLoad.runAndCheck(on: cluster) { load in
          for replica in cluster.replicas {
            try await load.waitForAccepted(40)
            try checkEqual(try await replica.terminate(), .exited(0), "end of \(replica.name)")
            try await replica.start()
            try await replica.waitUntilReady()
          }
        }
      }
    }

    @Test(.timeLimit(.minutes(2))) func whatCannotStartSaysWhy() async throws {
      try await withCluster(.allServices) { cluster in
        for replica in cluster.replicas {
          let port = try #require(URL(string: replica.url)?.port)
          let taken = try await cluster.run(
            replica.kind,
            [
              "SLUICE_HTTP_ADDRESS": "127.0.0.1:\(port)",
              "SLUICE_ADMIN_ADDRESS": "127.0.0.1:\(try Ports.next())",
            ])
          try checkEqual(taken.end, .exited(3), "\(replica.kind.rawValue) on a taken port")
          try check(
            taken.output.contains("127.0.0.1:\(port): another process is listening"),
            "it does not name the port: \(taken.output)")

          let wrong = try await cluster.run(
            replica.kind,
            ["SLUICE_DATABASE_URL": "", "KAFKA_BOOTSTRAP_SERVERS": "nowhere"])
          try checkEqual(wrong.end, .exited(2), "\(replica.kind.rawValue) without settings")
          try check(
            wrong.output.contains("SLUICE_DATABASE_URL")
              && wrong.output.contains("KAFKA_BOOTSTRAP_SERVERS"),
            "it does not name both variables: \(wrong.output)")
        }
      }
    }
  }
}

extension Cluster {
  /// Runs another process of a service until it ends by itself.
  fileprivate func run(
    _ kind: ServiceKind, _ settings: [String: String]
  ) async throws -> (end: ProcessTermination, output: String) {
    let log = "\(directory)/\(kind.rawValue)-\(UUID().uuidString.prefix(8)).log"
    let process = try await ChildProcess(
      .init(
        executable: Executables.path(kind.rawValue),
        environment: serviceEnvironment.merging(settings) { $1 }, logPath: log))
    let end = try await poll(timeout: .seconds(30)) { process.exitStatus }
    guard let end else {
      _ = try await process.terminate()
      throw process.failure("did not end by itself")
    }
    return (end, lastLines(of: log, count: 100))
  }
}
