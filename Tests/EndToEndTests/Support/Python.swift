import Foundation
import LocalServers
import TestSupport
import Testing

/// Runs the scripts of `Tests/Documents`, in the environment that `deploy/local/test` makes for them.
enum Python {
  /// Fails with all that the script wrote.
  static func run(
    _ script: String, _ arguments: [String], environment: [String: String] = [:]
  ) async throws {
    let log = FileManager.default.temporaryDirectory
      .appending(path: "sluice-\(script)-\(UUID().uuidString.prefix(8)).log").path
    defer { try? FileManager.default.removeItem(atPath: log) }
    let process = try await ChildProcess(
      .init(
        executable: TestPython.path ?? "python3",
        arguments: [Repository.path("Tests/Documents/\(script)")] + arguments,
        environment: Executables.environment.merging(environment) { $1 }, logPath: log))
    let end = try await process.wait()
    try check(
      end == .exited(0),
      "\(script) \(arguments.joined(separator: " ")) ended with \(end):\n\(text(of: log))")
  }
}

/// Files of this repository.
enum Repository {
  static func path(_ path: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../\(path)").standardizedFileURL.path
  }
}

extension Trait where Self == ConditionTrait {
  static var needsPython: Self {
    .enabled(if: TestPython.path != nil, "\(TestPython.absence)")
  }
}
