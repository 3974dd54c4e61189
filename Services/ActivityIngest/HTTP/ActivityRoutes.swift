import Contracts
import HTTPTypes
import Hummingbird
import ServiceContextModule
import ServiceKit
import ServiceWiring

/// `/v1/activities`: taking them in, and where one stands.
struct ActivityRoutes: Sendable {
  let store: ActivityStore
  let access: AccessControl

  func add(to router: RouterGroup<ServiceRequestContext>) {
    router.post("activities", use: publish)
    router.get("activities", use: standing)
  }

  @Sendable private func publish(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .report)
    let items = try IncomingActivities.read(try await cloudEvents(of: request, context: context))
    let outcome = try await store.accept(
      items, by: caller, trace: ServiceContext.current?.trace, at: .now())
    let isDuplicate: [Bool]
    switch outcome {
    case .accepted(let duplicates): isDuplicate = duplicates
    case .outsideScope(let indices): throw Problem.outsideScope(indices, of: items.count)
    }
    return try json(
      AcceptedView(
        accepted: items.count,
        items: zip(items, isDuplicate).map {
          AcceptedView.Item(
            source: $0.event.source, id: $0.event.id, duplicate: $1 ? true : nil)
        }), status: .accepted)
  }

  @Sendable private func standing(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .readActivity)
    var query = QueryReader(request)
    let source = query.string("source")
    let id = query.string("id")
    for (name, value) in [("source", source), ("id", id)] where value == nil {
      query.refuse(name, zh: "必填", en: "is required")
    }
    try query.finish()
    let key = DerivedID.activity(source: source ?? "", id: id ?? "")
    guard let standing = try await store.standing(of: key, for: caller) else {
      throw Problem.notFound(
        "no activity with this source and id has been handled; one just accepted may be on its way")
    }
    return try json(StandingView(standing))
  }
}

extension Problem {
  /// 403: these activities of the request mean no deal that the caller works on. Whether they mean one
  /// of somebody else is not told.
  fileprivate static func outsideScope(_ indices: [Int], of count: Int) -> Problem {
    Problem(
      .forbidden, code: "forbidden", title: "The caller may not do this",
      detail: count == 1
        ? "the activity is of no deal of the caller's; nothing is stored"
        : "\(indices.count) of \(count) events are of no deal of the caller's; nothing is stored",
      errors: indices.map { index in
        ProblemError(
          code: "outside-scope", pointer: count == 1 ? "" : "/\(index)",
          message: LocalizedText(
            zh: "不属于您的任何商机：销售只能上报自己商机的活动，经理还可上报下属团队的；商机可能尚未到达",
            en: "belongs to no deal of the caller's: a rep reports on own deals, a manager also on "
              + "those below; a new deal may not have arrived here yet"))
      })
  }
}
