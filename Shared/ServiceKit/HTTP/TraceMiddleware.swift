package import HTTPTypes
import Hummingbird
import ServiceContextModule

extension HTTPField.Name {
  package static let traceparent = Self("traceparent")!
  package static let tracestate = Self("tracestate")!
  package static let traceresponse = Self("traceresponse")!
}

/// Continues the caller's trace, or begins one, for all that the handler does.
struct TraceMiddleware: RouterMiddleware {
  typealias Context = ServiceRequestContext

  func handle(
    _ request: Request, context: ServiceRequestContext,
    next: (Request, ServiceRequestContext) async throws -> Response
  ) async throws -> Response {
    let incoming = request.headers[.traceparent].flatMap {
      TraceContext(traceparent: $0, tracestate: request.headers[.tracestate])
    }
    let trace = incoming?.child() ?? .root()
    var current = ServiceContext.current ?? .topLevel
    current.trace = trace
    var response = try await ServiceContext.withValue(current) {
      try await next(request, context)
    }
    response.headers[.traceresponse] = trace.traceparent
    return response
  }
}
