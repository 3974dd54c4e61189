import Contracts
import Messaging
import Postgres
import ServiceKit
import ServiceWiring

/// Activities as HTTP takes them in and shows them.
struct ActivityStore: Sendable {
  let pool: PostgresPool
  /// Woken after a commit that wrote outbox rows.
  let committed: WakeSignal

  enum Acceptance: Sendable {
    /// For each, whether it had been here before.
    case accepted(isDuplicate: [Bool])
    /// These mean no deal that the caller works on; none of all is taken.
    case outsideScope([Int])
  }

  /// Puts the activities on their way to `activities.v1`, all or none.
  func accept(
    _ items: [IncomingActivities.Item], by caller: Caller, trace: TraceContext?, at now: Instant
  ) async throws -> Acceptance {
    let keys = items.map { DerivedID.activity(source: $0.event.source, id: $0.event.id) }
    guard !keys.isEmpty else { return .accepted(isDuplicate: []) }
    let messages = items.map { $0.message(trace: trace) }
    let scope = caller.scope(for: .report)
    let acceptance = try await pool.transaction { transaction -> Acceptance in
      if let scope {
        let outside = try ActivityStore.outside(
          scope, items.map(\.activity), at: now, in: transaction)
        guard outside.isEmpty else { return .outsideScope(outside) }
      }
      var seen = try Set(
        transaction.query("SELECT key FROM activities WHERE key = ANY($1::uuid[])", keys)
          .map { try $0.decode(0, as: EntityID.self) })
      let isDuplicate = keys.map { !seen.insert($0).inserted }
      let new = zip(messages, isDuplicate).filter { !$0.1 }.map(\.0)
      try Outbox.append(new, at: now, in: transaction)
      return .accepted(isDuplicate: isDuplicate)
    }
    if case .accepted = acceptance {
      committed.wake()
      IngestMetrics.activities(.accepted, items.count)
    }
    return acceptance
  }

  /// Those of the activities that mean no deal in the scope, or not only such.
  private static func outside(
    _ scope: DealScope, _ observed: [ObservedActivity], at now: Instant,
    in transaction: borrowing PostgresTransaction
  ) throws -> [Int] {
    let activities = observed.map { Activity($0, receivedAt: now, traceparent: nil) }
    let known = try DealTables.known(to: activities, in: transaction)
    return activities.indices.filter { index in
      guard case .deal(let deal, _) = Match.decide(activities[index], among: known) else {
        return true
      }
      return !scope.contains(owner: deal.owner, team: deal.team)
    }
  }

  /// Where an activity stands.
  struct Standing: Sendable {
    var activity: Activity
    var state: ActivityTables.State
    var matchedBy: MatchedBy?
    var decidedBy: String?
    var opportunityID: EntityID?
    var sequence: Int64?
    var unmatched: Unmatched?
    var proposals: [ProposalStore.Row]
  }

  struct Unmatched: Sendable {
    var reason: UnmatchedReason
    var candidates: [EntityID]
    var errors: [GateFailure]
  }

  /// Nil while it has not been handled, and where it is not the caller's to see.
  func standing(of key: EntityID, for caller: Caller) async throws -> Standing? {
    try await pool.transaction(.readOnly) {
      try ActivityStore.standing(of: key, for: caller, in: $0)
    }
  }

  static func standing(
    of key: EntityID, for caller: Caller, in transaction: borrowing PostgresTransaction
  ) throws -> Standing? {
    guard let standing = try standing(of: key, in: transaction) else { return nil }
    return try isVisible(standing, to: caller, in: transaction) ? standing : nil
  }

  private static func isVisible(
    _ standing: Standing, to caller: Caller, in transaction: borrowing PostgresTransaction
  ) throws -> Bool {
    guard caller.scope(for: .readActivity) != nil else { return true }
    if let id = standing.opportunityID {
      let deal = try DealTables.find([id], in: transaction)[id]
      return caller.refusal(.readActivity, owner: deal?.owner, team: deal?.team) == nil
    }
    if standing.state == .unmatched {
      return try !transaction.query(
        "SELECT FROM unmatched u WHERE key = $1 AND \(UnmatchedScope.condition(at: 2))",
        parameters: [standing.activity.key] + UnmatchedScope(readBy: caller).parameters
      ).isEmpty
    }
    return standing.decidedBy == caller.subject || caller.refusal(.readStray) == nil
  }

  static func standing(
    of key: EntityID, in transaction: borrowing PostgresTransaction
  ) throws -> Standing? {
    let row = try transaction.query(
      """
      SELECT \(ActivityTables.columns), a.state, a.matched_by, a.decided_by, a.opportunity_id,
        a.sequence, u.reason, u.candidates, u.errors
      FROM activities a LEFT JOIN unmatched u USING (key) WHERE key = $1
      """, key
    ).first
    guard let row else { return nil }
    let state: String = try row.decode(8)
    return Standing(
      activity: try Activity(row), state: ActivityTables.State(rawValue: state) ?? .unmatched,
      matchedBy: try row.optional(9, as: String.self).flatMap(MatchedBy.init),
      decidedBy: try row.optional(10), opportunityID: try row.optional(11),
      sequence: try row.optional(12),
      unmatched: try row.optional(13, as: String.self) == nil ? nil : Unmatched(row, from: 13),
      proposals: try ProposalStore.rows(because: key, in: transaction))
  }
}

extension ActivityStore.Unmatched {
  /// - Parameter first: where reason, candidates and errors stand.
  init(_ row: PostgresRow, from first: Int) throws {
    let reason: String = try row.decode(first)
    func json<Value: Decodable>(_ column: Int) throws -> Value {
      try JSONCoding.decode(Value.self, from: try row.decode(column, as: PostgresJSON.self).bytes)
    }
    self.init(
      reason: UnmatchedReason(rawValue: reason) ?? .noReference, candidates: try json(first + 1),
      errors: try json(first + 2))
  }
}

extension IncomingActivities.Item {
  /// As the publisher sent it, in binary mode, under the key that keeps a deal's activities in order.
  fileprivate func message(trace: TraceContext?) -> OutboxMessage {
    var event = event
    if event.traceparent == nil {
      let span = trace?.child()
      event.traceparent = span?.traceparent
      event.tracestate = span?.tracestate
    }
    return OutboxMessage(
      topic: .activities, wire: event.binary(key: activity.correlationKey, data: data))
  }
}
