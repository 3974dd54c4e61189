import Contracts
import HTTPTypes
import Hummingbird
import Messaging
import ServiceKit
import ServiceWiring

/// `/v1/deliveries`: what was sent, what came of it, and once more. For managers and admins; a manager
/// of the directory sees those of the subscriptions that are theirs to handle.
struct DeliveryRoutes: Sendable {
  let store: DeliveryStore
  let access: AccessControl
  let due: WakeSignal
  let now: @Sendable () -> Instant

  func add(to router: RouterGroup<ServiceRequestContext>) {
    let deliveries = router.group("deliveries")
    deliveries.get(use: list)
    deliveries.get(":id", use: read)
    deliveries.post(":id/retry", use: retry)
  }

  @Sendable private func list(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Page<DeliveryView> {
    let caller = try await access.caller(context, to: .subscribe)
    var query = QueryReader(request)
    var filter = DeliveryFilter()
    filter.people = caller.scope(for: .subscribe)?.owners
    filter.subscriptionID = query.id("subscriptionId")
    filter.eventID = query.id("eventId")
    filter.status = query.choice("status")
    filter.before = query.cursor(EntityID.self)
    let limit = query.int("limit", in: 1...200, default: 50)
    try query.finish()
    filter.limit = limit + 1
    let found = try await store.list(filter, now: now())
    let page = found.prefix(limit)
    return Page(
      items: page.map(DeliveryView.init),
      next: found.count > limit ? page.last?.id.description : nil)
  }

  @Sendable private func read(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .subscribe)
    let people = caller.scope(for: .subscribe)?.owners
    guard let found = try await store.find(try id(context), of: people, now: now()) else {
      throw Problem.noSuchDelivery
    }
    return try json(DeliveryView(found))
  }

  @Sendable private func retry(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .subscribe)
    let id = try id(context)
    let people = caller.scope(for: .subscribe)?.owners
    switch try await store.retry(id, of: people, now: now()) {
    case .accepted:
      due.wake()
      return try json(
        AcceptedView(id: id), status: .accepted, headers: [.location: "/v1/deliveries/\(id)"])
    case .notFound: throw Problem.noSuchDelivery
    case .beingSent:
      throw Problem.conflict(
        code: "delivery-being-sent", title: "An attempt is under way",
        detail: "wait for its end; GET /v1/deliveries/\(id) shows it")
    case .inactive(let status, let reason): throw Problem.inactive(status, reason: reason)
    }
  }

  /// The identity in the path, or the webhook-id that a receiver saw.
  private func id(_ context: ServiceRequestContext) throws -> EntityID {
    let text = context.parameters.get("id") ?? ""
    guard let id = EntityID(text.hasPrefix("msg_") ? String(text.dropFirst(4)) : text) else {
      throw Problem.noSuchDelivery
    }
    return id
  }
}

extension Problem {
  fileprivate static var noSuchDelivery: Problem { .notFound("there is no delivery with this id") }
}
