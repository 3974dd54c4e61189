import Contracts
import Messaging
import Postgres

/// Subscriptions, as the API handles them.
struct SubscriptionStore: Sendable {
  let pool: PostgresPool

  func create(_ subscription: Subscription, secret: WebhookSecret) async throws {
    try await pool.execute(
      """
      INSERT INTO subscriptions (id, url, description, types, filter, status, secret, created_by,
        created_at, updated_at, active_since, bound_to)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
      """, subscription.id, subscription.url, subscription.description, subscription.types,
      PostgresJSON(try JSONCoding.encode(subscription.filter)), subscription.status.rawValue,
      secret.key, subscription.createdBy, subscription.createdAt, subscription.updatedAt,
      subscription.activeSince, subscription.boundTo)
  }

  func find(_ id: EntityID) async throws -> Subscription? {
    try await pool.query(
      "SELECT \(Subscription.columns) FROM subscriptions WHERE id = $1 AND \(Subscription.isThere)",
      id
    ).first.map { try Subscription($0) }
  }

  /// In order of id, which is the order of creation.
  ///
  /// - Parameter people: whose; nil: all.
  func list(
    of people: Set<String>?, after: EntityID?, limit: Int
  ) async throws -> [Subscription] {
    try await pool.query(
      """
      SELECT \(Subscription.columns) FROM subscriptions
      WHERE ($1::uuid IS NULL OR id > $1) AND \(Subscription.isThere)
        AND ($3::text[] IS NULL OR bound_to = ANY($3::text[]))
      ORDER BY id LIMIT $2
      """, after, limit, people?.sorted()
    ).map { try Subscription($0) }
  }

  /// Changes one under its lock; nil when there is none.
  func change(
    _ id: EntityID, now: Instant, _ change: @escaping @Sendable (inout Subscription) -> Void
  ) async throws -> Subscription? {
    try await pool.transaction { transaction in
      let rows = try transaction.query(
        """
        SELECT \(Subscription.columns) FROM subscriptions
        WHERE id = $1 AND \(Subscription.isThere) FOR NO KEY UPDATE
        """, id)
      guard var subscription = try rows.first.map({ try Subscription($0) }) else { return nil }
      change(&subscription)
      subscription.updatedAt = now
      try transaction.execute(
        """
        UPDATE subscriptions SET url = $2, description = $3, types = $4, filter = $5, status = $6,
          disabled_reason = $7, updated_at = $8, active_since = $9, failing_since = $10,
          not_before = $11
        WHERE id = $1
        """, id, subscription.url, subscription.description, subscription.types,
        PostgresJSON(try JSONCoding.encode(subscription.filter)), subscription.status.rawValue,
        subscription.disabledReason, subscription.updatedAt, subscription.activeSince,
        subscription.failingSince, subscription.notBefore)
      return subscription
    }
  }

  /// Nothing is sent to it and nobody sees it from now on; ``Retention`` removes its deliveries, of
  /// which there may be millions, and then the row. False when there is none.
  func delete(_ id: EntityID, now: Instant) async throws -> Bool {
    try await pool.execute(
      """
      UPDATE subscriptions SET status = 'deleted', updated_at = $2
      WHERE id = $1 AND \(Subscription.isThere)
      """, id, now) == 1
  }

  /// Puts a new secret in front of the present one, which signs for a day more.
  func rotate(
    _ id: EntityID, to secret: WebhookSecret, now: Instant
  ) async throws -> Subscription? {
    try await pool.query(
      """
      UPDATE subscriptions SET previous_secret = secret, previous_secret_until = $3, secret = $2,
        updated_at = $4
      WHERE id = $1 AND \(Subscription.isThere) RETURNING \(Subscription.columns)
      """, id, secret.key, now.adding(seconds: Subscription.rotationHours * 3_600), now
    ).first.map { try Subscription($0) }
  }
}
