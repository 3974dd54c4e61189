import Foundation
import Glibc
import Subprocess
import SystemPackage

/// The account that a server runs under when we are root: PostgreSQL refuses to run as root.
package struct UserAccount: Sendable {
  package let name: String
  let userID: uid_t
  let groupID: gid_t

  /// The account of PostgreSQL's Debian package, when we are root; nil when we are not, and servers
  /// run as ourselves.
  package static func forPostgres() throws -> UserAccount? {
    guard geteuid() == 0 else { return nil }
    guard let entry = getpwnam("postgres") else {
      throw LocalServerError(
        "PostgreSQL does not run as root and there is no user postgres to run it; "
          + "run: apt-get install postgresql")
    }
    return UserAccount(
      name: "postgres", userID: entry.pointee.pw_uid, groupID: entry.pointee.pw_gid)
  }

  /// Whether this account can enter `directory`, which a folder with closed parents does not allow.
  package func canEnter(_ directory: String) async throws -> Bool {
    let command = commandLine("/bin/sh", ["-c", "cd \"$1\" 2>/dev/null", "sh", directory])
    let result = try await run(
      .path(FilePath(command[0])), arguments: Arguments(Array(command.dropFirst())),
      workingDirectory: "/", output: .discarded)
    return result.terminationStatus.isSuccess
  }

  /// Gives `path` to this account, for it alone.
  func takeOver(_ path: String) throws {
    guard chown(path, userID, groupID) == 0, chmod(path, 0o700) == 0 else {
      throw LocalServerError("cannot give \(path) to \(name): \(String(cString: strerror(errno)))")
    }
  }

  /// The words that run a program under this account. A program does the change of user: Subprocess
  /// would do it between fork and exec, where glibc's setuid waits for threads that are not there.
  func commandLine(_ executable: String, _ arguments: [String]) -> [String] {
    [
      "/usr/bin/setpriv", "--reuid=\(userID)", "--regid=\(groupID)", "--clear-groups", "--",
      executable,
    ]
      + arguments
  }
}
