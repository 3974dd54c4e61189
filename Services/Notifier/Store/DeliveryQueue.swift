import Contracts
import Messaging
import Postgres

/// A delivery that this process may send until its lease ends.
struct ClaimedDelivery: Sendable {
  var id: EntityID
  var subscriptionID: EntityID
  var body: [UInt8]
  var failures: Int
  var attempts: Int
  var url: String
  /// The newest first.
  var secrets: [WebhookSecret]
  var lease: EntityID

  var webhookID: String { "msg_\(id)" }
}

/// How much is sent at the same time by one process.
struct SendingLimits: Sendable {
  /// To one subscription; to one that is failing, one at a time.
  var perSubscription = 4
  var total = 256
  /// Longer than any attempt: after it another process may send.
  var lease: Double = 45
}

/// What is due to be sent, shared by all replicas.
struct DeliveryQueue: Sendable {
  let pool: PostgresPool
  let limits: SendingLimits

  /// Takes deliveries that are due, few of each subscription, those first to which the least is under
  /// way: an endpoint that hangs holds its own deliveries only.
  ///
  /// - Parameter busy: what this process is sending now, by subscription.
  func claim(busy: [EntityID: Int], now: Instant) async throws -> [ClaimedDelivery] {
    let free = limits.total - busy.values.reduce(0, +)
    guard free > 0 else { return [] }
    let lease = EntityID.make(at: now)
    let busy = Array(busy)
    let rows = try await pool.query(
      """
      WITH room AS (
        SELECT id, coalesce(sending, 0) AS sending,
          CASE WHEN failing_since IS NULL THEN $4::bigint ELSE 1 END - coalesce(sending, 0) AS free
        FROM subscriptions LEFT JOIN unnest($1::uuid[], $2::bigint[]) AS busy (b, sending) ON b = id
        WHERE status = 'active' AND (not_before IS NULL OR not_before <= $3)),
      chosen AS (
        SELECT due.id FROM room CROSS JOIN LATERAL (
          SELECT id, due_at FROM deliveries
          WHERE subscription_id = room.id AND status = 'pending' AND due_at <= $3
            AND (leased_until IS NULL OR leased_until <= $3)
          ORDER BY due_at LIMIT greatest(room.free, 0) FOR UPDATE SKIP LOCKED) AS due
        ORDER BY room.sending, due.due_at LIMIT $5)
      UPDATE deliveries SET lease = $6, leased_until = $7
      FROM chosen, subscriptions AS s
      WHERE deliveries.id = chosen.id AND s.id = deliveries.subscription_id
      RETURNING deliveries.id, s.id, body, failures, attempts, url, secret,
        CASE WHEN previous_secret_until > $3 THEN previous_secret END
      """, busy.map(\.key), busy.map { Int64($0.value) }, now, limits.perSubscription, free, lease,
      now.adding(seconds: limits.lease))
    return try rows.map { row in
      let secrets = [try row.decode(6, as: [UInt8].self), try row.optional(7, as: [UInt8].self)]
      return ClaimedDelivery(
        id: try row.decode(0), subscriptionID: try row.decode(1), body: try row.decode(2),
        failures: try row.decode(3), attempts: try row.decode(4), url: try row.decode(5),
        secrets: secrets.compactMap { $0.map(WebhookSecret.init(key:)) }, lease: lease)
    }
  }

  /// Gives a delivery back that was not sent after all.
  func release(_ delivery: ClaimedDelivery) async throws {
    try await pool.execute(
      "UPDATE deliveries SET lease = NULL, leased_until = NULL WHERE id = $1 AND lease = $2",
      delivery.id, delivery.lease)
  }

  /// How many wait to be sent to active subscriptions, and how old the oldest of them is in seconds.
  func backlog(now: Instant) async throws -> (depth: Int, age: Double) {
    let row = try await pool.query(
      """
      SELECT count(*), min(d.created_at) FROM deliveries AS d
      JOIN subscriptions AS s ON s.id = d.subscription_id
      WHERE d.status = 'pending' AND s.status = 'active'
      """)[0]
    let oldest = try row.optional(1, as: Instant.self)
    return (
      try row.decode(0), oldest.map { Double(now.microseconds - $0.microseconds) / 1_000_000 } ?? 0
    )
  }
}
