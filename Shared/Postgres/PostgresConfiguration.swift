internal import CPostgres

/// How to reach the database, and the settings every connection starts with.
package struct PostgresConfiguration: Sendable {
  /// As given, password included; read by `Wire` alone.
  let url: String
  let applicationName: String
  /// Values for `set_config`, applied once after connecting.
  let settings: [(name: String, value: String)]
  private let summary: String

  /// - Parameters:
  ///   - url: `postgres://user:password@host:port/database?…` or libpq's `key=value` form. Settings in
  ///     it (`connect_timeout`, `sslmode`, `target_session_attrs`, …) win over our defaults.
  ///   - applicationName: what `pg_stat_activity` shows.
  ///   - searchPath: the one schema of `search_path`; nil leaves the server's.
  ///   - statementTimeout: the server ends longer statements with SQLSTATE 57014.
  ///   - idleInTransactionTimeout: the server ends a connection that holds a transaction open and
  ///     says nothing, so that a process stopped in the middle does not keep its locks.
  package init(
    url: String, applicationName: String, searchPath: String? = nil,
    statementTimeout: Duration? = nil, idleInTransactionTimeout: Duration? = .seconds(15)
  ) throws(PostgresError) {
    self.url = url
    self.applicationName = applicationName
    self.summary = try Self.summarize(url, applicationName: applicationName)
    var settings: [(name: String, value: String)] = []
    if let searchPath { settings.append(("search_path", quoteIdentifier(searchPath))) }
    if let statementTimeout {
      settings.append(("statement_timeout", Self.milliseconds(statementTimeout)))
    }
    if let idleInTransactionTimeout {
      settings.append(
        ("idle_in_transaction_session_timeout", Self.milliseconds(idleInTransactionTimeout)))
    }
    self.settings = settings
  }

  private static func milliseconds(_ duration: Duration) -> String {
    "\(max(1, Int64(duration / .milliseconds(1))))"
  }

  /// Host, port, database and user of the URL. libpq's own message about a bad URL quotes all of it,
  /// so it is not shown.
  private static func summarize(
    _ url: String, applicationName: String
  ) throws(PostgresError) -> String {
    guard let options = PQconninfoParse(url, nil) else {
      throw PostgresError(
        .invalidConfiguration,
        "the database URL can't be read; it looks like postgres://user@host:5432/database")
    }
    defer { PQconninfoFree(options) }
    var parts: [String] = []
    var option = options
    while let keyword = option.pointee.keyword {
      let name = String(cString: keyword)
      if ["host", "hostaddr", "port", "dbname", "user"].contains(name),
        let value = option.pointee.val
      {
        parts.append("\(name)=\(String(cString: value))")
      }
      option += 1
    }
    return (parts + ["application_name=\(applicationName)"]).joined(separator: " ")
  }
}

extension PostgresConfiguration: CustomStringConvertible, CustomReflectable {
  package var description: String { summary }
  /// Keeps `dump` and debuggers from showing the URL.
  package var customMirror: Mirror { Mirror(self, children: ["summary": summary]) }
}

/// An identifier as SQL reads it back unchanged. For names that can't be bound as values.
package func quoteIdentifier(_ name: String) -> String {
  var quoted = "\""
  for character in name.unicodeScalars where character != "\0" {
    if character == "\"" { quoted += "\"" }
    quoted.unicodeScalars.append(character)
  }
  return quoted + "\""
}
