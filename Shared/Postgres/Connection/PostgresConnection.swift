internal import CPostgres
internal import Logging

/// One connection and its thread. Connects when first used and, where `reconnects` says so, again
/// after the connection was lost.
actor PostgresConnection {
  private let configuration: PostgresConfiguration
  private let reconnects: Bool
  private let logger: Logger
  private let executor: ConnectionExecutor
  private var wire: Wire?
  private var hasConnected = false
  private var isClosed = false

  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  init(_ configuration: PostgresConfiguration, reconnects: Bool, logger: Logger) {
    self.configuration = configuration
    self.reconnects = reconnects
    self.logger = logger
    self.executor = ConnectionExecutor(label: "postgres.\(configuration.applicationName)")
  }

  /// One statement outside a transaction.
  func run(
    _ sql: String, _ values: [(any PostgresEncodable)?]
  ) throws(PostgresError) -> ResultHandle {
    let wire = try connected()
    defer { settle(wire) }
    do {
      return try wire.run(sql, values)
    } catch {
      // The statement commits by itself, so that it shares COMMIT's uncertainty unless it reads.
      guard case .connectionLost = error.code, !isRead(sql) else { throw error }
      throw PostgresError(.commitUnknown, error.message, sqlState: error.sqlState)
    }
  }

  func transaction<Result: Sendable>(
    _ mode: TransactionMode,
    _ body: @Sendable (borrowing PostgresTransaction) throws -> Result
  ) throws -> Result {
    let wire = try begin(mode)
    defer { settle(wire) }
    let result: Result
    do {
      result = try body(PostgresTransaction(wire))
      if wire.hasExpectations { try wire.flush() }
      // The body may have swallowed it.
      if let refusal = wire.refusal { throw refusal }
    } catch {
      let refusal = wire.refusal
      wire.rollback()
      throw refusal ?? error
    }
    try wire.commit()
    return result
  }

  /// Ends the connection; every later call fails.
  func close() {
    isClosed = true
    wire = nil
  }

  /// BEGIN also finds out whether an idle connection still stands: nothing was done yet, so that a
  /// new connection may take its place.
  private func begin(_ mode: TransactionMode) throws(PostgresError) -> Wire {
    let first = try connected()
    do {
      try first.runSimple(mode.begin)
      return first
    } catch {
      settle(first)
      guard reconnects, case .connectionLost = error.code else { throw error }
    }
    let second = try connected()
    do {
      try second.runSimple(mode.begin)
      return second
    } catch {
      settle(second)
      throw error
    }
  }

  private func connected() throws(PostgresError) -> Wire {
    guard !isClosed else { throw PostgresError(.closed, "the connection has been closed") }
    if let wire, wire.isAlive { return wire }
    if hasConnected {
      if wire != nil { logger.warning("lost an idle connection to PostgreSQL") }
      wire = nil
      guard reconnects else {
        throw PostgresError(.connectionLost, "the session's connection is gone")
      }
    }
    let new = try Wire(configuration)
    logger.debug("connected to PostgreSQL", metadata: ["to": "\(configuration)"])
    hasConnected = true
    wire = new
    return new
  }

  /// After each use: leaves the connection outside any transaction, or drops it.
  private func settle(_ used: Wire) {
    if !used.isBroken { used.rollback() }
    guard used.isBroken, wire === used else { return }
    logger.warning("lost a connection to PostgreSQL", metadata: ["to": "\(configuration)"])
    wire = nil
  }
}

/// Whether a statement only reads, as far as its first word tells; others count as writing.
func isRead(_ sql: String) -> Bool {
  let word = sql.drop(while: \.isWhitespace).prefix(while: \.isLetter).lowercased()
  return ["select", "show", "values", "table"].contains(word)
}
