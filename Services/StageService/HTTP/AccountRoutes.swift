import Contracts
import Hummingbird
import ServiceKit
import ServiceWiring

/// `/v1/accounts`: the customers, as the deals have them.
struct AccountRoutes: Sendable {
  let store: AccountStore
  let access: AccessControl

  func add(to router: RouterGroup<ServiceRequestContext>) {
    router.get("accounts", use: list)
  }

  @Sendable private func list(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Page<AccountView> {
    let caller = try await access.caller(context, to: .read)
    var query = QueryReader(request)
    let text = query.string("q", maximumLength: 200)
    let after = query.value(
      "cursor", expected: LocalizedText(zh: "上一页的 next", en: "the next of the page before")
    ) { text in Int64(text).flatMap { $0 >= 0 ? $0 : nil } }
    let limit = query.int("limit", in: 1...200, default: 50)
    try query.finish()
    let rows = try await store.list(
      containing: text, in: caller.scope, after: after, limit: limit + 1)
    let page = rows.prefix(limit)
    return Page(
      items: page.map(AccountView.init),
      next: rows.count > limit ? page.last.map { "\($0.number)" } : nil)
  }
}

/// An account and how many deals it has.
struct AccountView: Encodable, Sendable {
  let name: String
  let id: String?
  let externalId: String?
  let deals: Int64
  let openDeals: Int64

  init(_ row: AccountRow) {
    name = row.account.name
    id = row.account.id
    externalId = row.account.externalId
    deals = row.deals
    openDeals = row.openDeals
  }
}
