import Contracts
import Foundation
import LocalServers
import TestSupport

/// `sluice webhooks listen` as a process: it checks every signature, and its output tells which event
/// came under which identity.
final class WebhookReceiver: Sendable {
  private let process: ChildProcess
  private let logPath: String

  init(on cluster: Cluster) async throws {
    logPath = "\(cluster.directory)/webhooks.log"
    process = try await ChildProcess(
      .init(
        executable: Executables.path("sluice"), arguments: ["webhooks", "listen", "--keep"],
        environment: cluster.operatorEnvironment, logPath: logPath))
    try await eventually(within: .seconds(30), "the webhook listener has subscribed") {
      if let end = process.exitStatus { throw process.failure("ended with \(end)") }
      return text(of: logPath).contains("Listening on")
    }
  }

  func stop() async { _ = try? await process.terminate() }

  /// The webhook identities under which each event came, by event.
  private var received: [String: Set<String>] {
    var received: [String: Set<String>] = [:]
    for line in text(of: logPath).split(separator: "\n") {
      guard line.contains("signature verified"),
        let event = line.firstMatch(of: /event ([0-9a-f-]{36})/)?.1,
        let id = line.firstMatch(of: /(msg_\S+)/)?.1
      else { continue }
      received[String(event), default: []].insert(String(id))
    }
    return received
  }

  /// Every event of these came at least once, always under one identity; none was refused.
  func checkReceived(_ events: [FeedItem]) async throws {
    let wanted = Set(events.map(\.eventId.description))
    try await eventually(within: .seconds(90), "every event has come as a webhook") {
      Set(received.keys).isSuperset(of: wanted)
    }
    for (event, identities) in received {
      try checkEqual(identities.count, 1, "webhook identities of the event \(event)")
    }
    try check(!text(of: logPath).contains("refused:"), "a signature was refused")
  }
}
