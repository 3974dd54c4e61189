/// What went wrong between this process and PostgreSQL.
///
/// The description is safe to log: it holds SQLSTATE, the server's primary message and the names of
/// database objects, never a password, a parameter or a value of a row. (The server's DETAIL and
/// CONTEXT quote values, so they are not kept; a primary message that quotes one is redacted.)
package struct PostgresError: Error, Sendable, Hashable {
  package enum Code: Hashable, Sendable {
    /// The URL or a setting can't be used; no connection was tried.
    case invalidConfiguration
    /// No connection could be made. Nothing was sent.
    case connectionFailed
    /// The connection broke; nothing of the transaction it carried was committed.
    case connectionLost
    /// The server refused the statement; the connection lives on.
    case server(sqlState: String)
    /// The connection broke while a COMMIT, or a writing statement outside a transaction, was under
    /// way: it may or may not have taken effect. Look before doing it again.
    case commitUnknown
    /// COMMIT ended in a rollback, because the body swallowed the error of a statement or ended the
    /// transaction itself. Nothing was committed, unless the body committed.
    case transactionAborted
    /// No connection became free within the pool's `acquireTimeout`.
    case poolTimeout
    /// The task was cancelled while it waited for a connection.
    case cancelled
    /// The pool or the session has been closed.
    case closed
    /// A value of a result can't be read as the requested Swift type.
    case decoding
    /// The call can't be carried out as it was made (too many parameters, COPY where rows belong).
    case misuse
    /// A statement did not change as many rows as the caller said; the transaction throws the
    /// caller's own error instead.
    case unexpectedCount
    /// The schema doesn't fit the migrations of this program.
    case migrationRefused
  }

  package let code: Code
  /// The server's primary message, or ours. Free of values.
  package let message: String
  /// Also set on a lost connection whose server said why (for instance `57P01`).
  package let sqlState: String?
  /// The constraint, table that the server named in its error report.
  package let constraint: String?
  package let table: String?

  package init(
    _ code: Code, _ message: String, sqlState: String? = nil, constraint: String? = nil,
    table: String? = nil
  ) {
    self.code = code
    self.message = message
    if case .server(let state) = code {
      self.sqlState = state
    } else {
      self.sqlState = sqlState
    }
    self.constraint = constraint
    self.table = table
  }

  /// The same error, saying in front of its message where it happened.
  package func prefixed(_ context: String) -> PostgresError {
    PostgresError(
      code, "\(context): \(message)", sqlState: sqlState, constraint: constraint, table: table)
  }
}

extension PostgresError {
  /// True where nothing was committed and the same work may well succeed later: lost connections,
  /// serialization failures, deadlocks, a server that restarts or lacks resources. False for
  /// `commitUnknown`, whose effect must be looked up first.
  package var isRetriable: Bool {
    switch code {
    case .connectionFailed, .connectionLost, .poolTimeout: true
    case .server(let state): Self.isRetriable(sqlState: state) || isStalePlan
    case .invalidConfiguration, .commitUnknown, .transactionAborted, .cancelled, .closed, .decoding,
      .misuse, .unexpectedCount, .migrationRefused:
      false
    }
  }

  private static func isRetriable(sqlState: String) -> Bool {
    switch sqlState {
    case "40002",  // integrity constraint: the same rows fail again
      "08P01":  // malformed message: a value that doesn't fit its column in binary COPY
      false
    case "25006",  // read-only: connected to a standby after a failover
      "25P03",  // idle in transaction for too long
      "55P03",  // lock not available
      "57014",  // statement timeout
      "57P01", "57P02", "57P03", "57P05",  // shutdown, crash, starting up, idle session
      "58030":  // input/output error
      true
    default: ["08", "40", "53"].contains(sqlState.prefix(2))
    }
  }

  /// The server no longer has, or can no longer use, a statement that we prepared. Preparing it
  /// again helps; inside a transaction that means running the transaction again.
  var isStalePlan: Bool {
    sqlState == "26000"
      || (sqlState == "0A000" && message.contains("cached plan must not change result type"))
  }

  package var isUniqueViolation: Bool { sqlState == "23505" }
  package var isForeignKeyViolation: Bool { sqlState == "23503" }
  package var isCheckViolation: Bool { sqlState == "23514" }
  package var isSerializationFailure: Bool { sqlState == "40001" || sqlState == "40P01" }
}

extension PostgresError: CustomStringConvertible {
  package var description: String {
    var text = "PostgreSQL: "
    switch code {
    case .invalidConfiguration: text += "invalid configuration"
    case .connectionFailed: text += "no connection"
    case .connectionLost: text += "connection lost"
    case .server: text += "error"
    case .commitUnknown: text += "connection lost, it is unknown whether the change was committed"
    case .transactionAborted: text += "not committed"
    case .poolTimeout: text += "no free connection"
    case .cancelled: text += "cancelled"
    case .closed: text += "closed"
    case .decoding: text += "unexpected value"
    case .misuse: text += "misuse"
    case .unexpectedCount: text += "unexpected number of rows"
    case .migrationRefused: text += "migration refused"
    }
    if let sqlState { text += " \(sqlState)" }
    text += ": \(message)"
    if let constraint { text += " (constraint \(constraint))" }
    return text
  }
}
