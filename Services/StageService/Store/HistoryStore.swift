import Contracts
import Messaging
import Postgres

/// The system of record, read side.
struct HistoryStore: Sendable {
  let pool: PostgresPool

  /// The events of one deal behind `after`, in order.
  func events(
    of id: EntityID, after: EventPosition?, limit: Int
  ) async throws -> [StageEvent] {
    try await pool.query(
      """
      SELECT event_id, type, data FROM history
      WHERE opportunity_id = $1 AND (epoch, sequence) > ($2, $3)
      ORDER BY epoch, sequence LIMIT $4
      """, id, after?.epoch ?? 0, after?.sequence ?? 0, limit
    ).map { try HistoryStore.read($0) }
  }

  /// All events of one deal in order.
  func events(of id: EntityID) async throws -> [StageEvent] {
    try await pool.query(HistoryStore.whole, id).map { try HistoryStore.read($0) }
  }

  static func events(
    of id: EntityID, in transaction: borrowing PostgresTransaction
  ) throws -> [StageEvent] {
    try transaction.query(whole, id).map { try read($0) }
  }

  private static let whole = """
    SELECT event_id, type, data FROM history
    WHERE opportunity_id = $1 ORDER BY epoch, sequence
    """

  /// The deal as it was at a business time.
  func state(of id: EntityID, asOf: Instant) async throws -> Opportunity? {
    Opportunity(try await events(of: id), asOf: asOf)
  }

  /// Every event of every deal behind the cursor, in commit-safe order: a transaction that is still
  /// under way is not passed by. An opportunity's events may stand out of order where transactions
  /// overlapped; `sequence` tells.
  func feed(after cursor: FeedCursor?, limit: Int) async throws -> [FeedItem] {
    try await pool.query(
      """
      SELECT event_id, type, data, transaction::text::bigint, position FROM history
      WHERE (transaction, position) > ($1::bigint::text::xid8, $2)
        AND transaction < pg_snapshot_xmin(pg_current_snapshot())
      ORDER BY transaction, position LIMIT $3
      """, cursor?.transaction ?? 0, cursor?.position ?? 0, limit
    ).map { row in
      FeedItem(
        event: try HistoryStore.read(row),
        cursor: FeedCursor(
          transaction: try row.decode(3, as: Int64.self),
          position: try row.decode(4, as: Int64.self)))
    }
  }

  private static func read(_ row: PostgresRow) throws -> StageEvent {
    let type = try row.decode(1, as: String.self)
    guard let type = StageEventType(rawValue: type) else {
      throw MessageFailure(.invalidData, "the history has an event of the unknown type \(type)")
    }
    return StageEvent(
      id: try row.decode(0, as: EntityID.self), type: type,
      data: try JSONCoding.decode(
        StageEventData.self, from: try row.decode(2, as: PostgresJSON.self).bytes))
  }
}

struct FeedItem: Sendable {
  let event: StageEvent
  let cursor: FeedCursor
}

/// A place in the feed; on the wire `<transaction>-<position>`.
struct FeedCursor: Hashable, Sendable, LosslessStringConvertible {
  var transaction: Int64
  var position: Int64

  init(transaction: Int64, position: Int64) {
    self.transaction = transaction
    self.position = position
  }

  init?(_ description: String) {
    let parts = description.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let transaction = Int64(parts[0]), let position = Int64(parts[1]),
      transaction >= 0, position >= 0
    else { return nil }
    self.init(transaction: transaction, position: position)
  }

  var description: String { "\(transaction)-\(position)" }
}
