/// An open transaction, lent to a synchronous body that runs on the connection's own thread. It can't
/// be copied or kept, and a body that can't suspend never holds locks while it waits for something
/// else.
package struct PostgresTransaction: ~Copyable {
  private let wire: Wire

  init(_ wire: Wire) { self.wire = wire }
}

extension PostgresTransaction {
  /// Runs one statement and returns its rows. `$1`, `$2`, … stand for the parameters; nil is NULL.
  package func query(
    _ sql: String, _ parameters: (any PostgresEncodable)?...
  ) throws(PostgresError) -> PostgresRows {
    try query(sql, parameters: parameters)
  }

  package func query(
    _ sql: String, parameters: [(any PostgresEncodable)?]
  ) throws(PostgresError) -> PostgresRows {
    PostgresRows(try wire.run(sql, parameters))
  }

  /// Runs one statement and returns how many rows it changed.
  @discardableResult
  package func execute(
    _ sql: String, _ parameters: (any PostgresEncodable)?...
  ) throws(PostgresError) -> Int {
    try execute(sql, parameters: parameters)
  }

  @discardableResult
  package func execute(
    _ sql: String, parameters: [(any PostgresEncodable)?]
  ) throws(PostgresError) -> Int {
    try wire.run(sql, parameters).affectedRows
  }

  /// Runs statements that do not need each other's answers, and waits for all of them once; their rows
  /// in the same order.
  package func query(
    all statements: [(sql: String, parameters: [(any PostgresEncodable)?])]
  ) throws(PostgresError) -> [PostgresRows] {
    try wire.runAll(statements.map { ($0.sql, $0.parameters) }).map { PostgresRows($0) }
  }

  /// Sends a statement and does not wait: the next one that is waited for, or the end of the
  /// transaction, tells whether it succeeded, and throws its error. What follows a statement that
  /// failed is not run.
  package func send(
    _ sql: String, _ parameters: (any PostgresEncodable)?...
  ) throws(PostgresError) {
    try send(sql, parameters: parameters)
  }

  package func send(
    _ sql: String, parameters: [(any PostgresEncodable)?]
  ) throws(PostgresError) {
    try wire.send(sql, parameters, nil)
  }

  /// - Parameters:
  ///   - rows: how many the statement must change.
  ///   - refusal: what the transaction throws where it changes another number.
  package func send(
    _ sql: String, parameters: [(any PostgresEncodable)?], expecting rows: Int,
    or refusal: any Error
  ) throws(PostgresError) {
    try wire.send(sql, parameters, .init(rows: rows, refusal: refusal))
  }

  /// Runs SQL text of any number of statements, without parameters; for migrations. It must not end
  /// the transaction.
  package func executeScript(_ sql: String) throws(PostgresError) {
    try wire.runSimple(sql)
    guard wire.isInTransaction else {
      throw PostgresError(.transactionAborted, "the script ended the transaction by itself")
    }
  }

  /// Runs a part that may fail without the whole: when it throws, what it did is undone, the
  /// transaction goes on and the error is passed on to be dealt with.
  package func savepoint<Result>(_ body: () throws -> Result) throws -> Result {
    try wire.runSimple("SAVEPOINT part")
    let result: Result
    do {
      result = try body()
      try wire.flush()
    } catch {
      let error = wire.refusal ?? error
      wire.discard()
      try wire.runSimple("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part")
      throw error
    }
    try wire.runSimple("RELEASE SAVEPOINT part")
    return result
  }

  /// Writes rows through `COPY … FROM STDIN (FORMAT binary)` and returns how many arrived. The
  /// columns must have exactly the types of the values. An error aborts the transaction.
  @discardableResult
  package func copyIn(
    _ sql: String, write: (inout PostgresCopyWriter) throws(PostgresError) -> Void
  ) throws(PostgresError) -> Int {
    var writer = try PostgresCopyWriter(wire, sql)
    do {
      try write(&writer)
    } catch {
      writer.abandon()
      throw error
    }
    return try writer.finish()
  }

  @discardableResult
  package func copyIn(
    _ sql: String, rows: some Sequence<[(any PostgresEncodable)?]>
  ) throws(PostgresError) -> Int {
    try copyIn(sql) { writer throws(PostgresError) in
      for row in rows { try writer.row(fields: row) }
    }
  }
}
