import Foundation
import Glibc

/// The embedded broker (librdkafka's mock cluster) in a process of its own. It keeps everything in
/// memory, and is a new cluster at every start.
package final class EmbeddedKafkaProcess: Sendable {
  package let bootstrapServers: String
  /// Settings of librdkafka, by their own names, with which clients join and fetch faster here.
  package let clientSettings: [String: String]
  package var processID: Int32 { process.processID }
  package var identity: ProcessIdentity { process.identity }
  package var isRunning: Bool { process.isRunning }

  private let process: ChildProcess

  /// Starts the `embedded-kafka` program at the path `executable` and returns when it says where it
  /// listens. Every topic gets `partitions` partitions.
  package init(
    executable: String, topics: [String], partitions: Int = 12, logPath: String
  ) async throws {
    let process = try await ChildProcess(
      .init(
        executable: executable,
        arguments: topics.flatMap { ["--topic", "\($0):\(partitions)"] },
        logPath: logPath))
    do {
      let line = try await process.logLine(timeout: .seconds(30)) {
        $0.hasPrefix("{") && $0.contains("\"bootstrapServers\"")
      }
      let announcement = try JSONDecoder().decode(Announcement.self, from: Data(line.utf8))
      bootstrapServers = announcement.bootstrapServers
      clientSettings = announcement.clientSettings
    } catch {
      _ = try? await process.terminate()
      throw error
    }
    self.process = process
  }

  /// Cuts the broker off from its clients, as a network failure does, and joins it again; what it
  /// holds stays.
  package func setReachable(_ reachable: Bool) {
    process.signal(reachable ? SIGUSR2 : SIGUSR1)
  }

  /// Returns when the process has ended.
  package func wait() async throws -> ProcessTermination {
    try await process.wait()
  }

  package func stop() async {
    _ = try? await process.terminate()
  }

  private struct Announcement: Decodable {
    let bootstrapServers: String
    let clientSettings: [String: String]
  }
}
