import Hummingbird
import Logging
import Postgres
import ServiceKit

/// A database that cannot be reached is a 503 that says when to come again, not an internal error.
struct DatabaseOutageMiddleware: RouterMiddleware {
  typealias Context = ServiceRequestContext

  func handle(
    _ request: Request, context: ServiceRequestContext,
    next: (Request, ServiceRequestContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let error as PostgresError where error.isRetriable {
      context.logger.warning("database not available", metadata: ["error": "\(error)"])
      throw Problem.unavailable("the database cannot be reached; nothing is lost")
    }
  }
}
