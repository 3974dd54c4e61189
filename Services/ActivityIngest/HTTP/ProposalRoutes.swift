import Contracts
import HTTPTypes
import Hummingbird
import ServiceContextModule
import ServiceKit

/// `/v1/proposals`: the moves that rules ask for, and people's decisions on them.
struct ProposalRoutes: Sendable {
  let store: ProposalStore

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
    try context.require(.rep, .manager, .admin, .viewer)
    var query = QueryReader(request)
    var filter = ProposalStore.Filter()
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
    try context.require(.rep, .manager, .admin, .viewer)
    try QueryReader(request).finish()
    guard let row = try await store.find(try context.identity()) else {
      throw Problem.noSuchProposal
    }
    return try json(ProposalView(row))
  }

  @Sendable private func confirm(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let now = Instant.now()
    return try await decide(request, context, at: now) { person, reason in
      { $0.confirm(by: person, reason: reason, deal: $1, at: now) }
    }
  }

  @Sendable private func reject(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let now = Instant.now()
    return try await decide(request, context, at: now) { person, reason in
      { proposal, _ in proposal.reject(by: person, reason: reason, at: now) }
    }
  }

  private func decide(
    _ request: Request, _ context: ServiceRequestContext, at now: Instant,
    _ decision: (_ person: String, _ reason: String?) ->
      @Sendable (inout Proposal, Deal?) ->
      Proposal.Verdict
  ) async throws -> Response {
    let person = try context.require(.rep, .manager, .admin)
    let id = try context.identity()
    let reason = try await ReasonBody.read(request, context)
    let decided = try await store.decide(
      id, traceparent: ServiceContext.current?.trace?.traceparent, at: now,
      decision(person.subject, reason))
    guard let (row, verdict) = decided else { throw Problem.noSuchProposal }
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
