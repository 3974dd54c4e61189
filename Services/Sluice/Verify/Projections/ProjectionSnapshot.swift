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
  var totals: [TotalKey: Totals]
  var days: [DayKey: DaySums]
  var lengths: [DwellLengthKey: Int64]
  var followUps: [FollowUpDayKey: FollowUpDaySums]
  /// Deals that `deal_owners` does not list under somebody who has owned them.
  var unlisted: [(owner: String, opportunity: EntityID)]
  var parked: [ParkedEvent]

  /// Reads everything in one read-only snapshot.
  ///
  /// - Parameter pool: with forecasting's schema as its search path.
  static func take(from pool: PostgresPool, feed: FeedIndex) async throws -> ProjectionSnapshot {
    try await pool.transaction(.repeatableReadSnapshot) { transaction in
      ProjectionSnapshot(
        check: try compare(feed, in: transaction), totals: try totals(in: transaction),
        days: try days(in: transaction), lengths: try lengths(in: transaction),
        followUps: try followUps(in: transaction), unlisted: try unlisted(in: transaction),
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
    var traits = try RowCursor<TraitRow>(in: transaction)
    var notes = try RowCursor<NotedRow>(in: transaction)
    while true {
      let next = [
        try applied.peek(in: transaction), try current.peek(in: transaction),
        try visits.peek(in: transaction), try traits.peek(in: transaction),
        try notes.peek(in: transaction),
      ]
      guard let id = next.compactMap(\.self).min() else { return check }
      let live = LiveOpportunity(
        id: id, applied: try applied.take(id, in: transaction),
        visits: try visits.take(id, in: transaction),
        current: try current.take(id, in: transaction).first,
        traits: try traits.take(id, in: transaction).first,
        notes: try notes.take(id, in: transaction))
      check.add(live, feed: feed)
    }
  }

  private static func totals(
    in transaction: borrowing PostgresTransaction
  ) throws -> [TotalKey: Totals] {
    let rows = try transaction.query(
      """
      SELECT pipeline, stage, owner, team, currency, sum(entered)::bigint, sum(advanced)::bigint,
        sum(back)::bigint, sum(lost)::bigint, sum(reopened)::bigint, sum(ended_known)::bigint,
        sum(dwell_seconds)::bigint, sum(deals)::bigint, sum(amount_minor)::text
      FROM stage_totals GROUP BY pipeline, stage, owner, team, currency
      """)
    // A row whose sums are all taken back says as much as no row.
    return try rows.reduce(into: [TotalKey: Totals]()) { totals, row in
      let key = TotalKey(
        pipeline: try row.decode(0), stage: try row.decode(1), owner: try row.decode(2),
        team: try row.decode(3))
      var sums = totals[key] ?? Totals()
      sums.entered += try row.decode(5, as: Int64.self)
      sums.advanced += try row.decode(6, as: Int64.self)
      sums.back += try row.decode(7, as: Int64.self)
      sums.lost += try row.decode(8, as: Int64.self)
      sums.reopened += try row.decode(9, as: Int64.self)
      sums.endedKnown += try row.decode(10, as: Int64.self)
      sums.dwellSeconds += try row.decode(11, as: Int64.self)
      sums.stand(
        try row.decode(12), Int128(try row.decode(13, as: String.self)) ?? 0,
        in: try row.decode(4))
      totals[key] = sums
    }
    .filter { !$0.value.isZero }
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
