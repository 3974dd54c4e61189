import Foundation
import NIOCore
import ServiceKit
import Synchronization
import Testing

@Suite struct HealthTests {
  private final class Flag: Sendable {
    private let value = Mutex(CheckResult.ok)
    var result: CheckResult {
      get { value.withLock { $0 } }
      set { value.withLock { $0 = newValue } }
    }
  }

  private func serving(
    _ readiness: Readiness, _ liveness: Liveness = Liveness(),
    _ registry: PrometheusRegistry = PrometheusRegistry(), _ body: (String) async throws -> Void
  ) async throws {
    let bound = Bound()
    let server = AdminServer(
      address: ListenAddress(host: "127.0.0.1", port: 0), readiness: readiness,
      liveness: liveness, registry: registry, logger: quiet, onServerRunning: bound.report)
    try await running([server]) { _ in try await body(try await bound.url) }
  }

  @Test func readinessTurnsRedAndGreenAgain() async throws {
    let readiness = Readiness(holds: .milliseconds(10))
    let database = Flag()
    readiness.register("kafka") { .ok }
    readiness.register("postgres") { database.result }
    try await serving(readiness) { url in
      let green = try await fetch(url + "/readyz")
      #expect(green.status == 200)
      #expect(try green.json["status"] as? String == "ok")

      database.result = .failing("connection refused")
      try await eventually("turns red") { try await fetch(url + "/readyz").status == 503 }
      let red = try await fetch(url + "/readyz")
      let checks = try #require(try red.json["checks"] as? [[String: String]])
      #expect(
        checks == [
          ["name": "kafka", "status": "ok"],
          ["name": "postgres", "status": "failing", "reason": "connection refused"],
        ])

      database.result = .ok
      try await eventually("turns green") { try await fetch(url + "/readyz").status == 200 }

      readiness.beginDraining()
      let draining = try await fetch(url + "/readyz")
      #expect(draining.status == 503)
      #expect(draining.text.contains("shutting down"))
    }
  }

  @Test func aStuckCheckFailsInTimeAndIsNotRunTwice() async throws {
    let readiness = Readiness(timeout: .milliseconds(20), holds: .zero)
    let runs = Mutex(0)
    let release = AsyncStream<Void>.makeStream()
    readiness.register("stuck") {
      runs.withLock { $0 += 1 }
      // Heeds no cancellation.
      await Task { for await _ in release.stream {} }.value
      return .ok
    }
    #expect(await readiness.report().checks[0].result != .ok)
    #expect(await readiness.report().checks[0].result != .ok)
    #expect(runs.withLock { $0 } == 1)
    release.continuation.finish()
    try await eventually("recovers") { await readiness.report().isHealthy }
  }

  @Test func aReportHoldsForAMoment() async {
    let readiness = Readiness(holds: .seconds(600))
    let runs = Mutex(0)
    readiness.register("counted") {
      runs.withLock { $0 += 1 }
      return .ok
    }
    for _ in 0..<5 { _ = await readiness.report() }
    #expect(runs.withLock { $0 } == 1)
  }

  @Test func livenessIsUpToTheWatchdogs() async throws {
    let liveness = Liveness()
    let loop = Flag()
    liveness.register("consumer") { loop.result }
    try await serving(Readiness(), liveness) { url in
      #expect(try await fetch(url + "/livez").status == 200)
      loop.result = .failing("no progress for 120 s")
      let dead = try await fetch(url + "/livez")
      #expect(dead.status == 503)
      #expect(dead.text.contains("no progress"))
      #expect(try await fetch(url + "/readyz").status == 200)
    }
  }

  @Test func metricsAreServed() async throws {
    try await serving(Readiness()) { url in
      let answer = try await fetch(url + "/metrics")
      #expect(answer.status == 200)
      #expect(answer.header("content-type") == ["text/plain; version=0.0.4; charset=utf-8"])
      #expect(try ExpositionPage(Array(answer.body)).value("process_threads") != nil)
      #expect(try await fetch(url + "/other").status == 404)
    }
  }
}
