import Contracts
import Hummingbird
import Messaging
import Postgres
import ServiceKit
import ServiceWiring

/// `POST /v1/opportunities/{id}/merge`: like every other command, but on two deals.
extension CommandEndpoint {
  /// - Parameter id: the duplicate's.
  func merge(
    _ request: Request, _ context: ServiceRequestContext, _ id: EntityID
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .edit)
    let body = try await bytes(of: request, context)
    let kept = try KeptRequest(request, subject: caller.subject, body: body)
    if let kept, let response = try await replay(kept) { return response }
    let expected = try EntityTag.ifMatch(request)
    let action = StageCommand.Action.merge(
      try RequestBodyDecoder.decode(
        StageCommand.Merge.self, from: body.isEmpty ? Array("{}".utf8) : body))
    let now = Instant.now()
    let command = StageCommand(
      id: .make(at: now), opportunityId: id, expectedSequence: expected, action: action)
    do {
      switch try await merges.run(
        command, by: caller, at: now,
        keeping: { merged in
          try kept.map {
            $0.answer(try Answer(merged), etag: EntityTag.text(merged.event.sequence))
          }
        })
      {
      case .success(let merged):
        return response(
          status: .ok, body: try Answer(merged).body,
          etag: EntityTag.text(merged.event.sequence), location: nil)
      case .failure(let refused):
        let problem = Problem(refused.refusal, on: refused.deal)
        guard refused.refusal.isDecision else { throw problem }
        return try await refuse(problem, kept)
      }
    } catch let error as PostgresError
      where error.isUniqueViolation && error.constraint == "idempotency_keys_pkey"
    {
      // A copy of the request was faster.
      guard let kept, let response = try await replay(kept) else { throw error }
      return response
    }
  }

  var erasures: DealErasure {
    DealErasure(pool: store.pool, catalog: catalog, recorder: recorder, committed: committed)
  }

  private var merges: DealMerge {
    DealMerge(pool: store.pool, catalog: catalog, recorder: recorder, committed: committed)
  }
}

extension CommandEndpoint.Answer {
  fileprivate init(_ merged: DealMerge.Merged) throws {
    self.init(
      status: .ok,
      body: try JSONCoding.encode(MergeView(merged.event, survivor: merged.survivor)))
  }
}

extension Refusal {
  /// Whether it was decided about the deals; who may not see or change them asks in vain, and no
  /// answer is kept.
  fileprivate var isDecision: Bool {
    switch self {
    case .notFound, .forbidden: false
    case .alreadyExists, .stale, .invalid, .gate: true
    }
  }
}
