import Contracts
import Foundation
import TestSupport

/// One event as `GET /v1/opportunities/{id}/history` shows it.
struct HistoryItem: Decodable, Sendable {
  var eventId: EntityID
  var type: StageEventType
  var sequence: Int64
  var reason: String?
  var cause: String?
  var changes: [FieldChange]
  var activity: ActivityRecord?

  /// What the load wrote into the request that became this event.
  var tag: String? {
    reason ?? activity?.summary
      ?? changes.lazy.filter { $0.field.hasSuffix("request") }
      .compactMap { if case .string(let tag) = $0.new { tag } else { nil } }.first
  }
}

/// One event as `GET /v1/events` shows it.
struct FeedItem: Decodable, Sendable {
  var eventId: EntityID
  var type: StageEventType
  var data: StageEventData
}

/// A list as every route answers it.
struct AnswerPage<Item: Decodable & Sendable>: Decodable, Sendable {
  var items: [Item]
  var next: String?
}

extension Cluster {
  /// Asks the first replica of a service; 200 or an error.
  func get<Value: Decodable>(
    _ type: Value.Type, from kind: ServiceKind, _ path: String
  ) async throws -> Value {
    let url = replicas.first { $0.kind == kind }!.url + path
    let answer = try await client.get(url, token: token)
    try check(answer.status == 200, "GET \(url) answered \(answer.status) \(answer.text)")
    return try answer.decode(type)
  }

  /// All events of a deal.
  func history(of deal: EntityID) async throws -> [HistoryItem] {
    try await pages(of: "/v1/opportunities/\(deal)/history?limit=500", "cursor")
  }

  /// All events of all deals.
  func feed() async throws -> [FeedItem] {
    try await pages(of: "/v1/events?limit=1000", "after")
  }

  private func pages<Item: Decodable & Sendable>(
    of path: String, _ parameter: String
  ) async throws -> [Item] {
    var items: [Item] = []
    var next: String? = ""
    while let cursor = next {
      let rest = cursor.isEmpty ? "" : "&\(parameter)=\(cursor)"
      let page = try await get(AnswerPage<Item>.self, from: .stageService, path + rest)
      items += page.items
      next = page.next
    }
    return items
  }
}
