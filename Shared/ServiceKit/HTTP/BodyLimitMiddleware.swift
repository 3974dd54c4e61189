import HTTPTypes
import Hummingbird

/// Refuses a body that says it is too large before a byte of it is read, and tells the decoder
/// where to stop with one that does not say.
struct BodyLimitMiddleware: RouterMiddleware {
  typealias Context = ServiceRequestContext

  let limit: Int

  func handle(
    _ request: Request, context: ServiceRequestContext,
    next: (Request, ServiceRequestContext) async throws -> Response
  ) async throws -> Response {
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
      throw Problem.contentTooLarge(limit: limit)
    }
    var context = context
    context.maxUploadSize = limit
    return try await next(request, context)
  }
}
