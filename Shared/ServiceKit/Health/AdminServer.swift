import CoreMetrics
import HTTPTypes
import Hummingbird
package import Logging
import ServiceLifecycle

/// `/livez`, `/readyz` and `/metrics`, on an address of their own.
package struct AdminServer: Service {
  private let server: HTTPServer

  package init(
    address: ListenAddress, readiness: Readiness, liveness: Liveness = Liveness(),
    registry: PrometheusRegistry, logger: Logger,
    onServerRunning: @escaping @Sendable (ListenAddress) async -> Void = { _ in }
  ) {
    // Probes are frequent and their figures of no interest: they go to a registry of their own.
    let router = makeServiceRouter(metrics: NOOPMetricsHandler.instance)
    router.get("livez") { _, _ in try Self.response(liveness.report()) }
    router.get("readyz") { _, _ in try await Self.response(readiness.report()) }
    router.get("metrics") { _, _ in
      Response(
        status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: registry.exposition())))
    }
    self.server = HTTPServer(
      name: "admin", address: address, router: router, logger: logger,
      onServerRunning: onServerRunning)
  }

  package func run() async throws { try await server.run() }

  private static func response(_ report: HealthReport) throws -> Response {
    try json(
      HealthBody(report), status: report.isHealthy ? .ok : .serviceUnavailable,
      headers: [.cacheControl: "no-store"])
  }
}

/// `{"status":"ok","checks":[{"name":"postgres","status":"failing","reason":"…"}]}`
private struct HealthBody: Encodable {
  struct Check: Encodable {
    let name: String
    let status: String
    let reason: String?
  }

  let status: String
  let checks: [Check]

  init(_ report: HealthReport) {
    status = report.isHealthy ? "ok" : "failing"
    checks = report.checks.map {
      switch $0.result {
      case .ok: Check(name: $0.name, status: "ok", reason: nil)
      case .failing(let reason): Check(name: $0.name, status: "failing", reason: reason)
      }
    }
  }
}
