import Foundation
import Glibc
import Testing

@testable import LocalServers

/// The watchdog's script, with its input closed as the death of its owner closes it.
@Suite struct WatchdogTests {
  @Test func endsWhatItKnowsNewestFirst() async throws {
    try await withTemporaryFolder { folder in
      let server = try await self.process("trap 'echo server; exit' TERM", in: folder)
      let service = try await self.process("trap 'echo service; exit' TERM", in: folder)
      try await runWatchdog([
        "directory \(folder)/gone",
        "process \(server.processID) \(server.identity.startTicks) \(SIGTERM)",
        "process \(service.processID) \(service.identity.startTicks) \(SIGTERM)",
      ])
      _ = try await (server.wait(), service.wait())
      let log = try String(contentsOfFile: "\(folder)/log", encoding: .utf8)
      #expect(log.hasSuffix("service\nserver\n"))
    }
  }

  @Test func removesFoldersButNoOthers() async throws {
    try await withTemporaryFolder { folder in
      for name in ["one", "two"] {
        try FileManager.default.createDirectory(
          atPath: "\(folder)/\(name)/inner", withIntermediateDirectories: true)
      }
      try await runWatchdog(["directory \(folder)/one"])
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["two"])
    }
  }

  @Test func leavesAnIdThatWasGivenAgainAlone() async throws {
    try await withTemporaryFolder { folder in
      let stranger = try await self.process("trap 'exit' TERM", in: folder)
      try await runWatchdog([
        "process \(stranger.processID) \(stranger.identity.startTicks - 1) \(SIGTERM)"
      ])
      #expect(stranger.isRunning)
      try await stranger.terminate()
    }
  }

  /// A process of ours, and what it started, when it is killed without a chance to clean up.
  @Test func nothingOutlivesItsOwner() async throws {
    try await withTemporaryFolder { folder in
      let script = """
        exec 4> >(exec /bin/sh -c "$SCRIPT")
        sleep 100 4>&- &
        read -r stat </proc/$!/stat
        set -- ${stat##*) }
        echo "process $! ${20} 15" >&4
        echo "started $!"
        wait
        """
      let owner = try await ChildProcess(
        .init(
          executable: "/bin/bash", arguments: ["-c", script],
          environment: ["SCRIPT": Watchdog.script, "PATH": "/usr/bin:/bin"],
          logPath: "\(folder)/log"))
      let line = try await owner.logLine(timeout: .seconds(20)) { $0.hasPrefix("started") }
      let child = try #require(ProcessIdentity(Int32(line.dropFirst(8))!))
      owner.signal(SIGKILL)
      try await owner.wait()
      let gone = try await poll(timeout: .seconds(20)) { child.isAlive ? nil : true }
      #expect(gone == true)
    }
  }

  private func process(_ trap: String, in folder: String) async throws -> ChildProcess {
    let script = "\(trap); echo up; while :; do sleep 0.1; done"
    let process = try await ChildProcess(
      .init(
        executable: "/bin/bash", arguments: ["-c", script], logPath: "\(folder)/log"))
    _ = try await process.logLine(timeout: .seconds(20)) { $0 == "up" }
    return process
  }

  private func runWatchdog(_ entries: [String]) async throws {
    try await Tool.run(
      "/bin/sh", ["-c", Watchdog.script], input: entries.map { "\($0)\n" }.joined())
  }
}
