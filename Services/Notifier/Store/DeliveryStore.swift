import Contracts
import Messaging
import Postgres

/// A delivery with its attempts, as the log shows it.
struct DeliveryRecord: Sendable {
  enum Status: String, Codable, CaseIterable, Sendable {
    case pending
    /// An attempt is under way.
    case sending
    /// Its subscription is paused or disabled.
    case held
    case delivered
    case failed
  }

  var id: EntityID
  var subscriptionID: EntityID
  var eventID: EntityID
  var eventType: String
  var opportunityID: EntityID?
  var status: Status
  var dueAt: Instant
  var createdAt: Instant
  var finishedAt: Instant?
  var attempts: [LoggedAttempt] = []
}

struct LoggedAttempt: Sendable {
  var number: Int
  var at: Instant
  var milliseconds: Int
  var status: Int?
  var error: String?
  var answer: String?
}

/// Which deliveries a list shows, the newest first.
struct DeliveryFilter: Sendable {
  /// Whose subscriptions; nil: all.
  var people: Set<String>?
  var subscriptionID: EntityID?
  var eventID: EntityID?
  var status: DeliveryRecord.Status?
  var before: EntityID?
  var limit = 50
}

/// The delivery log.
struct DeliveryStore: Sendable {
  let pool: PostgresPool

  private static let select = """
    SELECT d.id, subscription_id, event_id, event_type, opportunity_id,
      CASE WHEN d.status <> 'pending' THEN d.status WHEN \(Condition.sending) THEN 'sending'
        WHEN s.status <> 'active' THEN 'held' ELSE 'pending' END,
      due_at, d.created_at, finished_at
    FROM deliveries AS d JOIN subscriptions AS s ON s.id = subscription_id
      AND s.\(Subscription.isThere)
    """

  /// What a status means in the tables; `$1` is the present.
  private enum Condition {
    static let sending = "coalesce(leased_until > $1, false)"

    static func of(_ status: DeliveryRecord.Status) -> String {
      switch status {
      case .delivered: "d.status = 'delivered'"
      case .failed: "d.status = 'failed'"
      case .sending: "d.status = 'pending' AND \(sending)"
      case .held: "d.status = 'pending' AND NOT \(sending) AND s.status <> 'active'"
      case .pending: "d.status = 'pending' AND NOT \(sending) AND s.status = 'active'"
      }
    }
  }

  func list(_ filter: DeliveryFilter, now: Instant) async throws -> [DeliveryRecord] {
    var conditions = [filter.status.map(Condition.of) ?? "true"]
    var parameters: [(any PostgresEncodable)?] = [now]
    func require(_ condition: (String) -> String, _ value: (any PostgresEncodable)?) {
      guard let value else { return }
      parameters.append(value)
      conditions.append(condition("$\(parameters.count)"))
    }
    require({ "subscription_id = \($0)" }, filter.subscriptionID)
    require({ "event_id = \($0)" }, filter.eventID)
    require({ "d.id < \($0)" }, filter.before)
    require({ "s.bound_to = ANY(\($0)::text[])" }, filter.people?.sorted())
    parameters.append(filter.limit)
    let records = try await pool.query(
      """
      \(DeliveryStore.select) WHERE \(conditions.joined(separator: " AND "))
      ORDER BY d.id DESC LIMIT $\(parameters.count)
      """, parameters: parameters
    ).map { try DeliveryRecord($0) }
    return try await withAttempts(records)
  }

  /// - Parameter people: whose subscriptions; nil: all.
  func find(
    _ id: EntityID, of people: Set<String>?, now: Instant
  ) async throws -> DeliveryRecord? {
    let records = try await pool.query(
      """
      \(DeliveryStore.select)
      WHERE d.id = $2 AND ($3::text[] IS NULL OR s.bound_to = ANY($3::text[]))
      """, now, id, people?.sorted()
    ).map { try DeliveryRecord($0) }
    return try await withAttempts(records).first
  }

  enum Retry: Sendable {
    case accepted, notFound, beingSent
    case inactive(Subscription.Status, reason: String?)
  }

  /// Makes a delivery due now, with a whole round of attempts before it. Asked for by a person, it
  /// does not wait for the time that the endpoint had named either.
  ///
  /// - Parameter people: whose subscriptions; nil: all.
  func retry(
    _ id: EntityID, of people: Set<String>?, now: Instant
  ) async throws -> Retry {
    try await pool.transaction { transaction in
      let rows = try transaction.query(
        """
        SELECT coalesce(d.leased_until > $2, false), s.status, s.disabled_reason, s.id
        FROM deliveries AS d JOIN subscriptions AS s ON s.id = subscription_id
          AND s.\(Subscription.isThere)
        WHERE d.id = $1 AND ($3::text[] IS NULL OR s.bound_to = ANY($3::text[]))
        FOR NO KEY UPDATE
        """, id, now, people?.sorted())
      guard let row = rows.first else { return .notFound }
      let status = try Subscription.Status(rawValue: row.decode(1)) ?? .disabled
      guard status == .active else {
        return .inactive(status, reason: try row.optional(2))
      }
      guard try !row.decode(0, as: Bool.self) else { return .beingSent }
      try transaction.execute(
        """
        UPDATE deliveries SET status = 'pending', failures = 0, due_at = $2, finished_at = NULL,
          lease = NULL, leased_until = NULL
        WHERE id = $1
        """, id, now)
      try transaction.execute(
        "UPDATE subscriptions SET not_before = NULL WHERE id = $1 AND not_before IS NOT NULL",
        try row.decode(3, as: EntityID.self))
      return .accepted
    }
  }

  private func withAttempts(_ records: [DeliveryRecord]) async throws -> [DeliveryRecord] {
    guard !records.isEmpty else { return [] }
    let rows = try await pool.query(
      """
      SELECT delivery_id, number, at, duration_ms, status, error, answer FROM attempts
      WHERE delivery_id = ANY($1::uuid[]) ORDER BY delivery_id, number
      """, records.map(\.id))
    var attempts: [EntityID: [LoggedAttempt]] = [:]
    for row in rows {
      attempts[try row.decode(0, as: EntityID.self), default: []].append(
        LoggedAttempt(
          number: try row.decode(1), at: try row.decode(2), milliseconds: try row.decode(3),
          status: try row.optional(4), error: try row.optional(5), answer: try row.optional(6)))
    }
    return records.map { record in
      var record = record
      record.attempts = attempts[record.id] ?? []
      return record
    }
  }
}

extension DeliveryRecord {
  fileprivate init(_ row: PostgresRow) throws {
    let status = try row.decode(5, as: String.self)
    self.init(
      id: try row.decode(0), subscriptionID: try row.decode(1), eventID: try row.decode(2),
      eventType: try row.decode(3), opportunityID: try row.optional(4),
      status: Status(rawValue: status) ?? .pending, dueAt: try row.decode(6),
      createdAt: try row.decode(7), finishedAt: try row.optional(8))
  }
}
