import Contracts
import HTTPTypes
import Hummingbird
import ServiceKit
import ServiceWiring

/// `/v1/unmatched`: activities that belong to no deal, and what people do about them. Whom the directory
/// binds sees those that may mean a deal in scope; a manager also those that mean none.
struct UnmatchedRoutes: Sendable {
  let store: UnmatchedStore
  let access: AccessControl

  func add(to router: RouterGroup<ServiceRequestContext>) {
    let unmatched = router.group("unmatched")
    unmatched.get(use: list)
    unmatched.post(":id/assign", use: assign)
    unmatched.post(":id/dismiss", use: dismiss)
  }

  @Sendable private func list(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Page<UnmatchedView> {
    let caller = try await access.caller(context, to: .read)
    var query = QueryReader(request)
    let after = query.position("cursor")
    let limit = query.int("limit", in: 1...500, default: 50)
    try query.finish()
    let rows = try await store.list(
      in: UnmatchedScope(readBy: caller), after: after ?? 0, limit: limit + 1)
    let page = rows.prefix(limit)
    return Page(
      items: page.map(UnmatchedView.init),
      next: rows.count > limit ? page.last.map { "\($0.position)" } : nil)
  }

  private struct Assignment: Decodable {
    var opportunityId: EntityID
  }

  @Sendable private func assign(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .edit)
    let key = try context.identity()
    let body = try await request.decode(as: Assignment.self, context: context)
    return try answer(
      try await store.assign(key, to: body.opportunityId, by: caller, at: .now()))
  }

  @Sendable private func dismiss(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .edit)
    return try answer(try await store.dismiss(try context.identity(), by: caller))
  }

  private func answer(_ outcome: UnmatchedStore.Outcome) throws -> Response {
    switch outcome {
    case .done(let standing):
      return try json(StandingView(standing))
    case .settledOtherwise(let standing):
      var problem = Problem.conflict(
        code: "already-settled", title: "The activity is not unmatched any more",
        detail: "its state is \(standing.state.rawValue)")
      problem.extensions["current"] = StandingView(standing)
      throw problem
    case .denied(let refusal):
      throw Problem(refusal)
    case .noSuchActivity:
      throw Problem.notFound("there is no activity with this id; GET /v1/unmatched lists them")
    case .noSuchOpportunity:
      throw Problem(
        .unprocessableContent, code: "no-such-opportunity",
        title: "The opportunity is not known here",
        detail: "it does not exist, or its creation is still on its way",
        errors: [
          ProblemError(
            code: "no-such-opportunity", pointer: "/opportunityId", field: "opportunityId",
            message: LocalizedText(
              zh: "没有这个商机，或它刚刚创建、尚未到达",
              en: "there is no such opportunity, or it has not arrived here yet"))
        ])
    }
  }
}
