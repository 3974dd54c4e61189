import Contracts
import Hummingbird
import ServiceKit
import ServiceWiring

/// `/v1/follow-ups`: which deals in the caller's scope must be followed up until when.
struct FollowUpRoutes: Sendable {
  let queries: FollowUpQueries
  let access: AccessControl
  let now: @Sendable () -> Instant

  func add(to router: RouterGroup<ServiceRequestContext>) {
    router.get("follow-ups", use: list)
  }

  @Sendable private func list(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Page<FollowUpView> {
    let caller = try await access.caller(context, to: .read)
    var query = QueryReader(request)
    var filter = FollowUpQueries.Filter()
    filter.scope = caller.scope
    filter.pipeline = query.string("pipeline")
    filter.owner = query.string("owner")
    filter.team = query.string("team")
    filter.overdue = query.bool("overdue")
    filter.after = query.cursor(FollowUpCursor.self)
    let limit = query.int("limit", in: 1...500, default: 50)
    try query.finish()
    filter.limit = limit + 1
    let now = now()
    let found = try await queries.list(filter, now: now)
    let page = found.prefix(limit)
    let next = found.count > limit ? page.last : nil
    return Page(
      items: page.compactMap { FollowUpView($0, now: now) },
      next: next.flatMap { last in
        last.dueAt.map { FollowUpCursor(dueAt: $0, id: last.opportunityID).description }
      })
  }
}
