internal import CPostgres

/// Owns one `PGconn`: the only place that talks through it, and frees it once.
///
/// Not thread-safe and not `Sendable`: it belongs to one `PostgresConnection` and is used on that
/// actor's executor only. All calls block until the server has answered.
final class Wire {
  let connection: OpaquePointer
  var statements = StatementCache(capacity: 256)
  var parameters = ParameterBuffer()
  /// What was sent and not answered yet; the connection is in pipeline mode while there is any.
  var pipeline: [PipelineItem] = []
  /// The caller's own error for an answer other than expected.
  var refusal: (any Error)?
  private let farewell = Farewell()
  /// Set when the protocol is in a state from which this class does not come back.
  private var isSpoiled = false

  init(_ configuration: PostgresConfiguration) throws(PostgresError) {
    guard let connection = Self.connect(configuration) else {
      throw PostgresError(.connectionFailed, "out of memory")
    }
    self.connection = connection
    guard PQstatus(connection) == CONNECTION_OK else {
      throw PostgresError(.connectionFailed, Self.firstLine(PQerrorMessage(connection)))
    }
    PQsetNoticeReceiver(
      connection, { context, notice in Farewell.receive(context, notice) },
      Unmanaged.passUnretained(farewell).toOpaque())
    let settings = configuration.settings
    guard !settings.isEmpty else { return }
    _ = try run(
      "SELECT set_config(name, value, false) FROM unnest($1, $2) AS setting (name, value)",
      [settings.map(\.name), settings.map(\.value)])
  }

  deinit { PQfinish(connection) }

  /// Settings before `dbname` are defaults that the URL may override; those after it are ours.
  private static func connect(_ configuration: PostgresConfiguration) -> OpaquePointer? {
    let settings: [(String, String)] = [
      ("connect_timeout", "5"), ("keepalives_idle", "10"), ("keepalives_interval", "5"),
      ("keepalives_count", "3"), ("tcp_user_timeout", "20000"),
      ("fallback_application_name", configuration.applicationName),
      ("dbname", configuration.url), ("client_encoding", "UTF8"),
    ]
    return withCStrings(settings.map(\.0)) { names in
      withCStrings(settings.map(\.1)) { values in PQconnectdbParams(names, values, 1) }
    }
  }

  var isBroken: Bool { isSpoiled || PQstatus(connection) != CONNECTION_OK }

  /// Whether an idle connection still stands, as far as can be told without asking the server:
  /// reads what has arrived meanwhile, which is where its end shows.
  var isAlive: Bool {
    guard !isBroken, PQconsumeInput(connection) == 1 else { return false }
    // Only parses what was read; an idle connection is never busy.
    _ = PQisBusy(connection)
    return !isBroken && !farewell.isReceived
  }

  /// Keeps the connection from being used again.
  func spoil() { isSpoiled = true }

  var transactionStatus: PGTransactionStatusType { PQtransactionStatus(connection) }

  /// Runs one statement, preparing it the first time. Binary parameters and results. What was sent
  /// before is answered first.
  func run(
    _ sql: String, _ values: [(any PostgresEncodable)?]
  ) throws(PostgresError) -> ResultHandle {
    if !pipeline.isEmpty { return try runAll([(sql, values)])[0] }
    try parameters.fill(values)
    do {
      return try runPrepared(sql)
    } catch {
      guard error.isStalePlan else { throw error }
      statements.remove(sql)
      // A transaction is aborted by now and only the caller can run it again.
      guard transactionStatus == PQTRANS_IDLE else { throw error }
      return try runPrepared(sql)
    }
  }

  private func runPrepared(_ sql: String) throws(PostgresError) -> ResultHandle {
    let name: String
    switch statements.lookup(sql, types: parameters.types) {
    case .prepared(let known):
      name = known
    case .missing(let new, let types, let drop):
      if let drop { try runSimple("DEALLOCATE \(drop)") }
      let sent = PQsendPrepare(connection, new, sql, Int32(types.count), types)
      _ = try check(sent == 1 ? answer() : nil)
      statements.insert(sql, name: new, types: types)
      name = new
    }
    let sent = parameters.withPointers { count, values, lengths, formats in
      PQsendQueryPrepared(connection, name, count, values, lengths, formats, 1)
    }
    return try check(sent == 1 ? answer() : nil)
  }

  /// Runs SQL text without parameters, several statements if need be, and returns the tag of the
  /// last (`COMMIT`, `ROLLBACK`, …).
  @discardableResult
  func runSimple(_ sql: String) throws(PostgresError) -> String {
    try flush()
    let result = try check(PQsendQuery(connection, sql) == 1 ? answer() : nil)
    return String(cString: PQcmdStatus(result.pointer))
  }

  /// Leaves the connection waiting for COPY's data.
  func beginCopy(_ sql: String) throws(PostgresError) {
    try flush()
    let answer = PQsendQuery(connection, sql) == 1 ? answer() : nil
    _ = try check(answer, expecting: PGRES_COPY_IN)
  }

  /// Waits for what the server answers to a statement that was sent: the last result, or the first
  /// error. (libpq's own loop keeps the last error, which after a server's farewell is only that the
  /// connection is gone.)
  func answer() -> OpaquePointer? {
    var kept: OpaquePointer?
    while let next = PQgetResult(connection) {
      let status = PQresultStatus(kept)
      if kept != nil, status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE {
        PQclear(next)
        continue
      }
      PQclear(kept)
      kept = next
      let isCopy = [PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH].contains(PQresultStatus(next))
      if isCopy { break }
    }
    return kept
  }

  /// Takes over the answer of a libpq call; an error report, or none at all, becomes an error.
  func check(_ answer: OpaquePointer?, expecting: ExecStatusType? = nil) throws(PostgresError)
    -> ResultHandle
  {
    guard let answer else {
      throw PostgresError(
        isBroken ? .connectionLost : .misuse, Self.firstLine(PQerrorMessage(connection)))
    }
    let result = ResultHandle(owning: answer)
    let status = PQresultStatus(answer)
    if status == expecting { return result }
    switch status {
    case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
      guard expecting == nil else { throw PostgresError(.misuse, "the statement is not a COPY") }
      return result
    case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
      isSpoiled = true
      throw PostgresError(.misuse, "COPY can only be run through copyIn, FROM STDIN")
    default:
      throw serverError(answer)
    }
  }

  private func serverError(_ answer: OpaquePointer) -> PostgresError {
    func field(_ code: Int32) -> String? {
      PQresultErrorField(answer, code).map { String(cString: $0) }
    }
    guard let sqlState = field(SLUICE_DIAG_SQLSTATE) else {
      // Without SQLSTATE the report is libpq's own.
      return PostgresError(
        isBroken ? .connectionLost : .misuse, Self.firstLine(PQresultErrorMessage(answer)))
    }
    let message = redacted(field(SLUICE_DIAG_MESSAGE) ?? "no message", sqlState: sqlState)
    let severity = field(SLUICE_DIAG_SEVERITY)
    if isBroken || severity == "FATAL" || severity == "PANIC" {
      isSpoiled = true
      return PostgresError(.connectionLost, message, sqlState: sqlState)
    }
    // A server that has become read-only is a standby now; the next connection finds the primary.
    if sqlState == "25006" { isSpoiled = true }
    return PostgresError(
      .server(sqlState: sqlState), message, constraint: field(SLUICE_DIAG_CONSTRAINT),
      table: field(SLUICE_DIAG_TABLE))
  }

  /// libpq's messages end in advice on further lines.
  static func firstLine(_ message: UnsafePointer<CChar>?) -> String {
    guard let message else { return "no message" }
    let text = String(cString: message)
    return text.split(whereSeparator: \.isNewline).first.map(String.init) ?? "no message"
  }
}

/// Hears the notices of one connection: libpq calls it on the connection's executor, while it reads
/// for `Wire`, which owns it and outlives those calls.
///
/// A fatal error that comes while no statement runs (shutdown, idle time-out, termination) arrives
/// this way. Everything else (WARNING, NOTICE, …) is dropped: it may quote values, and the errors of
/// statements don't come as notices.
private final class Farewell {
  private(set) var isReceived = false

  static func receive(_ context: UnsafeMutableRawPointer?, _ notice: OpaquePointer?) {
    guard let context, let severity = PQresultErrorField(notice, SLUICE_DIAG_SEVERITY) else {
      return
    }
    guard ["FATAL", "PANIC"].contains(String(cString: severity)) else { return }
    Unmanaged<Farewell>.fromOpaque(context).takeUnretainedValue().isReceived = true
  }
}

/// Errors about data (class 22) quote the offending value: `invalid input syntax for type integer:
/// "…"`. From the first quotation mark to the last it is cut out.
func redacted(_ message: String, sqlState: String) -> String {
  // 22021 quotes the name of the encoding and shows single bytes only.
  guard sqlState.hasPrefix("22"), sqlState != "22021",
    let first = message.firstIndex(of: "\""), let last = message.lastIndex(of: "\""), first < last
  else { return message }
  return message[...first] + "…" + message[last...]
}

/// A null-terminated array of C strings, valid during `body`.
private func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
  let copies = strings.map { string in
    let utf8 = string.utf8CString
    let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: utf8.count)
    _ = copy.initialize(from: utf8)
    return copy
  }
  defer { for copy in copies { copy.deallocate() } }
  let pointers = copies.map { UnsafePointer($0.baseAddress) } + [nil]
  return pointers.withUnsafeBufferPointer { pointers in
    guard let base = pointers.baseAddress else { preconditionFailure("never empty") }
    return body(base)
  }
}
