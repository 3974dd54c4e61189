import Glibc
import LocalServers
import TestSupport
import Testing

extension EndToEnd {
  /// kill -9 at the worst moments: between effect, commit, Kafka's offset and the answer.
  @Suite(.serialized) struct FailPointTests {
    struct Fault: CustomTestStringConvertible, Sendable {
      var kind: ServiceKind
      var point: String

      var testDescription: String { "\(kind.rawValue) \(point)" }
    }

    static let faults: [Fault] =
      [
        "consumer-before-commit:4", "consumer-after-commit:4", "consumer-before-kafka-commit:4",
        "relay-after-produce:6", "command-before-commit:25", "command-after-commit:25",
      ].map { Fault(kind: .stageService, point: $0) }
      + [
        "consumer-before-commit:6", "consumer-after-commit:6", "consumer-before-kafka-commit:6",
      ].map { Fault(kind: .forecasting, point: $0) }

    @Test(.timeLimit(.minutes(3)), arguments: faults)
    func losesAndDoublesNothing(_ fault: Fault) async throws {
      let layout = Cluster.Layout(
        failPoint: (fault.kind, fault.point), automaticallyRestart: true)
      try await withCluster(layout) { cluster in
        let target = cluster.replicas.first { $0.kind == fault.kind }!
        let load = try await Load.run(on: cluster, seed: 1) { load in
          try await eventually(within: .seconds(60), "\(target.name) dies at \(fault.point)") {
            !target.ends.isEmpty
          }
          try checkEqual(target.ends, [.signalled(SIGKILL)], "ends of \(target.name)")
          try await target.waitUntilReady()
          try await load.waitForAccepted(40)
        }
        try await load.checkHistories()
        try await cluster.verify()
        try checkEqual(target.ends, [.signalled(SIGKILL)], "ends of \(target.name)")
      }
    }
  }
}
