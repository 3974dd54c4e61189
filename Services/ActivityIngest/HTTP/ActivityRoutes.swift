import Contracts
import HTTPTypes
import Hummingbird
import ServiceContextModule
import ServiceKit

/// `/v1/activities`: taking them in, and where one stands.
struct ActivityRoutes: Sendable {
  let store: ActivityStore

  func add(to router: RouterGroup<ServiceRequestContext>) {
    router.post("activities", use: publish)
    router.get("activities", use: standing)
  }

  @Sendable private func publish(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    try context.require(.rep, .manager, .admin, .publisher)
    let items = try IncomingActivities.read(try await cloudEvents(of: request, context: context))
    let isDuplicate = try await store.accept(
      items, trace: ServiceContext.current?.trace, at: .now())
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
    try context.require(.rep, .manager, .admin, .viewer, .publisher)
    var query = QueryReader(request)
    let source = query.string("source")
    let id = query.string("id")
    for (name, value) in [("source", source), ("id", id)] where value == nil {
      query.refuse(name, zh: "必填", en: "is required")
    }
    try query.finish()
    let key = DerivedID.activity(source: source ?? "", id: id ?? "")
    guard let standing = try await store.standing(of: key) else {
      throw Problem.notFound(
        "no activity with this source and id has been handled; one just accepted may be on its way")
    }
    return try json(StandingView(standing))
  }
}
