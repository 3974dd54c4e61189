import Contracts
import Hummingbird
import ServiceKit
import ServiceWiring

/// `/v1/events`: the history of all deals, for readers that rebuild or verify.
struct EventRoutes: Sendable {
  let history: HistoryStore
  let access: AccessControl

  func add(to router: RouterGroup<ServiceRequestContext>) {
    router.get("events", use: feed)
  }

  @Sendable private func feed(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Page<FeedItemView> {
    _ = try await access.caller(context, to: .readFeed)
    var query = QueryReader(request)
    let after = query.value(
      "after", expected: LocalizedText(zh: "之前得到的 cursor", en: "a cursor of this feed")
    ) { FeedCursor($0) }
    let limit = query.int("limit", in: 1...1_000, default: 100)
    try query.finish()
    let items = try await history.feed(after: after, limit: limit + 1)
    let page = items.prefix(limit)
    return Page(
      items: page.map(FeedItemView.init),
      next: items.count > limit ? page.last?.cursor.description : nil)
  }
}
