import Contracts
import HTTPTypes
import Hummingbird
import Logging
import Messaging
import ServiceContextModule
import ServiceKit
import ServiceWiring

/// `/v1/service-accounts`: the machines that may call. For admins only.
///
/// An Idempotency-Key is not heeded: the kept answer would hold the secret. A creation whose answer
/// was lost is repeated, and the account that nobody has the token of is revoked.
struct ServiceAccountRoutes: Sendable {
  let store: ServiceAccountStore
  let access: AccessControl
  let recorder: Recorder
  let committed: WakeSignal

  func add(to router: RouterGroup<ServiceRequestContext>) {
    let accounts = router.group("service-accounts")
    accounts.post(use: create)
    accounts.get(use: list)
    accounts.get(":id", use: read)
    accounts.delete(":id", use: revoke)
  }

  @Sendable private func create(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .manageServiceAccounts)
    let body = try await request.decode(as: ServiceAccountRequest.self, context: context)
    let failures = body.failures
    guard failures.isEmpty else {
      throw Problem(
        .unprocessableContent, code: "invalid-service-account",
        title: "The service account is not usable", errors: failures.map(ProblemError.init))
    }
    let now = Instant.now()
    let token = ServiceAccountToken.make(for: .make(at: now))
    let entry = body.entry(token, createdAt: now, createdBy: caller.subject)
    try await store.create(
      entry, announcing: try recorder.message(entry, trace: ServiceContext.current?.trace))
    committed.wake()
    context.logger.notice(
      "service account created",
      metadata: [
        "account": "\(entry.id)", "roles": "\(entry.roles.joined(separator: " "))",
        "by": "\(caller.subject)",
      ])
    return try json(
      ServiceAccountView(entry, token: token.text), status: .created,
      headers: [
        .location: "/v1/service-accounts/\(entry.id)",
        // The only answer that ever holds the token.
        .cacheControl: "no-store",
      ])
  }

  @Sendable private func list(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Page<ServiceAccountView> {
    _ = try await access.caller(context, to: .manageServiceAccounts)
    var query = QueryReader(request)
    let after = query.value(
      "cursor", expected: LocalizedText(zh: "上一页的 next", en: "the next of the page before")
    ) { EntityID($0) }
    let limit = query.int("limit", in: 1...500, default: 50)
    try query.finish()
    let accounts = try await store.list(after: after, limit: limit + 1)
    let page = accounts.prefix(limit)
    return Page(
      items: page.map { ServiceAccountView($0) },
      next: accounts.count > limit ? page.last?.id.description : nil)
  }

  @Sendable private func read(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    _ = try await access.caller(context, to: .manageServiceAccounts)
    guard let entry = try await store.find(try id(context)) else { throw Self.unknown }
    return try json(ServiceAccountView(entry))
  }

  @Sendable private func revoke(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .manageServiceAccounts)
    let trace = ServiceContext.current?.trace
    let revocation = try await store.revoke(try id(context), at: .now()) { [recorder] entry in
      try recorder.message(entry, trace: trace)
    }
    switch revocation {
    case .unknown: throw Self.unknown
    case .wasRevoked: break
    case .revoked(let entry):
      committed.wake()
      context.logger.notice(
        "service account revoked",
        metadata: ["account": "\(entry.id)", "by": "\(caller.subject)"])
    }
    return Response(status: .noContent)
  }

  private func id(_ context: ServiceRequestContext) throws -> EntityID {
    guard let id = context.parameters.get("id").flatMap({ EntityID($0) }) else {
      throw Self.unknown
    }
    return id
  }

  private static var unknown: Problem { .notFound("there is no service account with this id") }
}

/// A service account as it is shown; `token` only in the answer that makes it.
struct ServiceAccountView: Encodable, Sendable {
  let id: EntityID
  let name: String
  let roles: [String]
  let rateLimit: Double?
  let createdAt: Instant
  let createdBy: String
  let revokedAt: Instant?
  let token: String?

  init(_ entry: ServiceAccountEntry, token: String? = nil) {
    id = entry.id
    name = entry.name
    roles = entry.roles
    rateLimit = entry.rateLimit
    createdAt = entry.createdAt
    createdBy = entry.createdBy
    revokedAt = entry.revokedAt
    self.token = token
  }
}
