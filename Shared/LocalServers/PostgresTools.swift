import Foundation
import Glibc

/// Where PostgreSQL's programs are on this machine.
package struct PostgresTools: Sendable {
  /// The folder that holds `initdb`, `postgres` and `pg_ctl`.
  package let directory: String

  package var initdb: String { "\(directory)/initdb" }
  package var postgres: String { "\(directory)/postgres" }
  package var psql: String { "\(directory)/psql" }

  /// The newest version of Debian's packages, else what the search path has.
  package static func find(
    searchPath: String = ProcessInfo.processInfo.environment["PATH"] ?? "",
    packages: String = "/usr/lib/postgresql"
  ) throws -> PostgresTools {
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: packages)) ?? []
    let newestFirst = versions.sorted {
      $0.compare($1, options: .numeric) == .orderedDescending
    }
    let candidates =
      newestFirst.map { "\(packages)/\($0)/bin" }
      + searchPath.split(separator: ":").map(String.init)
    guard let directory = candidates.first(where: isComplete) else {
      throw LocalServerError(
        "PostgreSQL's server programs are not on this machine; run: apt-get install postgresql")
    }
    return PostgresTools(directory: directory)
  }

  private static func isComplete(_ directory: String) -> Bool {
    ["initdb", "postgres", "psql"].allSatisfy { access("\(directory)/\($0)", X_OK) == 0 }
  }
}
