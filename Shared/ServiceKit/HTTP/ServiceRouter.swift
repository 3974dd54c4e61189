package import CoreMetrics
package import Hummingbird

/// Bounds of every request.
package struct ServiceRouterOptions: Sendable {
  /// Most bytes of a body.
  package var bodyLimit: Int
  /// Time for an answer to begin; streams may go on for longer.
  package var timeout: Duration

  package init(bodyLimit: Int = 1 << 20, timeout: Duration = .seconds(30)) {
    self.bodyLimit = bodyLimit
    self.timeout = timeout
  }
}

/// A router whose routes get the trace context, access log, metrics, problem rendering, time-out
/// and body limit. Serve it with ``HTTPServer`` or, in a test, with ``makeResponder(_:)``.
///
/// - Parameter metrics: where the figures go; the process-wide factory unless told.
package func makeServiceRouter(
  options: ServiceRouterOptions = ServiceRouterOptions(), metrics: (any MetricsFactory)? = nil
) -> Router<ServiceRequestContext> {
  let router = Router(
    context: ServiceRequestContext.self, options: .autoGenerateHeadEndpoints)
  router.add(middleware: TraceMiddleware())
  router.add(middleware: RequestMetricsMiddleware(factory: metrics ?? MetricsSystem.factory))
  router.add(middleware: ProblemMiddleware())
  router.add(middleware: DeadlineMiddleware(limit: options.timeout))
  router.add(middleware: BodyLimitMiddleware(limit: options.bodyLimit))
  return router
}

/// Ends the set-up of a router: from here on an unknown path is a 404 and a known path with
/// another method a 405. The router must not be changed afterwards.
package func makeResponder(
  _ router: Router<ServiceRequestContext>
) -> RouterResponder<ServiceRequestContext> {
  // Added last, it stands before nothing but the router's own answer to unknown routes.
  router.add(middleware: UnmatchedRouteMiddleware(router.routes.map { ($0.path, $0.method) }))
  return router.buildResponder()
}
