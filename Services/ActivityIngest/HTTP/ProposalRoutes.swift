import Contracts
import HTTPTypes
import Hummingbird
import ServiceContextModule
import ServiceKit
import ServiceWiring

/// `/v1/proposals`: the moves that rules ask for, and people's decisions on them. Those of deals outside
/// the caller's scope are not there.
struct ProposalRoutes: Sendable {
  let store: ProposalStore
  let access: AccessControl

  func add(to router: RouterGroup<ServiceRequestContext>) {
    let proposals = router.group("proposals")
    proposals.get(use: list)
    proposals.get(":id", use: read)
    proposals.post(":id/confirm", use: confirm)
    proposals.post(":id/reject", use: reject)
  }

  @Sendable private func list(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Page<ProposalView> {
    let caller = try await access.caller(context, to: .read)
    var query = QueryReader(request)
    var filter = ProposalStore.Filter()
    filter.scope = caller.scope
    filter.status = query.choice("status")
    filter.opportunityID = query.value(
      "opportunityId",
      expected: LocalizedText(
        zh: " UUID，例如 01936f3e-7c00-7000-8000-000000000001",
        en: "a UUID such as 01936f3e-7c00-7000-8000-000000000001")
    ) { EntityID($0) }
    filter.owner = query.string("owner")
    filter.team = query.string("team")
    filter.after = query.position("cursor") ?? 0
    let limit = query.int("limit", in: 1...500, default: 50)
    filter.limit = limit + 1
    try query.finish()
    let rows = try await store.list(filter)
    let page = rows.prefix(limit)
    return Page(
      items: page.map(ProposalView.init),
      next: rows.count > limit ? page.last.map { "\($0.position)" } : nil)
  }

  @Sendable private func read(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .read)
    try QueryReader(request).finish()
    guard let row = try await store.find(try context.identity(), for: caller) else {
      throw Problem.noSuchProposal
    }
    return try json(ProposalView(row))
  }

  @Sendable private func confirm(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let now = Instant.now()
    let action: @Sendable (Proposal) -> AccessPolicy.Action = { _ in .move }
    return try await decide(request, context, at: now, needing: action) { person, reason in
      { $0.confirm(by: person, reason: reason, deal: $1, at: now) }
    }
  }

  @Sendable private func reject(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let now = Instant.now()
    // One that has moved the deal is taken back.
    let action: @Sendable (Proposal) -> AccessPolicy.Action = {
      $0.status == .waiting ? .move : .revert
    }
    return try await decide(request, context, at: now, needing: action) { person, reason in
      { proposal, _ in proposal.reject(by: person, reason: reason, at: now) }
    }
  }

  private func decide(
    _ request: Request, _ context: ServiceRequestContext, at now: Instant,
    needing action: @escaping @Sendable (Proposal) -> AccessPolicy.Action,
    _ decision: (_ person: String, _ reason: String?) ->
      @Sendable (inout Proposal, Deal?) ->
      Proposal.Verdict
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .move)
    let id = try context.identity()
    let reason = try await ReasonBody.read(request, context)
    let outcome = try await store.decide(
      id, by: caller, action, traceparent: ServiceContext.current?.trace?.traceparent, at: now,
      decision(caller.subject, reason))
    let (row, verdict): (ProposalStore.Row, Proposal.Verdict)
    switch outcome {
    case .decided(let decided, let reached): (row, verdict) = (decided, reached)
    case .notFound, .denied(.outsideScope(readable: false)): throw Problem.noSuchProposal
    case .denied(let refusal): throw Problem(refusal)
    }
    if verdict == .refused {
      var problem = Problem.conflict(
        code: "not-decidable", title: "The proposal cannot be decided so any more",
        detail: "its status is \(row.proposal.status.rawValue)")
      problem.extensions["current"] = ProposalView(row)
      throw problem
    }
    return try json(ProposalView(row))
  }
}

/// `{"reason"?}`; a request without a body gives none.
private struct ReasonBody: Decodable {
  var reason: String?

  private static let limit = 500

  static func read(_ request: Request, _ context: ServiceRequestContext) async throws -> String? {
    let bytes = Array(
      try await request.body.collect(upTo: context.maxUploadSize).readableBytesView)
    guard !bytes.isEmpty else { return nil }
    if let type = request.headers[.contentType], !type.lowercased().contains("json") {
      throw Problem.unsupportedMediaType(type)
    }
    guard let reason = try RequestBodyDecoder.decode(ReasonBody.self, from: bytes).reason else {
      return nil
    }
    guard reason.unicodeScalars.count <= limit, !reason.utf8.contains(0) else {
      throw Problem.invalidRequest([
        ProblemError(
          code: "invalid-text", pointer: "/reason", field: "reason",
          message: LocalizedText(
            zh: "最多 \(limit) 个字符，不能包含 U+0000",
            en: "must have at most \(limit) characters, without U+0000"))
      ])
    }
    return reason.isEmpty ? nil : reason
  }
}

extension Problem {
  fileprivate static var noSuchProposal: Problem {
    .notFound("there is no proposal with this id; GET /v1/proposals lists them")
  }
}
