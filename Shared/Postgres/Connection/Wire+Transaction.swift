internal import CPostgres

package enum TransactionMode: Sendable {
  /// READ COMMITTED, PostgreSQL's default.
  case readWrite
  /// READ COMMITTED; the commit does not wait for the disk. A server that crashes may lose what it
  /// committed last (all or nothing of each transaction, and of none before it), so that this is for
  /// what can be done again.
  case readWriteDeferred
  /// READ COMMITTED; writing is an error.
  case readOnly
  /// Every statement sees the database as of the first one; writing is an error.
  case repeatableReadSnapshot

  var begin: String {
    switch self {
    case .readWrite: "BEGIN"
    case .readWriteDeferred: "BEGIN; SET LOCAL synchronous_commit = off"
    case .readOnly: "BEGIN READ ONLY"
    case .repeatableReadSnapshot: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    }
  }
}

extension Wire {
  /// Whether a transaction is open and has met no error.
  var isInTransaction: Bool { transactionStatus == PQTRANS_INTRANS }

  /// Ends a transaction whose body is done. Only a COMMIT that the server confirmed as such is a
  /// success: COMMIT in an aborted transaction answers ROLLBACK without an error, and COMMIT outside
  /// a transaction answers COMMIT.
  ///
  /// What was sent and not answered yet goes with it: the server runs no COMMIT behind a statement
  /// that failed.
  func commit() throws(PostgresError) {
    guard pipeline.isEmpty else { return try commitPipeline() }
    switch transactionStatus {
    case PQTRANS_INTRANS: break
    case PQTRANS_INERROR:
      rollback()
      throw PostgresError(
        .transactionAborted, "a statement failed and the body went on; rolled back")
    case PQTRANS_IDLE:
      throw PostgresError(.transactionAborted, "the body ended the transaction by itself")
    default:
      throw PostgresError(.connectionLost, "the connection broke before COMMIT")
    }
    let tag: String
    do {
      tag = try runSimple("COMMIT")
    } catch {
      guard case .connectionLost = error.code else { throw error }
      throw PostgresError(.commitUnknown, error.message, sqlState: error.sqlState)
    }
    guard tag == "COMMIT" else {
      throw PostgresError(.transactionAborted, "COMMIT was answered with \(tag)")
    }
  }

  private func commitPipeline() throws(PostgresError) {
    let results: [ResultHandle]
    do {
      results = try runAll([("COMMIT", [])])
    } catch {
      rollback()
      guard case .connectionLost = error.code else { throw error }
      throw PostgresError(.commitUnknown, error.message, sqlState: error.sqlState)
    }
    let tag = results.last.map { String(cString: PQcmdStatus($0.pointer)) } ?? ""
    guard tag == "COMMIT" else {
      throw PostgresError(.transactionAborted, "COMMIT was answered with \(tag)")
    }
  }

  /// Leaves no transaction open. A failure shows in `isBroken`.
  func rollback() {
    discard()
    switch transactionStatus {
    case PQTRANS_IDLE: break
    case PQTRANS_INTRANS, PQTRANS_INERROR:
      do { try runSimple("ROLLBACK") } catch { spoil() }
    default: spoil()
    }
  }
}
