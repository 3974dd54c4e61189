import Contracts
import Messaging
import Postgres

/// How long the log of deliveries goes back.
struct Retention: Sendable {
  static let deliveredDays: Double = 30
  static let failedDays: Double = 90
  private static let batch = 5_000

  let pool: PostgresPool

  /// Forgets what is older and what belonged to deleted subscriptions, a little at a time; returns how many deliveries.
  func expire(now: Instant) async throws -> Int {
    var total = 0
    for (status, days) in [
      ("delivered", Retention.deliveredDays), ("failed", Retention.failedDays),
    ] {
      var removed: Int
      repeat {
        removed = try await pool.execute(
          """
          DELETE FROM deliveries WHERE id IN (
            SELECT id FROM deliveries WHERE status = '\(status)' AND finished_at < $1 LIMIT $2)
          """, now.adding(days: -days), Retention.batch)
        total += removed
      } while removed == Retention.batch
    }
    return try await total + removeDeleted()
  }

  /// What is left of subscriptions that were deleted; the row itself last, so that a crash in between
  /// forgets nothing.
  private func removeDeleted() async throws -> Int {
    let deleted = try await pool.query("SELECT id FROM subscriptions WHERE status = 'deleted'")
      .map { try $0.decode(0, as: EntityID.self) }
    var total = 0
    for id in deleted {
      var removed: Int
      repeat {
        removed = try await pool.execute(
          """
          DELETE FROM deliveries WHERE id IN (
            SELECT id FROM deliveries WHERE subscription_id = $1 LIMIT $2)
          """, id, Retention.batch)
        total += removed
      } while removed == Retention.batch
      try await pool.execute("DELETE FROM subscriptions WHERE id = $1", id)
    }
    return total
  }
}
