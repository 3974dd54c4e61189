package import Hummingbird
import Logging
import Postgres
package import ServiceKit

/// What the database says, as HTTP says it: an outage is a 503 that says when to come again, a value
/// that no column can hold is the caller's 400.
package struct DatabaseErrorMiddleware: RouterMiddleware {
  package typealias Context = ServiceRequestContext

  package init() {}

  package func handle(
    _ request: Request, context: ServiceRequestContext,
    next: (Request, ServiceRequestContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let error as PostgresError where error.isRetriable {
      context.logger.warning("database not available", metadata: ["error": "\(error)"])
      throw Problem.unavailable("the database cannot be reached; nothing is lost")
    } catch let error as PostgresError where error.code == .commitUnknown {
      context.logger.warning("outcome of a commit unknown", metadata: ["error": "\(error)"])
      throw Problem.unavailable(
        "the connection broke during the commit; whether it took effect is not known. "
          + "Repeat the request with the same Idempotency-Key, or read before you repeat")
    } catch let error as PostgresError
      where ["22", "54"].contains(error.sqlState.map { String($0.prefix(2)) })
    {
      throw Problem.invalidRequest([], detail: "a value cannot be stored: \(error.message)")
    }
  }
}
