import Contracts
import Messaging
import Postgres

/// The activities that belong to no deal, as people see and settle them.
struct UnmatchedStore: Sendable {
  let pool: PostgresPool
  let settlement: Settlement
  let committed: WakeSignal

  struct Row: Sendable {
    var activity: Activity
    var unmatched: ActivityStore.Unmatched
    var position: Int64
  }

  /// In the order in which they became unmatched.
  func list(after position: Int64, limit: Int) async throws -> [Row] {
    try await pool.query(
      """
      SELECT \(ActivityTables.columns), u.reason, u.candidates, u.errors, u.position
      FROM unmatched u JOIN activities a USING (key)
      WHERE u.position > $1 ORDER BY u.position LIMIT $2
      """, position, limit
    ).map {
      Row(
        activity: try Activity($0), unmatched: try ActivityStore.Unmatched($0, from: 8),
        position: try $0.decode(11))
    }
  }

  /// What a person's decision came to.
  enum Outcome: Sendable {
    case done(ActivityStore.Standing)
    /// It is not unmatched any more, and was not settled in this way.
    case settledOtherwise(ActivityStore.Standing)
    case noSuchActivity
    case noSuchOpportunity
  }

  func assign(
    _ key: EntityID, to opportunity: EntityID, by person: String, at now: Instant
  ) async throws -> Outcome {
    let outcome: Outcome = try await pool.transaction { transaction in
      try MatchingLock.share(in: transaction)
      guard let deal = try DealTables.found([opportunity], in: transaction)[opportunity] else {
        return .noSuchOpportunity
      }
      guard try UnmatchedStore.take(key, in: transaction) else {
        return try UnmatchedStore.settled(key, in: transaction) {
          $0.opportunityID == deal.id
        }
      }
      guard let before = try ActivityStore.standing(of: key, in: transaction) else {
        return .noSuchActivity
      }
      let match = MatchedActivity(before.activity, deal, by: .person, person: person)
      try ActivityTables.match([match], in: transaction)
      let messages = try settlement.settle([match], at: now, in: transaction)
      try Outbox.append(messages, at: now, in: transaction)
      IngestMetrics.activities(.assigned, 1)
      return try UnmatchedStore.settled(key, in: transaction) { _ in true }
    }
    committed.wake()
    return outcome
  }

  func dismiss(_ key: EntityID, by person: String) async throws -> Outcome {
    try await pool.transaction { transaction in
      if try UnmatchedStore.take(key, in: transaction) {
        try transaction.execute(
          "UPDATE activities SET state = 'dismissed', decided_by = $2 WHERE key = $1", key, person)
        IngestMetrics.activities(.dismissed, 1)
      }
      return try UnmatchedStore.settled(key, in: transaction) { $0.state == .dismissed }
    }
  }

  /// False when it is not there, or when somebody else has just taken it.
  private static func take(
    _ key: EntityID, in transaction: borrowing PostgresTransaction
  ) throws -> Bool {
    try transaction.execute("DELETE FROM unmatched WHERE key = $1", key) == 1
  }

  private static func settled(
    _ key: EntityID, in transaction: borrowing PostgresTransaction,
    asWanted: (ActivityStore.Standing) -> Bool
  ) throws -> Outcome {
    guard let standing = try ActivityStore.standing(of: key, in: transaction) else {
      return .noSuchActivity
    }
    return asWanted(standing) ? .done(standing) : .settledOtherwise(standing)
  }
}
