import Contracts
import Postgres

/// Reads a table in the order of opportunities through a server-side cursor, a few thousand rows
/// at a time.
struct RowCursor<Row: LiveRow> {
  private let name: String
  private var buffer: [(opportunity: EntityID, row: Row)] = []
  private var next = 0
  private var isExhausted = false

  init(in transaction: borrowing PostgresTransaction) throws {
    name = "live_\(Row.check.rawValue)"
    try transaction.execute("DECLARE \(name) NO SCROLL CURSOR FOR \(Row.select)")
  }

  /// The opportunity of the next row; nil at the end.
  mutating func peek(in transaction: borrowing PostgresTransaction) throws -> EntityID? {
    if next == buffer.count, !isExhausted {
      let rows = try transaction.query("FETCH 5000 FROM \(name)")
      buffer = try rows.map { (try $0.decode(0), try Row($0)) }
      next = 0
      isExhausted = buffer.isEmpty
    }
    return next < buffer.count ? buffer[next].opportunity : nil
  }

  /// All rows of an opportunity, if it is the next one.
  mutating func take(
    _ opportunity: EntityID, in transaction: borrowing PostgresTransaction
  ) throws -> [Row] {
    var rows: [Row] = []
    while try peek(in: transaction) == opportunity {
      rows.append(buffer[next].row)
      next += 1
    }
    return rows
  }
}
