import Contracts
import Messaging
import Postgres
import ServiceWiring

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
  func list(in scope: UnmatchedScope, after position: Int64, limit: Int) async throws -> [Row] {
    try await pool.query(
      """
      SELECT \(ActivityTables.columns), u.reason, u.candidates, u.errors, u.position
      FROM unmatched u JOIN activities a USING (key)
      WHERE u.position > $1 AND \(UnmatchedScope.condition(at: 3))
      ORDER BY u.position LIMIT $2
      """, parameters: [position, limit] + scope.parameters
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
    /// The opportunity may be looked at only.
    case denied(AccessPolicy.Refusal)
  }

  func assign(
    _ key: EntityID, to opportunity: EntityID, by caller: Caller, at now: Instant
  ) async throws -> Outcome {
    let outcome: Outcome = try await pool.transaction { transaction in
      try MatchingLock.share(in: transaction)
      guard let deal = try DealTables.find([opportunity], in: transaction)[opportunity] else {
        return .noSuchOpportunity
      }
      switch caller.refusal(.edit, owner: deal.owner, team: deal.team) {
      case .outsideScope(readable: false)?: return .noSuchOpportunity
      case let refusal?: return .denied(refusal)
      case nil: break
      }
      guard try UnmatchedStore.take(key, by: caller, in: transaction) else {
        return try UnmatchedStore.settled(key, for: caller, in: transaction) {
          $0.opportunityID == opportunity
        }
      }
      guard let before = try ActivityStore.standing(of: key, in: transaction) else {
        return .noSuchActivity
      }
      let match = MatchedActivity(before.activity, deal, by: .person, person: caller.subject)
      try ActivityTables.match([match], in: transaction)
      let messages = try settlement.settle([match], at: now, in: transaction)
      try Outbox.append(messages, at: now, in: transaction)
      IngestMetrics.activities(.assigned, 1)
      return try UnmatchedStore.settled(key, for: caller, in: transaction) { _ in true }
    }
    committed.wake()
    return outcome
  }

  func dismiss(_ key: EntityID, by caller: Caller) async throws -> Outcome {
    try await pool.transaction { transaction in
      if try UnmatchedStore.take(key, by: caller, in: transaction) {
        try transaction.execute(
          "UPDATE activities SET state = 'dismissed', decided_by = $2 WHERE key = $1", key,
          caller.subject)
        IngestMetrics.activities(.dismissed, 1)
      }
      return try UnmatchedStore.settled(key, for: caller, in: transaction) {
        $0.state == .dismissed
      }
    }
  }

  /// False when it is not there, when it is not the caller's to settle, or when somebody else has
  /// just taken it.
  private static func take(
    _ key: EntityID, by caller: Caller, in transaction: borrowing PostgresTransaction
  ) throws -> Bool {
    try transaction.execute(
      "DELETE FROM unmatched u WHERE key = $1 AND \(UnmatchedScope.condition(at: 2))",
      parameters: [key] + UnmatchedScope(settledBy: caller).parameters) == 1
  }

  private static func settled(
    _ key: EntityID, for caller: Caller, in transaction: borrowing PostgresTransaction,
    asWanted: (ActivityStore.Standing) -> Bool
  ) throws -> Outcome {
    guard let standing = try ActivityStore.standing(of: key, for: caller, in: transaction) else {
      return .noSuchActivity
    }
    if asWanted(standing) { return .done(standing) }
    return standing.state == .unmatched
      ? .denied(.outsideScope(readable: true)) : .settledOtherwise(standing)
  }
}
