import Foundation
import Glibc
import LocalServers

/// What the person at the terminal sees. When the installation runs detached, the same lines also go
/// to a log file, and from `detach` on to that file alone.
struct Console: Sendable {
  /// -1 without a log file.
  private let log: Int32

  init(logPath: String?) throws {
    guard let logPath else {
      log = -1
      return
    }
    log = open(logPath, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard log >= 0 else {
      throw LocalServerError("cannot open \(logPath): \(String(cString: strerror(errno)))")
    }
  }

  func say(_ text: String) {
    Self.write("\(text)\n", to: STDOUT_FILENO)
    if log >= 0 { Self.write("\(text)\n", to: log) }
  }

  /// Lets go of the terminal: who waits on our output reads its end.
  func detach() {
    guard log >= 0 else { return }
    let nothing = open("/dev/null", O_RDWR)
    dup2(nothing, STDIN_FILENO)
    dup2(nothing, STDOUT_FILENO)
    dup2(log, STDERR_FILENO)
    close(nothing)
  }

  private static func write(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      // The terminal may be gone; that is no reason to stop serving.
      if count <= 0 { return }
      bytes = bytes.dropFirst(count)
    }
  }
}
