internal import CPostgres

/// Something that was sent in pipeline mode, to be answered in its turn.
enum PipelineItem {
  case preparation(of: String)
  case deallocation
  case statement(_ sql: String, Expectation?)

  struct Expectation {
    let rows: Int
    let refusal: any Error
  }
}

/// Statements that follow each other without waiting (libpq's pipeline mode): all of them cost one round
/// trip, and where they are large the server works on the first while the next is made ready. libpq
/// gathers small ones up to 64 KiB.
///
/// The connection stays in blocking mode: libpq reads and keeps what arrives while it waits until it
/// can write, so that large statements and large answers do not wait for each other.
extension Wire {
  /// Sends a statement whose answer is read later. The server may refuse it only then.
  func send(
    _ sql: String, _ values: [(any PostgresEncodable)?], _ expectation: PipelineItem.Expectation?
  ) throws(PostgresError) {
    try parameters.fill(values)
    if pipeline.isEmpty {
      guard transactionStatus != PQTRANS_IDLE else {
        throw PostgresError(.transactionAborted, "the body ended the transaction by itself")
      }
      try require(PQenterPipelineMode(connection))
    }
    let name: String
    switch statements.lookup(sql, types: parameters.types) {
    case .prepared(let known):
      name = known
    case .missing(let new, let types, let drop):
      if let drop {
        try require(
          PQsendQueryParams(connection, "DEALLOCATE \(drop)", 0, nil, nil, nil, nil, 1))
        pipeline.append(.deallocation)
      }
      try require(PQsendPrepare(connection, new, sql, Int32(types.count), types))
      pipeline.append(.preparation(of: sql))
      statements.insert(sql, name: new, types: types)
      name = new
    }
    try require(
      parameters.withPointers { count, values, lengths, formats in
        PQsendQueryPrepared(connection, name, count, values, lengths, formats, 1)
      })
    pipeline.append(.statement(sql, expectation))
  }

  /// Runs statements with one wait; the answers in their order. What was sent before is answered
  /// first.
  func runAll(
    _ statements: [(sql: String, values: [(any PostgresEncodable)?])]
  ) throws(PostgresError) -> [ResultHandle] {
    guard !statements.isEmpty else { return [] }
    for statement in statements { try send(statement.sql, statement.values, nil) }
    return Array(try answers().suffix(statements.count))
  }

  /// Waits until everything that was sent is answered. Behind the first statement that fails the
  /// server runs no other; its error is thrown.
  func flush() throws(PostgresError) {
    if !pipeline.isEmpty { _ = try answers() }
  }

  /// Whether an answer that is still to be read may be refused by the caller.
  var hasExpectations: Bool {
    pipeline.contains { item in
      if case .statement(_, .some) = item { true } else { false }
    }
  }

  /// Leaves nothing unanswered, whatever the answers are.
  func discard() {
    _ = try? flush()
    refusal = nil
  }

  private func answers() throws(PostgresError) -> [ResultHandle] {
    let items = pipeline
    pipeline = []
    guard PQpipelineSync(connection) == 1 else { throw lost() }
    var results: [ResultHandle] = []
    var failure: PostgresError?
    for item in items {
      let answer = answer()
      if failure != nil {
        PQclear(answer)
      } else {
        do throws(PostgresError) {
          let result = try check(answer)
          if case .statement(_, let expectation) = item {
            try compare(result, expectation)
            results.append(result)
          }
        } catch {
          failure = error
        }
      }
      if failure != nil { forget(item, failure) }
    }
    let synchronization = PQgetResult(connection)
    let isSynchronized = PQresultStatus(synchronization) == PGRES_PIPELINE_SYNC
    PQclear(synchronization)
    if !isSynchronized || PQexitPipelineMode(connection) != 1 {
      spoil()
      throw failure ?? lost()
    }
    if let failure { throw failure }
    return results
  }

  private func compare(
    _ result: ResultHandle, _ expectation: PipelineItem.Expectation?
  ) throws(PostgresError) {
    guard let expectation, result.affectedRows != expectation.rows else { return }
    refusal = expectation.refusal
    throw PostgresError(
      .unexpectedCount, "\(result.affectedRows) rows where \(expectation.rows) were expected")
  }

  /// A statement that was not prepared, or whose plan is stale.
  private func forget(_ item: PipelineItem, _ failure: PostgresError?) {
    switch item {
    case .preparation(let sql): statements.remove(sql)
    case .statement(let sql, _): if failure?.isStalePlan == true { statements.remove(sql) }
    case .deallocation: break
    }
  }

  private func require(_ success: Int32) throws(PostgresError) {
    guard success == 1 else { throw lost() }
  }

  /// What cannot be sent as it should leaves the connection in an unknown state.
  private func lost() -> PostgresError {
    let error = PostgresError(
      isBroken ? .connectionLost : .misuse, Wire.firstLine(PQerrorMessage(connection)))
    spoil()
    return error
  }
}
