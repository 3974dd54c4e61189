import Foundation
import Glibc
import SystemPackage

/// The files of one private PostgreSQL server:
///
///     cluster/     what initdb makes
///     password     of the role sluice
///     server.log
struct PostgresCluster: Sendable {
  let directory: String
  let isTemporary: Bool
  let tools: PostgresTools
  let account: UserAccount?

  var data: String { "\(directory)/cluster" }
  var log: String { "\(directory)/server.log" }
  private var passwordFile: String { "\(directory)/password" }

  /// Makes the folder where it is missing and gives it to the server's account.
  static func prepare(
    _ directory: String?, tools: PostgresTools, account: UserAccount?
  ) async throws -> PostgresCluster {
    let path: String
    if let directory {
      path = absolutePath(directory)
    } else {
      path = try await makeTemporaryDirectory(prefix: "sluice-postgres")
    }
    let cluster = PostgresCluster(
      directory: path, isTemporary: directory == nil, tools: tools, account: account)
    try FileManager.default.createDirectory(
      atPath: cluster.directory, withIntermediateDirectories: true)
    chmod(cluster.directory, 0o700)
    if let account {
      try account.takeOver(cluster.directory)
      guard try await account.canEnter(cluster.directory) else {
        throw LocalServerError(
          "user \(account.name), who runs PostgreSQL because root may not, cannot enter "
            + "\(cluster.directory): a folder above it is closed to others")
      }
    }
    return cluster
  }

  /// The password of role `sluice`, after the cluster was made where it is missing.
  func passwordOfInitialized() async throws -> String {
    if FileManager.default.fileExists(atPath: "\(data)/PG_VERSION") {
      try refuseWhileServed()
      return try String(contentsOfFile: passwordFile, encoding: .utf8)
    }
    let password = randomSecret()
    try write(password, to: passwordFile)
    // Under another name until it is whole, so that an interrupted start leaves nothing half-made.
    let unfinished = "\(directory)/cluster.unfinished"
    try? FileManager.default.removeItem(atPath: unfinished)
    try await runTool(
      tools.initdb,
      [
        "--pgdata", unfinished, "--username", "sluice", "--pwfile", passwordFile,
        "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8",
        "--no-instructions",
      ] + (isTemporary ? ["--no-sync"] : []))
    try await runTool(
      tools.postgres, ["--single", "-D", unfinished, "postgres"],
      input: "CREATE DATABASE sluice OWNER sluice\n")
    try FileManager.default.moveItem(atPath: unfinished, toPath: data)
    return password
  }

  func remove() {
    try? FileManager.default.removeItem(atPath: directory)
  }

  /// What the server that `processID` names says of itself in its lock file: `ready` once it accepts
  /// connections, as pg_ctl reads it.
  func isReady(processID: Int32) -> Bool {
    let lines = lockFile()
    return lines.count >= 8 && lines[0] == "\(processID)"
      && lines[7].trimmingCharacters(in: .whitespaces) == "ready"
  }

  /// Two servers on one folder destroy it. A lock file that a dead server left is none of our worry.
  private func refuseWhileServed() throws {
    guard let first = lockFile().first, let processID = Int32(first),
      ProcessIdentity(processID) != nil,
      let folder = try? FileManager.default.destinationOfSymbolicLink(
        atPath: "/proc/\(processID)/cwd"),
      folder == URL(filePath: data).resolvingSymlinksInPath().path
    else { return }
    throw LocalServerError("PostgreSQL with process id \(processID) already serves \(directory)")
  }

  private func lockFile() -> [String] {
    let text = try? String(contentsOfFile: "\(data)/postmaster.pid", encoding: .utf8)
    return text?.components(separatedBy: "\n") ?? []
  }

  private func write(_ text: String, to path: String) throws {
    let file = try FileDescriptor.open(
      FilePath(path), .writeOnly, options: [.create, .truncate, .closeOnExec],
      permissions: [.ownerReadWrite])
    _ = try file.closeAfter { try file.writeAll(text.utf8) }
    if let account { chown(path, account.userID, account.groupID) }
  }

  /// Statements go in by standard input and the password by the environment: what stands on a
  /// command line, every user of the machine can read.
  func psql(_ sql: String, port: Int, password: String) async throws {
    try await runTool(
      tools.psql,
      [
        "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", "\(port)", "-U", "sluice",
        "-d", "sluice", "-f", "-",
      ],
      environment: ["PGPASSWORD": password], input: sql)
  }

  private func runTool(
    _ path: String, _ arguments: [String], environment: [String: String] = [:], input: String = ""
  ) async throws {
    let environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    try await Tool.run(
      path, arguments, environment: environment, workingDirectory: directory, account: account,
      input: input)
  }
}

/// 24 random bytes as lower-case hexadecimal digits, from the system's generator.
package func randomSecret() -> String {
  var generator = SystemRandomNumberGenerator()
  return (0..<3).map { _ in
    let digits = String(generator.next(), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }.joined()
}
