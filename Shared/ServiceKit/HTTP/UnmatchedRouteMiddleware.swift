import HTTPTypes
import Hummingbird

/// Answers what no route matches: 405 with `Allow` where another method would match, else 404.
struct UnmatchedRouteMiddleware: RouterMiddleware {
  typealias Context = ServiceRequestContext

  private let routes: [(path: RouterPath, method: HTTPRequest.Method)]

  init(_ routes: [(path: RouterPath, method: HTTPRequest.Method)]) { self.routes = routes }

  func handle(
    _ request: Request, context: ServiceRequestContext,
    next: (Request, ServiceRequestContext) async throws -> Response
  ) async throws -> Response {
    let parts = request.uri.path.split(separator: "/")
    var allowed: Set<String> = []
    for route in routes where Self.matches(route.path, parts) {
      allowed.insert(route.method.rawValue)
      if route.method == .get { allowed.insert("HEAD") }
    }
    if allowed.isEmpty { throw Problem.notFound("there is nothing at \(request.uri.path)") }
    throw Problem.methodNotAllowed(Array(allowed))
  }

  private static func matches(_ path: RouterPath, _ parts: [Substring]) -> Bool {
    var index = 0
    for element in path {
      if element == .recursiveWildcard { return true }
      guard index < parts.count, element ~= parts[index] else { return false }
      index += 1
    }
    return index == parts.count
  }
}
