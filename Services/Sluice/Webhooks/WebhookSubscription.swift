import Contracts

/// The listener's subscription at the notifier.
struct WebhookSubscription: Decodable, Sendable {
  var id: String
  var secret: String

  private struct Listed: Decodable {
    var id: String
    var url: String
  }

  private struct ListPage: Decodable {
    var items: [Listed]
    var next: String?
  }

  private struct Wish: Encodable {
    var url: String
    var types: [String]
    var filter: Filter
    var description = "sluice webhooks listen"
    /// Nil at the beginning; one that was disabled meanwhile is wanted again.
    var status: String?
  }

  private struct Filter: Encodable { var pipeline: String? }

  private struct Nothing: Encodable {}

  /// Makes it, or takes up the one of an earlier run under the same address, with a new secret and
  /// for what is wanted now.
  static func take(
    url: String, types: [String], pipeline: String?, at notifier: ServiceClient
  ) async throws -> WebhookSubscription {
    var wish = Wish(url: url, types: types, filter: Filter(pipeline: pipeline))
    let response: ServiceClient.Response
    let path: String
    if let earlier = try await find(url: url, at: notifier) {
      wish.status = "active"
      try await notifier.patch("/v1/subscriptions/\(earlier)", wish)
      path = "/v1/subscriptions/\(earlier)/rotate-secret"
      response = try await notifier.post(path, Nothing())
    } else {
      path = "/v1/subscriptions"
      response = try await notifier.post(path, wish)
    }
    return try notifier.decode(WebhookSubscription.self, from: response, path)
  }

  private static func find(url: String, at notifier: ServiceClient) async throws -> String? {
    var cursor: String?
    repeat {
      let path = "/v1/subscriptions" + (cursor.map { "?cursor=\(ServiceClient.encode($0))" } ?? "")
      let page = try await notifier.get(path, as: ListPage.self)
      if let found = page.items.first(where: { $0.url == url }) { return found.id }
      cursor = page.next
    } while cursor != nil
    return nil
  }

  func remove(at notifier: ServiceClient) async throws {
    try await notifier.delete("/v1/subscriptions/\(id)")
  }
}
