import Contracts
import Hummingbird
import ServiceKit
import ServiceWiring

/// The query API, under `/v1`. Everybody may read but machines that only publish; whom the directory
/// binds, only what comes of the deals in scope.
struct ForecastingRoutes: Sendable {
  let funnels: FunnelQueries
  let timelines: TimelineQueries
  let access: AccessControl
  let freshness: @Sendable () -> Freshness
  let now: @Sendable () -> Instant

  func add(to router: Router<ServiceRequestContext>, authenticator: Authenticator) {
    let group = router.group("v1")
      .add(middleware: AuthenticationMiddleware(authenticator))
      .add(middleware: DatabaseErrorMiddleware())
    group.get("funnel", use: funnel)
    FigureRoutes(queries: funnels, access: access, freshness: freshness, now: now).add(to: group)
    group.get("opportunities/:id/timeline", use: timeline)
  }

  @Sendable func funnel(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .read)
    let asked = try await FigureRequest(
      request, in: caller.scope, pipelines: { try await funnels.pipelines() }, own: { _ in })
    let question = asked.question
    switch try await funnels.funnel(question, now: now()) {
    case .funnel(let funnel):
      return try FigureBody(
        question: question, now: now(), freshness: freshness(), content: FunnelBody(funnel: funnel)
      ).response(asked.format)
    case .unknownPipeline(let known):
      throw Problem.unknownPipeline(question.pipeline, known: known)
    }
  }

  @Sendable func timeline(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .read)
    try QueryReader(request).finish()
    let text = context.parameters.get("id") ?? ""
    guard let id = EntityID(text) else { throw Problem.malformedOpportunityID(text) }
    guard let timeline = try await timelines.timeline(of: id),
      caller.refusal(.read, owner: timeline.owner, team: timeline.team) == nil
    else {
      throw Problem.notFound("no event of opportunity \(id) has arrived here")
    }
    return try json(TimelineBody(timeline: timeline, freshness: freshness(), now: now()))
  }
}

extension Problem {
  static func unknownPipeline(_ key: String, known: [String]) -> Problem {
    var problem = Problem.notFound(
      known.isEmpty
        ? "there is no pipeline \(key); none has been published"
        : "there is no pipeline \(key); there are: \(known.joined(separator: ", "))")
    problem.extensions["pipelines"] = known
    return problem
  }

  static func malformedOpportunityID(_ text: String) -> Problem {
    .invalidRequest(
      [
        ProblemError(
          code: "invalid-parameter", field: "id",
          message: LocalizedText(
            zh: "商机编号应为 UUID，例如 01936f3e-7c00-7000-8000-000000000001",
            en: "the id of an opportunity is a UUID such as 01936f3e-7c00-7000-8000-000000000001"))
      ], detail: "the id in the path is not a UUID")
  }
}
