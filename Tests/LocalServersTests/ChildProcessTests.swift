import Foundation
import Glibc
import LocalServers
import Testing

@Suite struct ChildProcessTests {
  @Test func tellsHowItEnded() async throws {
    try await withTemporaryFolder { folder in
      let exited = try await shell("exit 7", in: folder)
      #expect(try await exited.wait() == .exited(7))
      #expect(!exited.isRunning)
      #expect(exited.exitStatus == .exited(7))

      let killed = try await shell("kill -USR1 $$", in: folder)
      #expect(try await killed.wait() == .signalled(SIGUSR1))
    }
  }

  @Test func startsWithDefaultSignalsAndItsOwnEnvironment() async throws {
    // A signal that we ignore would otherwise be ignored by every child.
    signal(SIGUSR2, SIG_IGN)
    try await withTemporaryFolder { folder in
      var command = shellCommand("echo \"[$ONE] [$HOME]\"; kill -USR2 $$", in: folder)
      command.environment = ["ONE": "1"]
      let process = try await ChildProcess(command)
      #expect(try await process.wait() == .signalled(SIGUSR2))
      let log = try String(contentsOfFile: command.logPath, encoding: .utf8)
      #expect(log == "[1] []\n")
    }
  }

  @Test func readsItsOwnOutputOnly() async throws {
    try await withTemporaryFolder { folder in
      let first = try await shell("echo ready one; echo more >&2", in: folder)
      _ = try await first.wait()
      let second = try await shell("echo noise; echo ready two; exec sleep 100", in: folder)
      let line = try await second.logLine(timeout: .seconds(20)) { $0.hasPrefix("ready") }
      #expect(line == "ready two")
      try await second.terminate()
      let log = try String(contentsOfFile: second.command.logPath, encoding: .utf8)
      #expect(log == "ready one\nmore\nnoise\nready two\n")
    }
  }

  @Test func waitingForALineEndsWithTheProcess() async throws {
    try await withTemporaryFolder { folder in
      let process = try await shell("echo no space left; exit 3", in: folder)
      let error = await #expect(throws: LocalServerError.self) {
        try await process.logLine(timeout: .seconds(20)) { $0.hasPrefix("ready") }
      }
      #expect(error?.description.contains("exit code 3") == true)
      #expect(error?.description.contains("no space left") == true)
    }
  }

  @Test func terminationAsksFirst() async throws {
    try await withTemporaryFolder { folder in
      let polite = try await shell("trap 'exit 5' TERM; echo up; \(idle)", in: folder)
      _ = try await polite.logLine(timeout: .seconds(20)) { $0 == "up" }
      #expect(try await polite.terminate() == .exited(5))

      let stubborn = try await shell("trap '' TERM; echo deaf; \(idle)", in: folder)
      _ = try await stubborn.logLine(timeout: .seconds(20)) { $0 == "deaf" }
      #expect(try await stubborn.terminate(grace: .milliseconds(100)) == .signalled(SIGKILL))
      // Nothing happens to what is gone.
      stubborn.signal(SIGTERM)
    }
  }

  @Test func aMissingProgramIsNamed() async throws {
    let error = await #expect(throws: LocalServerError.self) {
      try await ChildProcess(.init(executable: "/nowhere/program", logPath: "/dev/null"))
    }
    #expect(error?.description == "there is no program /nowhere/program")
  }

  @Test func aCancelledWaitReturnsAndTheProcessStays() async throws {
    try await withTemporaryFolder { folder in
      let process = try await shell("exec sleep 100", in: folder)
      let waiting = Task { try await process.wait() }
      waiting.cancel()
      await #expect(throws: CancellationError.self) { try await waiting.value }
      #expect(process.isRunning)
      try await process.terminate()
    }
  }

  /// Spawning must not depend on what the other threads of this process hold.
  @Test func manyStartAtOnce() async throws {
    try await withTemporaryFolder { folder in
      try await withThrowingTaskGroup(of: ProcessTermination.self) { group in
        for code in 0..<40 {
          group.addTask { try await shell("exit \(code)", in: folder).wait() }
        }
        var seen: Set<ProcessTermination> = []
        for try await status in group { seen.insert(status) }
        #expect(seen == Set((0..<40).map { .exited($0) }))
      }
    }
  }
}

/// Waits in short steps, since a trap runs between commands only.
private let idle = "while :; do sleep 0.1; done"

private func shellCommand(_ script: String, in folder: String) -> ChildProcess.Command {
  .init(executable: "/bin/bash", arguments: ["-c", script], logPath: "\(folder)/log")
}

private func shell(_ script: String, in folder: String) async throws -> ChildProcess {
  try await ChildProcess(shellCommand(script, in: folder))
}
