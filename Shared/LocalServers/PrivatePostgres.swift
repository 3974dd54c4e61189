import Foundation
import Glibc
package import Logging
import Synchronization

/// A PostgreSQL server of our own: on 127.0.0.1 with a free port, a database and an owner role both
/// named `sluice`, and a random password, since every user of the machine can reach the loopback.
///
/// It ends with this process, however this process ends. `stop`, `restart` and `kill9` are for one
/// caller at a time.
package final class PrivatePostgres: Sendable {
  package let port: Int
  /// `postgresql://sluice:PASSWORD@127.0.0.1:PORT/sluice`, good for as long as the object lives: a
  /// restart keeps port and password.
  package let url: String
  /// The server's output.
  package var logPath: String { cluster.log }

  private let cluster: PostgresCluster
  private let password: String
  private let settings: [String: String]
  private let logger: Logger
  private let server: Mutex<ChildProcess>

  /// The postmaster's process id.
  package var processID: Int32 { server.withLock { $0.processID } }
  package var identity: ProcessIdentity { server.withLock { $0.identity } }
  package var isRunning: Bool { server.withLock { $0.isRunning } }

  /// Starts a server and returns when it accepts connections.
  ///
  /// - Parameters:
  ///   - dataDirectory: where the data lives and stays; made where missing, taken up again where a
  ///     server of ours left it. Nil takes a temporary folder, which `stop` removes.
  ///   - settings: `postgresql.conf` settings beyond the defaults, for instance `["fsync": "off"]`.
  package static func start(
    dataDirectory: String? = nil, settings: [String: String] = [:], logger: Logger
  ) async throws -> PrivatePostgres {
    let cluster = try await PostgresCluster.prepare(
      dataDirectory, tools: try .find(), account: try .forPostgres())
    do {
      let password = try await cluster.passwordOfInitialized()
      return try await start(
        cluster, settings: settings, password: password, logger: logger)
    } catch {
      if cluster.isTemporary { cluster.remove() }
      throw error
    }
  }

  /// Ends the server the fast way: open transactions are rolled back, what was committed is on disk.
  package func stop() async {
    _ = try? await current.terminate()
    if cluster.isTemporary { cluster.remove() }
    logger.info("PostgreSQL has stopped", metadata: ["port": "\(port)"])
  }

  /// Ends the server, where it still runs, and starts it again on the same port with the same data.
  package func restart() async throws {
    try await current.terminate()
    let next = try await Self.launch(cluster, port: port, settings: settings)
    server.withLock { $0 = next }
    logger.info("PostgreSQL is up again", metadata: ["port": "\(port)"])
  }

  /// What a power cut does to it. `restart` brings it back.
  package func kill9() async throws {
    current.signal(SIGKILL)
    try await current.wait()
  }

  /// Returns when the server that runs now has ended.
  package func wait() async throws -> ProcessTermination {
    try await current.wait()
  }

  /// Runs SQL statements as the owner; on an error throws what psql says.
  package func run(sql: String) async throws {
    try await cluster.psql(sql, port: port, password: password)
  }

  private var current: ChildProcess { server.withLock { $0 } }

  private init(
    cluster: PostgresCluster, settings: [String: String], password: String, port: Int,
    server: ChildProcess, logger: Logger
  ) {
    self.cluster = cluster
    self.settings = settings
    self.port = port
    self.password = password
    self.url = "postgresql://sluice:\(password)@127.0.0.1:\(port)/sluice"
    self.server = Mutex(server)
    self.logger = logger
  }

  /// A port that was free may be taken by the time the server binds it: then another one.
  private static func start(
    _ cluster: PostgresCluster, settings: [String: String], password: String, logger: Logger
  ) async throws -> PrivatePostgres {
    var attempt = 1
    while true {
      let port = try LoopbackPort.free()
      do {
        let server = try await launch(cluster, port: port, settings: settings)
        logger.info(
          "PostgreSQL is up", metadata: ["port": "\(port)", "directory": "\(cluster.directory)"])
        return PrivatePostgres(
          cluster: cluster, settings: settings, password: password, port: port, server: server,
          logger: logger)
      } catch let error as LocalServerError
        where attempt < 5 && error.description.contains("Address already in use")
      {
        attempt += 1
      }
    }
  }

  private static func launch(
    _ cluster: PostgresCluster, port: Int, settings: [String: String]
  ) async throws -> ChildProcess {
    var options = settings
    options["listen_addresses"] = "127.0.0.1"
    options["port"] = "\(port)"
    options["unix_socket_directories"] = ""
    let arguments = options.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
    let command = ChildProcess.Command(
      executable: cluster.tools.postgres, arguments: ["-D", cluster.data] + arguments,
      workingDirectory: cluster.directory, logPath: cluster.log, stopSignal: SIGINT,
      account: cluster.account)
    // The sessions of a server that was killed outlive it for a moment and hold its shared memory.
    let deadline = ContinuousClock.now.advanced(by: .seconds(10))
    while true {
      let server = try await ChildProcess(command)
      do {
        let ready = try await poll(timeout: .seconds(120)) { () -> Bool? in
          cluster.isReady(processID: server.processID) ? true : server.isRunning ? nil : false
        }
        if ready == true { return server }
      } catch {
        _ = try? await server.terminate()
        throw error
      }
      let failure = server.failure(
        server.exitStatus.map { "ended with \($0)" } ?? "was not ready after two minutes")
      _ = try? await server.terminate()
      let isHeld = failure.description.contains("shared memory block")
      guard isHeld, ContinuousClock.now < deadline else { throw failure }
      try await Task.sleep(for: .milliseconds(50))
    }
  }
}
