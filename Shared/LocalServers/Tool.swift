import Foundation
import Subprocess
import SystemPackage

/// A program that we run to its end.
package enum Tool {
  /// Runs it and returns what it wrote to standard output; when it fails, throws what it wrote.
  ///
  /// - Parameters:
  ///   - environment: the whole environment; nil inherits ours.
  ///   - input: what it reads from standard input.
  @discardableResult
  package static func run(
    _ executable: String, _ arguments: [String], environment: [String: String]? = nil,
    workingDirectory: String? = nil, account: UserAccount? = nil, input: String = ""
  ) async throws -> String {
    let result = try await Subprocess.run(
      configuration(executable, arguments, environment, workingDirectory, account),
      input: .string(input), output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
    guard result.terminationStatus.isSuccess else {
      throw LocalServerError(
        "\(executable) \(arguments.first ?? "") failed with \(ProcessTermination(result.terminationStatus)):\n"
          + result.standardOutput + result.standardError)
    }
    return result.standardOutput
  }

  /// Runs it on our own terminal.
  package static func runOnTerminal(
    _ executable: String, _ arguments: [String], environment: [String: String]? = nil
  ) async throws -> ProcessTermination {
    let result = try await Subprocess.run(
      configuration(executable, arguments, environment, nil, nil),
      output: .currentStandardOutput, error: .currentStandardError)
    return ProcessTermination(result.terminationStatus)
  }

  /// Runs it and hands over each line of its output as it comes.
  package static func run(
    _ executable: String, _ arguments: [String], environment: [String: String]? = nil,
    forEachLine body: @escaping @Sendable (String) -> Void
  ) async throws -> ProcessTermination {
    let result = try await Subprocess.run(
      configuration(executable, arguments, environment, nil, nil),
      input: .none, output: .sequence, error: .combinedWithOutput
    ) { execution in
      for try await line in execution.standardOutput.strings() {
        body(line.trimmingCharacters(in: .newlines))
      }
    }
    return ProcessTermination(result.terminationStatus)
  }

  private static func configuration(
    _ executable: String, _ arguments: [String], _ environment: [String: String]?,
    _ workingDirectory: String?, _ account: UserAccount?
  ) -> Configuration {
    let line = account?.commandLine(executable, arguments) ?? [executable] + arguments
    return Configuration(
      executable: .path(FilePath(line[0])), arguments: Arguments(Array(line.dropFirst())),
      environment: environment.map(Environment.init(exactly:)) ?? .inherit,
      workingDirectory: workingDirectory.map { FilePath($0) })
  }
}
