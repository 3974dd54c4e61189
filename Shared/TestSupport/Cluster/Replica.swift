import Foundation
import Glibc
package import LocalServers
import Synchronization

/// Which of the services a process is.
package enum ServiceKind: String, Sendable, CaseIterable {
  case stageService = "stage-service"
  case activityIngest = "activity-ingest"
  case forecasting
  case notifier
}

/// One process of a service. It keeps its ports over restarts.
package final class Replica: Sendable {
  package let kind: ServiceKind
  package let name: String
  package let url: String
  package let adminURL: String
  package let logPath: String

  private struct State {
    var process: ChildProcess?
    var ends: [ProcessTermination] = []
    var keeper: Task<Void, any Error>?
  }
  private let environment: [String: String]
  private let client: APIClient
  private let state = Mutex(State())

  package init(
    _ kind: ServiceKind, number: Int, environment: [String: String], directory: String,
    client: APIClient
  ) throws {
    self.kind = kind
    self.client = client
    name = "\(kind.rawValue)-\(number)"
    logPath = "\(directory)/\(name).log"
    let (http, admin) = (try Ports.next(), try Ports.next())
    url = "http://127.0.0.1:\(http)"
    adminURL = "http://127.0.0.1:\(admin)"
    self.environment = environment.merging([
      "SLUICE_HTTP_ADDRESS": "127.0.0.1:\(http)", "SLUICE_ADMIN_ADDRESS": "127.0.0.1:\(admin)",
    ]) { $1 }
  }

  /// How its processes have ended so far.
  package var ends: [ProcessTermination] { state.withLock { $0.ends } }

  package var processID: Int32 { get throws { try process.processID } }

  private var process: ChildProcess {
    get throws {
      guard let process = state.withLock({ $0.process }) else {
        throw CheckFailure("\(name) was never started")
      }
      return process
    }
  }

  /// - Parameter failPoint: where the process is to kill itself, as `<name>[:<n>]`.
  package func start(failPoint: String? = nil) async throws {
    var environment = environment
    environment["SLUICE_FAIL_POINT"] = failPoint
    let process = try await ChildProcess(
      .init(
        executable: Executables.path(kind.rawValue), environment: environment, logPath: logPath))
    state.withLock { $0.process = process }
  }

  /// From now on a process that dies is started again, without a fail point, until `terminate`.
  package func restartAutomatically() {
    let keeper = Task {
      while true {
        let end = try await self.process.wait()
        try Task.checkCancellation()
        self.state.withLock { $0.ends.append(end) }
        try await self.start()
      }
    }
    state.withLock { $0.keeper = keeper }
  }

  package func isReady() async -> Bool { await client.status(of: "\(adminURL)/readyz") == 200 }

  package func waitUntilReady(within limit: Duration = .seconds(60)) async throws {
    try await eventually(within: limit, "\(name) is ready") {
      if state.withLock({ $0.keeper }) == nil, let end = try process.exitStatus {
        throw try process.failure("ended with \(end)")
      }
      return await isReady()
    }
  }

  /// Returns when the process that runs now has ended by itself.
  package func wait(within limit: Duration = .seconds(60)) async throws -> ProcessTermination {
    let process = try process
    guard let end = try await poll(timeout: limit, { process.exitStatus }) else {
      throw process.failure("did not end within \(limit)")
    }
    return end
  }

  /// Ends it for good; one that needs more than ten seconds is killed.
  package func terminate() async throws -> ProcessTermination {
    let keeper = state.withLock { $0.keeper }
    keeper?.cancel()
    _ = try? await keeper?.value
    let end = try await process.terminate(grace: .seconds(10))
    state.withLock { $0.ends.append(end) }
    return end
  }

  package func signal(_ number: Int32) throws { try process.signal(number) }

  /// SIGSTOP: it holds its connections and memberships, and does nothing.
  package func pause() throws { try signal(SIGSTOP) }

  package func resume() throws { try signal(SIGCONT) }

  /// How many lines of its log hold all of these texts.
  package func logLines(with texts: String...) -> Int {
    text(of: logPath).split(separator: "\n")
      .count { line in texts.allSatisfy { line.contains($0) } }
  }
}
