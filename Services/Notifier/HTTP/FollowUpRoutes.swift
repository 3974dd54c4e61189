import Contracts
import Hummingbird
import ServiceKit

/// `/v1/follow-ups`: which deals must be followed up until when.
struct FollowUpRoutes: Sendable {
  let queries: FollowUpQueries
  let now: @Sendable () -> Instant

  func add(to router: RouterGroup<ServiceRequestContext>) {
    router.get("follow-ups", use: list)
  }

  @Sendable private func list(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Page<FollowUpView> {
    try context.require(.rep, .manager, .admin, .viewer)
    var query = QueryReader(request)
    var filter = FollowUpQueries.Filter()
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
