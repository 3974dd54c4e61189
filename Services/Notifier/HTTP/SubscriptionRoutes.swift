import Contracts
import HTTPTypes
import Hummingbird
import Messaging
import ServiceKit
import ServiceWiring

/// `/v1/subscriptions`: who hears of what, and where. For managers and admins; a manager of the directory
/// handles own ones and those of people below.
struct SubscriptionRoutes: Sendable {
  let store: SubscriptionStore
  let access: AccessControl
  let check: AddressCheck
  let due: WakeSignal
  let now: @Sendable () -> Instant

  func add(to router: RouterGroup<ServiceRequestContext>) {
    let subscriptions = router.group("subscriptions")
    subscriptions.post(use: create)
    subscriptions.get(use: list)
    subscriptions.get(":id", use: read)
    subscriptions.patch(":id", use: patch)
    subscriptions.delete(":id", use: delete)
    subscriptions.post(":id/rotate-secret", use: rotate)
    subscriptions.post(":id/test", use: test)
  }

  @Sendable private func create(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .subscribe)
    let body = try await request.decode(as: NewSubscription.self, context: context)
    var wrong = SubscriptionCheck()
    try await wrong.url(body.url, check)
    wrong.types(body.types ?? [])
    if let filter = body.filter { wrong.filter(filter) }
    if let description = body.description { wrong.description(description) }
    try wrong.finish()
    let now = now()
    let subscription = Subscription(
      id: .make(at: now), url: body.url, description: body.description,
      types: body.types.unique, filter: body.filter ?? EventFilter(), status: .active,
      createdBy: caller.subject, boundTo: caller.seesAllDeals ? nil : caller.subject,
      createdAt: now, updatedAt: now, activeSince: now)
    let secret = WebhookSecret.make()
    try await store.create(subscription, secret: secret)
    return try json(
      SubscriptionView(subscription, secret: secret, now: now), status: .created,
      headers: [.location: "/v1/subscriptions/\(subscription.id)"])
  }

  @Sendable private func list(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Page<SubscriptionView> {
    let caller = try await access.caller(context, to: .subscribe)
    var query = QueryReader(request)
    let after = query.cursor(EntityID.self)
    let limit = query.int("limit", in: 1...500, default: 50)
    try query.finish()
    let found = try await store.list(
      of: caller.scope(for: .subscribe)?.owners, after: after, limit: limit + 1)
    let page = found.prefix(limit)
    let now = now()
    return Page(
      items: page.map { SubscriptionView($0, now: now) },
      next: found.count > limit ? page.last?.id.description : nil)
  }

  @Sendable private func read(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let (_, subscription) = try await own(context)
    return try json(SubscriptionView(subscription, now: now()))
  }

  @Sendable private func patch(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let id = try await own(context).subscription.id
    let patch = try await request.decode(as: SubscriptionPatch.self, context: context)
    var wrong = SubscriptionCheck()
    if let url = patch.url { try await wrong.url(url, check) }
    wrong.types(patch.types ?? [])
    if let filter = patch.filter { wrong.filter(filter) }
    if case .set(let description) = patch.description { wrong.description(description) }
    try wrong.finish()
    let now = now()
    let changed = try await store.change(id, now: now) { subscription in
      if let url = patch.url, url != subscription.url {
        subscription.url = url
        subscription.failingSince = nil
        subscription.notBefore = nil
      }
      if let types = patch.types { subscription.types = types.unique }
      if let filter = patch.filter { subscription.filter = filter }
      switch patch.description {
      case .keep: break
      case .clear: subscription.description = nil
      case .set(let text): subscription.description = text
      }
      if let status = patch.status { subscription.set(status, now: now) }
    }
    guard let changed else { throw Problem.noSuchSubscription }
    due.wake()
    return try json(SubscriptionView(changed, now: now))
  }

  @Sendable private func delete(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let id = try await own(context).subscription.id
    guard try await store.delete(id, now: now()) else { throw Problem.noSuchSubscription }
    return Response(status: .noContent)
  }

  @Sendable private func rotate(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let id = try await own(context).subscription.id
    let secret = WebhookSecret.make()
    let now = now()
    guard let rotated = try await store.rotate(id, to: secret, now: now) else {
      throw Problem.noSuchSubscription
    }
    return try json(SubscriptionView(rotated, secret: secret, now: now))
  }

  /// Sends an event of its own to this subscription, whatever its types and filter.
  @Sendable private func test(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let (caller, subscription) = try await own(context)
    let id = subscription.id
    guard subscription.status == .active else {
      throw Problem.inactive(subscription.status, reason: subscription.disabledReason)
    }
    let delivery = try await store.sendTest(to: id, by: caller.subject, now: now())
    guard let delivery else { throw Problem.noSuchSubscription }
    due.wake()
    return try json(
      AcceptedView(id: delivery), status: .accepted,
      headers: [.location: "/v1/deliveries/\(delivery)"])
  }

  /// The one in the path, where it is the caller's to handle; whose it is never changes. One that hears
  /// of all deals is for those alone whom nothing binds.
  private func own(
    _ context: ServiceRequestContext
  ) async throws -> (caller: Caller, subscription: Subscription) {
    let caller = try await access.caller(context, to: .subscribe)
    guard let id = context.parameters.get("id").flatMap({ EntityID($0) }),
      let subscription = try await store.find(id),
      caller.refusal(.subscribe, owner: subscription.boundTo, team: nil) == nil
    else { throw Problem.noSuchSubscription }
    return (caller, subscription)
  }
}

extension [String]? {
  /// Each text once, in order of first mention.
  fileprivate var unique: [String] { (self ?? []).unique }
}

extension [String] {
  fileprivate var unique: [String] {
    var seen: Set<String> = []
    return filter { seen.insert($0).inserted }
  }
}

extension Problem {
  static var noSuchSubscription: Problem { .notFound("there is no subscription with this id") }

  /// 409: nothing is sent to a subscription that is not active.
  static func inactive(_ status: Subscription.Status, reason: String?) -> Problem {
    .conflict(
      code: "subscription-not-active", title: "The subscription is not active",
      detail: "it is \(status.rawValue)\(reason.map { ": \($0)" } ?? ""); "
        + "PATCH it with {\"status\":\"active\"} first")
  }
}
