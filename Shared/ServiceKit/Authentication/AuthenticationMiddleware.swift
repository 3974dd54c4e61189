import HTTPTypes
package import Hummingbird

/// Lets through only requests with a good token, no more of each than its limit, and sets the
/// caller; the rest gets 401 or 429.
package struct AuthenticationMiddleware: RouterMiddleware {
  package typealias Context = ServiceRequestContext

  private let authenticator: Authenticator

  package init(_ authenticator: Authenticator) { self.authenticator = authenticator }

  package func handle(
    _ request: Request, context: ServiceRequestContext,
    next: (Request, ServiceRequestContext) async throws -> Response
  ) async throws -> Response {
    var context = context
    do {
      let principal = try await authenticator.principal(bearer: Self.token(request))
      try authenticator.rateLimiter?.admit(principal)
      context.principal = principal
    } catch let failure as AuthenticationFailure {
      throw Problem.unauthorized(failure)
    }
    return try await next(request, context)
  }

  private static func token(_ request: Request) throws(AuthenticationFailure) -> String {
    guard let header = request.headers[.authorization] else { throw .missing }
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { throw .missing }
    return parts[1].trimmingPrefix(" ").description
  }
}
