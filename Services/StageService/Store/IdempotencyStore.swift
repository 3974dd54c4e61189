import Contracts
import Messaging
import Postgres

/// Makes of an outcome what the store keeps in the transaction that made it; nil where nothing is to be
/// kept.
typealias Keeping<Outcome> = @Sendable (Outcome) throws -> KeptAnswer?

/// Kept answers to requests with an Idempotency-Key.
struct IdempotencyStore: Sendable {
  static let keptFor: Double = 24 * 3_600

  let pool: PostgresPool

  func find(subject: String, key: String) async throws -> KeptAnswer? {
    let rows = try await pool.query(
      """
      SELECT request_hash, status, body, etag, location FROM idempotency_keys
      WHERE subject = $1 AND key = $2
      """, subject, key)
    return try rows.first.map { row in
      KeptAnswer(
        subject: subject, key: key, requestHash: try row.decode(0, as: [UInt8].self),
        status: Int(try row.decode(1, as: Int32.self)), body: try row.decode(2, as: [UInt8].self),
        etag: try row.optional(3, as: String.self), location: try row.optional(4, as: String.self))
    }
  }

  /// Keeps an answer that changes nothing; false when the key has one already.
  func keep(_ answer: KeptAnswer, now: Instant) async throws -> Bool {
    try await pool.execute(
      "\(IdempotencyStore.insert) ON CONFLICT (subject, key) DO NOTHING",
      parameters: IdempotencyStore.values(answer, now)) == 1
  }

  /// Keeps an answer with the changes that it tells of; a unique violation when the key has one.
  static func keep(
    _ answer: KeptAnswer?, now: Instant, in transaction: borrowing PostgresTransaction
  ) throws {
    guard let answer else { return }
    try transaction.execute(insert, parameters: values(answer, now))
  }

  private static let insert = """
    INSERT INTO idempotency_keys
      (subject, key, request_hash, status, body, etag, location, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    """

  private static func values(
    _ answer: KeptAnswer, _ now: Instant
  ) -> [(any PostgresEncodable)?] {
    [
      answer.subject, answer.key, answer.requestHash, Int32(answer.status), answer.body,
      answer.etag, answer.location, now,
    ]
  }

  /// Forgets what is older than 24 hours; returns how many.
  func expire(now: Instant) async throws -> Int {
    try await pool.execute(
      "DELETE FROM idempotency_keys WHERE created_at < $1",
      now.adding(seconds: -IdempotencyStore.keptFor))
  }
}
