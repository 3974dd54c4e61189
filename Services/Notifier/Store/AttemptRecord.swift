import Contracts
import Messaging
import Postgres

/// An attempt that was made.
struct Attempt: Sendable {
  var at: Instant
  var milliseconds: Int
  var outcome: AttemptOutcome
}

/// What recording an attempt came to.
enum Recorded: Sendable {
  case recorded
  /// Somebody else has the delivery by now, or it is gone; nothing was written.
  case superseded
  case disabled(reason: String)
}

extension DeliveryQueue {
  /// Writes down an attempt and what follows from it.
  ///
  /// A success counts even where the lease has ended meanwhile, but only while nobody else has
  /// recorded one: there is one success for a delivery. A failure counts only under the lease.
  func record(
    _ attempt: Attempt, _ verdict: Verdict, of delivery: ClaimedDelivery, now: Instant
  ) async throws -> Recorded {
    try await pool.transaction { transaction in
      let written = try Self.settle(verdict, delivery, now, in: transaction)
      guard let number = try written.first?.decode(0, as: Int.self) else { return .superseded }
      try transaction.execute(
        """
        INSERT INTO attempts (delivery_id, number, at, duration_ms, status, error, answer)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """, delivery.id, Int32(number), attempt.at, Int32(clamping: attempt.milliseconds),
        attempt.outcome.status.map { Int32($0) }, attempt.outcome.error, attempt.outcome.excerpt)
      return try Self.judgeEndpoint(verdict, delivery, now, in: transaction)
    }
  }

  private static func settle(
    _ verdict: Verdict, _ delivery: ClaimedDelivery, _ now: Instant,
    in transaction: borrowing PostgresTransaction
  ) throws -> PostgresRows {
    switch verdict {
    case .delivered:
      try transaction.query(
        """
        UPDATE deliveries SET status = 'delivered', attempts = attempts + 1, finished_at = $2,
          lease = NULL, leased_until = NULL
        WHERE id = $1 AND status = 'pending' RETURNING attempts
        """, delivery.id, now)
    case .failed, .retry, .gone:
      try transaction.query(
        """
        UPDATE deliveries SET status = $3, attempts = attempts + 1, failures = failures + 1,
          due_at = coalesce($4, due_at), finished_at = $5, lease = NULL, leased_until = NULL
        WHERE id = $1 AND lease = $2 AND status = 'pending' RETURNING attempts
        """, delivery.id, delivery.lease, verdict.isFinal ? "failed" : "pending",
        verdict.nextAttempt, verdict.isFinal ? now : nil)
    }
  }

  /// Only of the endpoint that was called: the subscription may have another URL by now.
  private static func judgeEndpoint(
    _ verdict: Verdict, _ delivery: ClaimedDelivery, _ now: Instant,
    in transaction: borrowing PostgresTransaction
  ) throws -> Recorded {
    if verdict == .delivered {
      try transaction.execute(
        """
        UPDATE subscriptions SET failing_since = NULL
        WHERE id = $1 AND url = $2 AND failing_since IS NOT NULL
        """, delivery.subscriptionID, delivery.url)
      return .recorded
    }
    let since = try transaction.query(
      """
      UPDATE subscriptions SET failing_since = coalesce(failing_since, $2),
        not_before = greatest(not_before, $3)
      WHERE id = $1 AND url = $4 RETURNING failing_since
      """, delivery.subscriptionID, now, verdict.quietUntil, delivery.url
    ).first?.decode(0, as: Instant.self)
    guard let since else { return .recorded }
    let reason: String
    if verdict == .gone {
      reason = "the endpoint answered 410 Gone"
    } else if Endurance.isOver(failingSince: since, now: now) {
      reason = "no attempt has succeeded since \(since)"
    } else {
      return .recorded
    }
    let disabled = try transaction.execute(
      """
      UPDATE subscriptions SET status = 'disabled', disabled_reason = $2, updated_at = $3
      WHERE id = $1 AND url = $4 AND status = 'active'
      """, delivery.subscriptionID, reason, now, delivery.url)
    return disabled == 1 ? .disabled(reason: reason) : .recorded
  }
}

extension Verdict {
  fileprivate var nextAttempt: Instant? {
    if case .retry(let at, _) = self { at } else { nil }
  }

  fileprivate var quietUntil: Instant? {
    switch self {
    case .retry(_, let quietUntil), .failed(let quietUntil): quietUntil
    case .delivered, .gone: nil
    }
  }
}
