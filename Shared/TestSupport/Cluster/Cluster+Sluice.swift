import Foundation
package import LocalServers

/// How a run of the command line ended, and what it wrote.
package struct ToolResult: Sendable {
  package var arguments: [String]
  package var end: ProcessTermination
  package var output: String
  package var errors: String

  package func expect(_ end: ProcessTermination) throws {
    try check(
      self.end == end,
      "sluice \(arguments.joined(separator: " ")) ended with \(self.end), not \(end):\n"
        + output + errors)
  }
}

/// What `sluice verify --format json` says; differences only as far as they are shown.
package struct VerifyAnswer: Decodable {
  package var equal: Bool
  package var live: [String: Int]
  package var differences: [Difference]

  package struct Difference: Decodable {
    package var check: String
    package var kind: String
    package var `where`: String
    package var live: String?
    package var recomputed: String?
  }
}

extension Cluster {
  /// Runs the command line against this cluster.
  @discardableResult
  package func sluice(_ arguments: String...) async throws -> ToolResult {
    try await sluice(arguments)
  }

  package func sluice(_ arguments: [String]) async throws -> ToolResult {
    var environment = operatorEnvironment
    let output = "\(directory)/sluice-\(UUID().uuidString.prefix(8))"
    environment["ERRORS"] = "\(output).errors"
    let process = try await ChildProcess(
      .init(
        executable: "/bin/sh",
        arguments: ["-c", "exec \"$0\" \"$@\" 2>\"$ERRORS\"", try Executables.path("sluice")]
          + arguments,
        environment: environment, workingDirectory: directory, logPath: output))
    let end = try await process.wait()
    return ToolResult(
      arguments: arguments, end: end, output: text(of: output),
      errors: text(of: "\(output).errors"))
  }

  /// What the command line needs to find everything.
  package var operatorEnvironment: [String: String] {
    var environment = commonEnvironment
    environment["SLUICE_STAGE_SERVICE_URL"] = stageServices.first?.url
    environment["SLUICE_FORECASTING_URL"] = forecastings.first?.url
    environment["SLUICE_ACTIVITY_INGEST_URL"] = replicas(of: .activityIngest).first?.url
    environment["SLUICE_NOTIFIER_URL"] = replicas(of: .notifier).first?.url
    environment["SLUICE_TOKEN"] = token.isEmpty ? nil : token
    return environment
  }

  /// `sluice verify` must find everything equal.
  @discardableResult
  package func verify() async throws -> VerifyAnswer {
    let result = try await sluice("verify", "--format", "json", "--wait", "60")
    guard let answer = try? JSONDecoder().decode(VerifyAnswer.self, from: Data(result.output.utf8))
    else {
      try result.expect(.exited(0))
      throw CheckFailure("sluice verify did not answer in JSON: \(result.output)")
    }
    let shown = answer.differences.prefix(20).map {
      "\($0.check) \($0.kind) \($0.where): live \($0.live ?? "-"), recomputed \($0.recomputed ?? "-")"
    }
    try check(
      answer.equal, "sluice verify found differences:\n\(shown.joined(separator: "\n"))")
    try result.expect(.exited(0))
    return answer
  }
}
