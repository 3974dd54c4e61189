import CoreMetrics
import HTTPTypes
import Hummingbird
import Logging
import Synchronization

/// Duration and number of requests by method, route and status, and the access log.
final class RequestMetricsMiddleware: RouterMiddleware {
  typealias Context = ServiceRequestContext

  private struct Key: Hashable {
    let method: String
    let route: String
    let status: Int
  }

  private let factory: any MetricsFactory
  private let active: any MeterHandler
  /// Looking a timer up here is cheaper than sorting its labels at every request.
  private let timers = Mutex<[Key: any TimerHandler]>([:])

  init(factory: any MetricsFactory) {
    self.factory = factory
    self.active = factory.makeMeter(label: "http_server_active_requests", dimensions: [])
    if let registry = factory as? PrometheusRegistry {
      registry.describe("http_server_active_requests", help: "Requests being answered.")
      registry.describe(
        "http_server_request_duration_seconds", help: "Time until the answer begins, in seconds.")
    }
  }

  func handle(
    _ request: Request, context: ServiceRequestContext,
    next: (Request, ServiceRequestContext) async throws -> Response
  ) async throws -> Response {
    let start = ContinuousClock.now
    active.increment(by: 1)
    defer { active.decrement(by: 1) }
    let response = try await next(request, context)
    let duration = ContinuousClock.now - start
    let route = context.endpointPath.map { $0 == "NotFound" ? "unmatched" : $0 } ?? "unmatched"
    timer(Key(method: Self.label(request.method), route: route, status: response.status.code))
      .recordNanoseconds(duration.nanoseconds)
    log(request, response, route: route, duration: duration, context)
    return response
  }

  private func timer(_ key: Key) -> any TimerHandler {
    timers.withLock { timers in
      if let timer = timers[key] { return timer }
      let timer = factory.makeTimer(
        label: "http_server_request_duration_seconds",
        dimensions: [
          ("method", key.method), ("route", key.route), ("status", String(key.status)),
        ])
      timers[key] = timer
      return timer
    }
  }

  /// Callers can invent methods; labels must not follow them.
  private static func label(_ method: HTTPRequest.Method) -> String {
    let known: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .patch, .delete, .options]
    return known.contains(method) ? method.rawValue : "other"
  }

  private func log(
    _ request: Request, _ response: Response, route: String, duration: Duration,
    _ context: ServiceRequestContext
  ) {
    let status = response.status.code
    let level: Logger.Level = status < 400 ? .debug : status < 500 ? .info : .warning
    context.logger.log(
      level: level, "request",
      metadata: [
        "method": "\(request.method.rawValue)", "path": "\(request.uri.path)", "route": "\(route)",
        "status": "\(status)", "durationMs": "\(Double(duration.nanoseconds / 1000) / 1000)",
      ])
  }
}

extension Duration {
  var nanoseconds: Int64 {
    components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
  }
}
