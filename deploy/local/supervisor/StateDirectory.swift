import Foundation
import Glibc
import LocalServers

/// The folder `.local`: what the supervisor and the scripts `up` and `down` know of a running
/// installation.
///
///     run.json       where everything is, for programs; only while it runs
///     lock           held while it runs; names the supervisor
///     processes      one line for each process: id, start, name; only while it runs
///     ports          the ports that the services had last
///     jwt.key        the key that signs the tokens
///     logs/          one file for each process, the one of the run before with the suffix .1
///     postgres/      PostgreSQL's data; kafka/ that of a private broker
struct StateDirectory: Sendable {
  let path: String

  init(_ path: String) throws {
    self.path = URL(filePath: path).standardizedFileURL.path
    try FileManager.default.createDirectory(
      atPath: "\(self.path)/logs", withIntermediateDirectories: true)
  }

  var runFile: String { "\(path)/run.json" }
  var processesFile: String { "\(path)/processes" }
  var keyFile: String { "\(path)/jwt.key" }
  /// Names the folder of PostgreSQL's data where it could not be in here.
  var outsideDataFile: String { "\(path)/postgres-directory" }

  func log(_ name: String) -> String { "\(path)/logs/\(name).log" }

  /// Takes the lock for as long as this process lives; throws when another process holds it.
  func lock() throws {
    let descriptor = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw LocalServerError("cannot open \(path)/lock: \(String(cString: strerror(errno)))")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw LocalServerError("Sluice already runs here; stop it with deploy/local/down")
    }
    let line = "\(getpid())\n"
    guard ftruncate(descriptor, 0) == 0, Glibc.write(descriptor, line, line.utf8.count) > 0 else {
      throw LocalServerError("cannot write \(path)/lock")
    }
  }

  /// Keeps the logs of the run before under another name, so that new ones begin.
  func rotateLogs(_ names: [String]) {
    for name in names { _ = rename(log(name), "\(log(name)).1") }
  }

  /// Replaces `path` as a whole, for us alone to read.
  static func write(_ data: Data, to path: String) throws {
    let temporary = "\(path).new"
    try? FileManager.default.removeItem(atPath: temporary)
    guard
      FileManager.default.createFile(
        atPath: temporary, contents: data, attributes: [.posixPermissions: 0o600]),
      rename(temporary, path) == 0
    else {
      throw LocalServerError("cannot write \(path): \(String(cString: strerror(errno)))")
    }
  }

  /// Removes what an earlier run had to put elsewhere.
  func removeOutsideData() {
    guard let text = try? String(contentsOfFile: outsideDataFile, encoding: .utf8) else { return }
    let directory = text.trimmingCharacters(in: .newlines)
    try? FileManager.default.removeItem(atPath: directory)
    unlink(outsideDataFile)
  }

  /// The key that signs the tokens: 32 random bytes as base64url, made at the first start.
  func ensureKeyFile() throws {
    guard !FileManager.default.fileExists(atPath: keyFile) else { return }
    var generator = SystemRandomNumberGenerator()
    let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    let text = Data(bytes).base64EncodedString()
      .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    try Self.write(Data(text.utf8), to: keyFile)
  }

  /// The ports that the services had last, where they are still free, else free ones.
  func ports(for names: [String]) throws -> [String: Int] {
    let file = "\(path)/ports"
    let stored = FileManager.default.contents(atPath: file) ?? Data()
    let last = (try? JSONDecoder().decode([String: Int].self, from: stored)) ?? [:]
    var ports: [String: Int] = [:]
    for name in names {
      if let port = last[name], LoopbackPort.isFree(port) {
        ports[name] = port
      } else {
        var port = try LoopbackPort.free()
        while ports.values.contains(port) { port = try LoopbackPort.free() }
        ports[name] = port
      }
    }
    try Self.write(JSONEncoder().encode(ports), to: file)
    return ports
  }
}
