import Contracts
import Hummingbird
import Postgres
import ServiceKit
import ServiceWiring

/// `POST /v1/opportunities:bulk`: the same command on many deals, or one for each, through the same
/// decisions; a few hundred deals to a transaction.
struct BulkRoutes: Sendable {
  static let dealsPerTransaction = 250

  let endpoint: CommandEndpoint

  func add(to router: RouterGroup<ServiceRequestContext>) {
    router.post("opportunities:bulk", use: run)
  }

  @Sendable private func run(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let caller = try await endpoint.access.caller(context, to: .edit)
    let body = try await endpoint.bytes(of: request, context)
    let kept = try KeptRequest(request, subject: caller.subject, body: body)
    if let kept, let response = try await endpoint.replay(kept) { return response }
    let items = try RequestBodyDecoder.decode(BulkRequest.self, from: body).checked()
    var results: [DealBatch.Result] = []
    for start in stride(from: 0, to: items.count, by: BulkRoutes.dealsPerTransaction) {
      let part = items[start..<min(items.count, start + BulkRoutes.dealsPerTransaction)]
      results += try await run(Array(part), by: caller, kept?.part(from: start))
    }
    let answer = CommandEndpoint.Answer(
      status: .ok, body: try JSONCoding.encode(Page(items: results, next: nil)))
    if let kept, try await !endpoint.idempotency.keep(kept.answer(answer, etag: nil), now: .now()),
      let response = try await endpoint.replay(kept)
    {
      return response
    }
    return endpoint.response(
      status: answer.status, body: answer.body, etag: nil, location: nil)
  }

  /// A part whose request is repeated answers as it did: its results are kept in the transaction that
  /// made them, so that a request that broke off in the middle goes on where it was.
  private func run(
    _ items: [DealBatch.Item], by caller: Caller, _ kept: KeptRequest?
  ) async throws -> [DealBatch.Result] {
    if let kept, let before = try await results(kept) { return before }
    do {
      return try await endpoint.batch.run(
        items,
        by: DealBatch.Actor(subject: caller.subject, caller: caller), at: .now()
      ) { results in
        try kept.map {
          $0.answer(.init(status: .ok, body: try JSONCoding.encode(results)), etag: nil)
        }
      }
    } catch let error as PostgresError
      where error.isUniqueViolation && error.constraint == "idempotency_keys_pkey"
    {
      // A copy of the request was faster.
      guard let kept, let before = try await results(kept) else { throw error }
      return before
    }
  }

  private func results(_ kept: KeptRequest) async throws -> [DealBatch.Result]? {
    guard
      let answer = try await endpoint.idempotency.find(subject: kept.subject, key: kept.key)
    else { return nil }
    guard answer.requestHash == kept.hash else { throw Problem.idempotencyKeyReused }
    return try JSONCoding.decode([DealBatch.Result].self, from: answer.body)
  }
}
