import Contracts
import Messaging
import Postgres

/// The state of all projections at one moment, compared as it is read.
struct ProjectionSnapshot: Sendable {
  struct ParkedEvent: Codable, Hashable, Sendable {
    var opportunityId: EntityID
    var epoch: Int64
    var sequence: Int64
    var eventId: EntityID
  }

  var check: ProjectionCheck
  var counters: [CounterKey: Counters]
  var parked: [ParkedEvent]

  /// Reads everything in one read-only snapshot.
  ///
  /// - Parameter pool: with forecasting's schema as its search path.
  static func take(from pool: PostgresPool, feed: FeedIndex) async throws -> ProjectionSnapshot {
    try await pool.transaction(.repeatableReadSnapshot) { transaction in
      ProjectionSnapshot(
        check: try compare(feed, in: transaction), counters: try counters(in: transaction),
        parked: try parked(in: transaction))
    }
  }

  private static func compare(
    _ feed: FeedIndex, in transaction: borrowing PostgresTransaction
  ) throws -> ProjectionCheck {
    var check = ProjectionCheck()
    var applied = try RowCursor<AppliedRow>(in: transaction)
    var current = try RowCursor<CurrentRow>(in: transaction)
    var visits = try RowCursor<VisitRow>(in: transaction)
    while true {
      let next = [
        try applied.peek(in: transaction), try current.peek(in: transaction),
        try visits.peek(in: transaction),
      ]
      guard let id = next.compactMap(\.self).min() else { return check }
      let live = LiveOpportunity(
        id: id, applied: try applied.take(id, in: transaction),
        visits: try visits.take(id, in: transaction),
        current: try current.take(id, in: transaction).first)
      check.add(live, feed: feed)
    }
  }

  private static func counters(
    in transaction: borrowing PostgresTransaction
  ) throws -> [CounterKey: Counters] {
    let rows = try transaction.query(
      """
      SELECT pipeline, day, stage, owner, team, entered, advanced, back, lost, reopened,
             ended_known, dwell_seconds
      FROM daily_counters
      """)
    return try rows.reduce(into: [:]) { counters, row in
      let day: PostgresDate = try row.decode(1)
      let key = CounterKey(
        pipeline: try row.decode(0), day: day.daysSinceEpoch, stage: try row.decode(2),
        owner: try row.decode(3), team: try row.decode(4))
      counters[key] = Counters(
        entered: try row.decode(5), advanced: try row.decode(6), back: try row.decode(7),
        lost: try row.decode(8), reopened: try row.decode(9), endedKnown: try row.decode(10),
        dwellSeconds: try row.decode(11))
    }
  }

  private static func parked(
    in transaction: borrowing PostgresTransaction
  ) throws -> [ParkedEvent] {
    let rows = try transaction.query(
      """
      SELECT opportunity_id, epoch, sequence, event_id FROM parked_events
      ORDER BY opportunity_id, epoch, sequence LIMIT 1000
      """)
    return try rows.map { row in
      ParkedEvent(
        opportunityId: try row.decode(0), epoch: try row.decode(1), sequence: try row.decode(2),
        eventId: try row.decode(3))
    }
  }
}
