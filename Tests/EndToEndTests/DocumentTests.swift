import Contracts
import Foundation
import NIOHTTP1
import TestSupport
import Testing

extension EndToEnd {
  /// The public documents are valid, and the services do what they say.
  @Suite(.serialized) struct DocumentTests {
    @Test(.needsPython) func theDocumentsAreValidAndTheirExamplesFit() async throws {
      try await Python.run("check_openapi.py", ServiceKind.allCases.map(\.openAPI))
      try await Python.run(
        "check_asyncapi.py",
        ["Shared/Contracts/asyncapi.yaml", "Tests/Fixtures/contracts"].map(Repository.path))
    }

    @Test(.needsPython, .timeLimit(.minutes(15)))
    func theServicesAnswerAsTheirDocumentsSay() async throws {
      try await withCluster(.init(activityIngests: 1, notifiers: 1)) { cluster in
        let deal = try await cluster.makeDeals()
        try await cluster.waitUntilConsumed(.stageChanges, by: .forecasting)
        // The checks are busy with themselves most of the time: side by side they use every core.
        let failures = try await withThrowingTaskGroup(of: [String].self) { group in
          for replica in cluster.replicas {
            group.addTask { try await cluster.answers(of: replica, on: deal) }
          }
          return try await group.reduce(into: []) { $0 += $1 }
        }
        try check(failures.isEmpty, failures.joined(separator: "\n"))
      }
    }
  }
}

extension ServiceKind {
  /// The path of its OpenAPI document.
  fileprivate var openAPI: String {
    let folder = rawValue.split(separator: "-").map(\.capitalized).joined()
    return Repository.path("Services/\(folder)/HTTP/openapi.yaml")
  }
}

extension Cluster {
  /// What a service answers unlike its document, with a token and without.
  fileprivate func answers(of replica: Replica, on deal: String) async throws -> [String] {
    var failures: [String] = []
    for token in [token, ""] {
      do {
        try await Python.run(
          "check_service.py", [replica.kind.openAPI, replica.url],
          environment: [
            "TOKEN": token, "OPPORTUNITY": deal, "MAX_EXAMPLES": TestRun.isFull ? "100" : "10",
          ])
      } catch let failure as CheckFailure {
        failures.append("\(replica.kind.rawValue): \(failure.description)")
      }
    }
    return failures
  }

  private struct Created: Decodable { var id: String }

  /// Deals for requests to find; the id of one that has moved and has an activity.
  fileprivate func makeDeals() async throws -> String {
    let deals = "\(stageServices[0].url)/v1/opportunities"
    var id = ""
    for name in ["Line 1", "Line 2", "Line 3"] {
      let body = #"{"pipeline":"general","name":"\#(name)","account":{"name":"Hengda"}}"#
      let answer = try await client.send(.POST, deals, token: token, body: Array(body.utf8))
      id = try answer.decode(Created.self).id
    }
    for (path, body) in [
      ("moves", #"{"to":"needs-analysis"}"#), ("activities", #"{"kind":"call"}"#),
    ] {
      let answer = try await client.send(
        .POST, "\(deals)/\(id)/\(path)", token: token, body: Array(body.utf8))
      try check((200...201).contains(answer.status), "\(path): \(answer.text)")
    }
    return id
  }
}
