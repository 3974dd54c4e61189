import Foundation
import Glibc
import Subprocess
import SystemPackage

/// A program that runs beside us with its output in a log file, and that ends when we end, however
/// that comes about.
package final class ChildProcess: Sendable {
  /// What to run, and how.
  package struct Command: Sendable {
    /// A path; names are not looked up.
    package var executable: String
    package var arguments: [String]
    /// The whole environment of the process; nil inherits ours.
    package var environment: [String: String]?
    package var workingDirectory: String?
    /// Standard output and standard error are appended to this file.
    package var logPath: String
    /// The signal that asks the process to end.
    package var stopSignal: Int32
    /// Whom it runs as, when we are root; nil runs it as ourselves.
    package var account: UserAccount?

    package init(
      executable: String, arguments: [String] = [], environment: [String: String]? = nil,
      workingDirectory: String? = nil, logPath: String, stopSignal: Int32 = SIGTERM,
      account: UserAccount? = nil
    ) {
      self.executable = executable
      self.arguments = arguments
      self.environment = environment
      self.workingDirectory = workingDirectory
      self.logPath = logPath
      self.stopSignal = stopSignal
      self.account = account
    }

    fileprivate var line: [String] {
      account?.commandLine(executable, arguments) ?? [executable] + arguments
    }
  }

  package let command: Command
  /// Where this process's output begins in the log file, in bytes.
  private let logStart: Int64
  private let process: DetachedProcess

  package var identity: ProcessIdentity { process.identity }
  package var processID: Int32 { process.identity.processID }
  package var isRunning: Bool { process.exitStatus == nil }
  /// How it ended; nil while it runs.
  package var exitStatus: ProcessTermination? { process.exitStatus }

  /// Returns when the process exists; whether it does its work is for the caller to find out.
  package init(_ command: Command) async throws {
    guard access(command.executable, X_OK) == 0 else {
      throw LocalServerError("there is no program \(command.executable)")
    }
    self.command = command
    let log = try FileDescriptor.open(
      FilePath(command.logPath), .writeOnly, options: [.append, .create, .closeOnExec],
      permissions: [.ownerReadWrite])
    logStart = try log.seek(offset: 0, from: .end)
    // The shell waits for a line before it becomes the program: when we die before the watchdog knows
    // of it, it reads the end of the pipe instead and is gone.
    var options = PlatformOptions()
    options.createSession = true
    let configuration = Configuration(
      executable: .path("/bin/sh"),
      arguments: Arguments(
        ["-c", "read -r go && exec \"$@\" </dev/null", "sh"] + command.line),
      environment: command.environment.map(Environment.init(exactly:)) ?? .inherit,
      workingDirectory: command.workingDirectory.map { FilePath($0) },
      platformOptions: options)
    process = try await DetachedProcess { started in
      try await run(
        configuration, input: .inputWriter,
        output: .fileDescriptor(log, closeAfterSpawningProcess: true),
        error: .combinedWithOutput
      ) { execution in
        let identity = try execution.processIdentifier.identity(of: command.executable)
        try await Watchdog.shared.end(identity, signal: command.stopSignal)
        _ = try await execution.standardInputWriter.write("go\n")
        try await execution.standardInputWriter.finish()
        started(identity)
      }.terminationStatus
    }
  }

  /// Sends a signal; nothing happens when the process has ended.
  package func signal(_ signal: Int32) {
    if isRunning { kill(processID, signal) }
  }

  /// Returns when the process has ended.
  @discardableResult
  package func wait() async throws -> ProcessTermination {
    try await process.wait()
  }

  /// Asks the process to end, kills it when it has not ended after `grace`, and returns when it is
  /// gone. A cancelled caller does not shorten the grace.
  @discardableResult
  package func terminate(grace: Duration = .seconds(10)) async throws -> ProcessTermination {
    try await Task.detached {
      self.signal(self.command.stopSignal)
      let ended = try await poll(timeout: grace) { self.exitStatus }
      if ended == nil { self.signal(SIGKILL) }
      return try await self.wait()
    }.value
  }

  /// The first whole line of output that `isWanted` accepts. Fails with the last lines of the log when
  /// the process ends or `timeout` passes before.
  package func logLine(
    timeout: Duration, where isWanted: (Substring) -> Bool
  ) async throws -> String {
    let line = try await poll(timeout: timeout) { () -> String? in
      let running = self.isRunning
      if let line = self.output().split(separator: "\n").first(where: isWanted) {
        return String(line)
      }
      if !running { throw self.failure("ended with \(self.exitStatus!)") }
      return nil
    }
    guard let line else { throw failure("was not ready after \(timeout)") }
    return line
  }

  /// An error that names the program and ends with the last lines of its log.
  package func failure(_ what: String) -> LocalServerError {
    let name = command.executable.split(separator: "/").last ?? ""
    let lines = output().split(separator: "\n").suffix(20).joined(separator: "\n  ")
    return LocalServerError("\(name) \(what); its log \(command.logPath) ends with:\n  \(lines)")
  }

  /// What this process has written so far, without an unfinished last line.
  private func output() -> String {
    guard let file = FileHandle(forReadingAtPath: command.logPath) else { return "" }
    defer { try? file.close() }
    guard (try? file.seek(toOffset: UInt64(logStart))) != nil,
      let data = try? file.readToEnd(), let end = data.lastIndex(of: UInt8(ascii: "\n"))
    else { return "" }
    return String(decoding: data[...end], as: UTF8.self)
  }
}
