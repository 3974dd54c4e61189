import Contracts
import Foundation
import Glibc
import Kafka
import LocalServers
import TestSupport
import Testing

extension EndToEnd {
  /// All four services: activities come in, deals advance, webhooks go out, whatever dies meanwhile.
  @Suite(.serialized) struct MainJobTests {
    private static let layout = Cluster.Layout(
      activityIngests: 1, notifiers: 1, automaticallyRestart: true)

    @Test(.timeLimit(.minutes(4))) func everyServiceIsKilledInTurn() async throws {
      try await withCluster(Self.layout) { cluster in
        try await ActivityLoad.runAndCheck(on: cluster) { _ in
          for replica in cluster.replicas {
            try replica.signal(SIGKILL)
            try await eventually(within: .seconds(30), "\(replica.name) is dead") {
              !replica.ends.isEmpty
            }
            try await replica.waitUntilReady()
          }
        }
        for replica in cluster.replicas {
          try checkEqual(replica.ends, [.signalled(SIGKILL)], "ends of \(replica.name)")
        }
      }
    }

    struct Fault: CustomTestStringConvertible, Sendable {
      var kind: ServiceKind
      var point: String

      var testDescription: String { "\(kind.rawValue) \(point)" }
    }

    static let faults = [
      Fault(kind: .activityIngest, point: "consumer-before-commit:5"),
      Fault(kind: .activityIngest, point: "consumer-after-commit:5"),
      Fault(kind: .activityIngest, point: "relay-after-produce:5"),
      Fault(kind: .notifier, point: "consumer-after-commit:5"),
      Fault(kind: .notifier, point: "notifier-before-record:3"),
    ]

    @Test(.timeLimit(.minutes(4)), arguments: faults)
    func aKillAtTheWorstMomentLosesAndDoublesNothing(_ fault: Fault) async throws {
      var layout = Self.layout
      layout.failPoint = (fault.kind, fault.point)
      try await withCluster(layout) { cluster in
        let target = cluster.replicas(of: fault.kind)[0]
        try await ActivityLoad.runAndCheck(on: cluster) { _ in
          try await eventually(within: .seconds(90), "\(target.name) dies at \(fault.point)") {
            !target.ends.isEmpty
          }
          try await target.waitUntilReady()
        }
        try checkEqual(target.ends, [.signalled(SIGKILL)], "ends of \(target.name)")
      }
    }

    @Test(.timeLimit(.minutes(4))) func theWholeStory() async throws {
      try await withCluster(.allServices) { cluster in
        let receiver = try await WebhookReceiver(on: cluster)
        let deal = try await cluster.makeDeals(1)[0]
        try await cluster.post(
          "/v1/activities",
          .object([
            "specversion": "1.0", "id": "mail-1", "source": "/mail",
            "type": .string(ObservedActivity.type), "subject": .string(deal.id.description),
            "data": .object(["kind": "email", "text": .string(ActivityLoad.confirmation)]),
          ]), to: .activityIngest, contentType: "application/cloudevents+json")
        var move: FeedItem?
        try await eventually(within: .seconds(30), "the deal advances") {
          move = try await cluster.feed().first { $0.data.to == "negotiation" }
          return move != nil
        }
        let evidence = try #require(move?.data.evidence)
        try checkEqual(evidence.activityId, "mail-1", "activity of the evidence")
        try check(
          ActivityLoad.confirmation.contains(evidence.words), "words \(evidence.words)")
        let proposal = try #require(evidence.proposalId)
        try await waitForFunnel(of: cluster, negotiation: 1, proposal: 0)
        try await cluster.post(
          "/v1/proposals/\(proposal)/reject", .object(["reason": "another quote"]),
          to: .activityIngest)
        try await waitForFunnel(of: cluster, negotiation: 0, proposal: 1)
        try await receiver.checkReceived(try await cluster.feed())
        await receiver.stop()
        try await cluster.verify()
        try await breakAndMend(deal, on: cluster)
        try await cluster.verify()
      }
    }

    /// The receiver of deploy/examples takes what is sent, and refuses it under another secret.
    @Test(.needsPython, .timeLimit(.minutes(2)))
    func theReferenceLibraryVerifiesEveryWebhook() async throws {
      try await withCluster(.allServices) { cluster in
        let port = try Ports.next()
        let subscription = try await cluster.post(
          "/v1/subscriptions", .object(["url": .string("http://127.0.0.1:\(port)")]), to: .notifier)
        guard case .string(let secret)? = subscription["secret"] else {
          throw CheckFailure("a new subscription shows no secret: \(subscription)")
        }
        let stranger = try await cluster.startReceiver(
          port: port, secret: "whsec_" + Data(repeating: 1, count: 32).base64EncodedString())
        _ = try await cluster.makeDeals(1)
        let events = try await cluster.feed().map(\.eventId.description)
        try await eventually("another secret's owner refuses them") {
          text(of: stranger.logPath).contains("refused: ")
        }
        _ = try await stranger.process.terminate()
        try check(!text(of: stranger.logPath).contains("verified"), "it took one")
        let receiver = try await cluster.startReceiver(port: port, secret: secret)
        try await cluster.retryDeliveries()
        try await eventually(within: .seconds(60), "every event is verified") {
          let lines = text(of: receiver.logPath).split(separator: "\n")
          return events.allSatisfy { event in
            lines.contains { $0.hasPrefix("verified msg_") && $0.hasSuffix("event \(event)") }
          }
        }
        _ = try await receiver.process.terminate()
        try check(!text(of: receiver.logPath).contains("refused"), "it refused one")
      }
    }

    private struct Funnel: Decodable {
      struct Stage: Decodable {
        var stage: String
        var count: Int
        var entered: Int
      }
      var stages: [Stage]
    }

    /// Deals in the two stages; who is in none has never entered it.
    private func waitForFunnel(
      of cluster: Cluster, negotiation: Int, proposal: Int
    ) async throws {
      try await eventually(within: .seconds(30), "\(negotiation) in negotiation") {
        let funnel = try await cluster.get(
          Funnel.self, from: .forecasting, "/v1/funnel?pipeline=general")
        func stage(_ key: String) -> Funnel.Stage? { funnel.stages.first { $0.stage == key } }
        return stage("negotiation")?.count == negotiation
          && stage("negotiation")?.entered == negotiation && stage("proposal")?.count == proposal
      }
    }

    /// A message that cannot be read waits in the dead letters; mended and sent again it counts.
    private func breakAndMend(_ deal: ActivityLoad.Deal, on cluster: Cluster) async throws {
      let event =
        #"{"specversion":"1.0","id":"late","source":"/mail","type":"\#(ObservedActivity.type)","#
      let good =
        event + #""data":{"kind":"call","opportunityId":"\#(deal.id)","text":"ok"}}"#
      try await cluster.produce([
        .init(
          topic: cluster.topic(.activities), key: Array(deal.id.description.utf8),
          value: Array(event.utf8),
          headers: [
            .init(
              name: "content-type", value: Array("application/cloudevents+json".utf8))
          ])
      ])
      try await eventually(within: .seconds(30), "the broken message is set aside") {
        try await cluster.read(.deadLetters).count == 1
      }
      let letter = try #require(try await cluster.read(.deadLetters).first)
      let place = "\(letter.source.partition):\(letter.offset)"
      let list = try await cluster.sluice("dead-letters", "list")
      try list.expect(.exited(0))
      try check(list.output.contains(place), "the list does not name \(place): \(list.output)")
      let file = "\(cluster.directory)/mended.json"
      try good.write(toFile: file, atomically: true, encoding: .utf8)
      try await cluster.sluice("dead-letters", "redrive", place, "--value-file", file)
        .expect(.exited(0))
      try await eventually(within: .seconds(30), "the mended activity is recorded") {
        try await cluster.feed().contains { $0.data.activity?.id == "late" }
      }
    }
  }
}

extension Cluster {
  /// By hand, all that wait; one that has been delivered meanwhile needs no retry.
  fileprivate func retryDeliveries() async throws {
    struct Page: Decodable {
      struct Item: Decodable { var id: String }
      var items: [Item]
    }
    let page = try await get(Page.self, from: .notifier, "/v1/deliveries?status=pending")
    for item in page.items {
      _ = try? await post("/v1/deliveries/\(item.id)/retry", .object([:]), to: .notifier)
    }
  }

  /// Starts the receiver that the README shows; returns when it listens.
  fileprivate func startReceiver(
    port: Int, secret: String
  ) async throws -> (process: ChildProcess, logPath: String) {
    let log = "\(directory)/receiver-\(UUID().uuidString.prefix(8)).log"
    let process = try await ChildProcess(
      .init(
        executable: TestPython.path ?? "python3",
        arguments: [Repository.path("deploy/examples/webhook-receiver.py"), "\(port)"],
        environment: Executables.environment.merging(["WEBHOOK_SECRET": secret]) { $1 },
        logPath: log))
    try await eventually("the receiver listens") {
      if let end = process.exitStatus { throw process.failure("ended with \(end)") }
      return text(of: log).contains("listening on")
    }
    return (process, log)
  }
}
