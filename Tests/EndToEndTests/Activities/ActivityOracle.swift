import Contracts
import Foundation
import NIOHTTP1
import TestSupport

/// What must be true after a load of activities, whatever happened meanwhile: every accepted activity
/// stands in its deal's history exactly once, and each deal whose customer confirmed the quote moved
/// exactly once because of it.
extension ActivityLoad {
  func checkRecorded(on cluster: Cluster) async throws {
    let expected = Dictionary(
      acceptedActivities.map { ($0.id, $0.deal) }, uniquingKeysWith: { first, _ in first })
    var feed: [FeedItem] = []
    try await eventually(within: .seconds(90), "every accepted activity is recorded") {
      feed = try await cluster.feed()
      let recorded = Set(feed.compactMap(\.data.activity?.id))
      let moved = Set(feed.filter { $0.data.evidence != nil }.map(\.data.opportunityId))
      return recorded.isSuperset(of: expected.keys) && moved.isSuperset(of: confirmedDeals)
    }
    let recorded = feed.filter { $0.data.activity?.source == "/load" }
    try checkEqual(recorded.count, expected.count, "recorded activities")
    for item in recorded {
      let id = item.data.activity?.id ?? ""
      try checkEqual(item.data.opportunityId, expected[id], "deal of the activity \(id)")
    }
    let moves = feed.filter { $0.data.evidence != nil }
    try checkEqual(moves.count, confirmedDeals.count, "moves because of activities")
    for move in moves {
      try checkEqual(move.data.to, "negotiation", "stage of \(move.data.opportunityId)")
      try checkEqual(move.data.evidence?.words.isEmpty, false, "words of the evidence")
    }
    for (deal, events) in Dictionary(grouping: feed, by: \.data.opportunityId) {
      try checkEqual(
        events.map(\.data.sequence).sorted(), Array(1...Int64(events.count)),
        "sequences of deal \(deal)")
    }
  }

  /// What could not be read waits, each once; a relay that is killed may publish a letter again.
  func checkDeadLetters(on cluster: Cluster) async throws {
    try await eventually("the unreadable activities are set aside") {
      let origins = try await cluster.read(.deadLetters).map {
        "\($0.header("sluice_origin_partition") ?? ""):\($0.header("sluice_origin_offset") ?? "")"
      }
      return Set(origins).count == poisonCount
    }
  }
}

extension Cluster {
  /// Deals in `proposal`, with everything that the gate asks for, known by id, external id and mail.
  func makeDeals(_ count: Int) async throws -> [ActivityLoad.Deal] {
    var deals: [ActivityLoad.Deal] = []
    for number in 0..<count {
      let deal = try await post(
        "/v1/opportunities",
        .object([
          "pipeline": "general", "name": .string("Deal \(number)"),
          "account": .object(["name": "Account"]), "owner": "ann", "team": "east",
          "amount": .object(["minor": 100_000, "currency": "CNY"]),
          "externalId": .string("load-\(number)"),
          "fields": .object([
            "contactEmail": .string("c\(number)@load.example"), "customerNeeds": "x",
            "budget": 1, "decisionMaker": "y",
          ]),
        ]))
      guard case .string(let text)? = deal["id"], let id = EntityID(text) else {
        throw CheckFailure("a new deal has no id: \(deal)")
      }
      for stage in ["needs-analysis", "proposal"] {
        _ = try await post("/v1/opportunities/\(id)/moves", .object(["to": .string(stage)]))
      }
      deals.append(
        .init(id: id, externalID: "load-\(number)", email: "c\(number)@load.example"))
    }
    return deals
  }

  /// The members of a successful answer of a service.
  @discardableResult
  func post(
    _ path: String, _ body: JSONValue, to kind: ServiceKind = .stageService,
    contentType: String = "application/json"
  ) async throws -> [String: JSONValue] {
    let url = replicas(of: kind)[0].url + path
    let answer = try await client.send(
      .POST, url, token: token, body: JSONCoding.encode(body), contentType: contentType)
    try check(
      (200..<300).contains(answer.status), "POST \(url) answered \(answer.status) \(answer.text)")
    guard case .object(let members) = try answer.decode(JSONValue.self) else { return [:] }
    return members
  }
}
