import Hummingbird
import Postgres
import ServiceKit
import ServiceWiring

// What is no command on a deal, and is carried out once per Idempotency-Key all the same.
extension CommandEndpoint {
  /// - Parameters:
  ///   - answer: the answer to an outcome; a problem that it throws is one, too, and is kept.
  ///   - change: carries the request out and keeps the answer in the same transaction.
  func once<Outcome: Sendable>(
    _ request: Request, _ context: ServiceRequestContext, by caller: Caller,
    answer: @escaping @Sendable (Outcome) throws -> Answer,
    change: (Request, @escaping Keeping<Outcome>) async throws -> Outcome
  ) async throws -> Response {
    var request = request
    let body = try await request.collectBody(upTo: context.maxUploadSize)
    let kept = try KeptRequest(
      request, subject: caller.subject, body: Array(body.readableBytesView))
    if let kept, let response = try await replay(kept) { return response }
    do {
      let outcome = try await change(request) { outcome in
        guard let kept else { return nil }
        do {
          let answer = try answer(outcome)
          return kept.answer(answer, etag: answer.etag)
        } catch let problem as Problem {
          // That there is no such thing decides nothing.
          return problem.status == .notFound ? nil : try kept.answer(problem)
        }
      }
      return response(try answer(outcome))
    } catch let error as PostgresError
      where error.isUniqueViolation && error.constraint == "idempotency_keys_pkey"
    {
      // A copy of the request was faster.
      guard let kept, let response = try await replay(kept) else { throw error }
      return response
    }
  }
}
