import Contracts
import Postgres

// What the tables of the analysts' figures hold.
extension ProjectionSnapshot {
  static func days(
    in transaction: borrowing PostgresTransaction
  ) throws -> [DayKey: DaySums] {
    let rows = try transaction.query(
      """
      SELECT day, pipeline, stage, to_stage, team, currency, sum(deals)::bigint,
        sum(amount_minor)::text, sum(entered)::bigint, sum(advanced)::bigint, sum(won)::bigint,
        sum(back)::bigint, sum(lost)::bigint, sum(reopened)::bigint, sum(ended_known)::bigint,
        sum(dwell_seconds)::bigint
      FROM daily_changes GROUP BY day, pipeline, stage, to_stage, team, currency
      """)
    return try rows.reduce(into: [:]) { days, row in
      let key = DayKey(
        day: try row.decode(0, as: PostgresDate.self).daysSinceEpoch, pipeline: try row.decode(1),
        stage: try row.decode(2), to: try row.decode(3), team: try row.decode(4),
        currency: try row.decode(5))
      let sums = DaySums(
        deals: try row.decode(6), amountMinor: Int128(try row.decode(7, as: String.self)) ?? 0,
        entered: try row.decode(8), advanced: try row.decode(9), won: try row.decode(10),
        back: try row.decode(11), lost: try row.decode(12), reopened: try row.decode(13),
        endedKnown: try row.decode(14), dwellSeconds: try row.decode(15))
      if sums != DaySums() { days[key] = sums }
    }
  }

  static func lengths(
    in transaction: borrowing PostgresTransaction
  ) throws -> [DwellLengthKey: Int64] {
    let rows = try transaction.query(
      """
      SELECT pipeline, stage, team, bucket, ending, sum(visits)::bigint FROM dwell_totals
      GROUP BY pipeline, stage, team, bucket, ending HAVING sum(visits) <> 0
      """)
    return try rows.reduce(into: [:]) { lengths, row in
      let key = DwellLengthKey(
        pipeline: try row.decode(0), stage: try row.decode(1), team: try row.decode(2),
        bucket: try row.decode(3), ending: try row.decode(4))
      lengths[key] = try row.decode(5, as: Int64.self)
    }
  }

  static func followUps(
    in transaction: borrowing PostgresTransaction
  ) throws -> [FollowUpDayKey: FollowUpDaySums] {
    let rows = try transaction.query(
      """
      SELECT day, pipeline, team, currency, sum(open)::bigint, sum(forgotten)::bigint
      FROM follow_up_changes GROUP BY day, pipeline, team, currency
      HAVING (sum(open), sum(forgotten)) <> (0, 0)
      """)
    return try rows.reduce(into: [:]) { days, row in
      let key = FollowUpDayKey(
        day: try row.decode(0, as: PostgresDate.self).daysSinceEpoch, pipeline: try row.decode(1),
        team: try row.decode(2), currency: try row.decode(3))
      days[key] = FollowUpDaySums(open: try row.decode(4), forgotten: try row.decode(5))
    }
  }

  static func unlisted(
    in transaction: borrowing PostgresTransaction
  ) throws -> [(owner: String, opportunity: EntityID)] {
    try transaction.query(
      """
      SELECT DISTINCT owner, opportunity_id FROM applied_events AS event
      WHERE owner IS NOT NULL AND NOT EXISTS (
        SELECT FROM deal_owners AS listed
        WHERE listed.owner_hash = hashtextextended(event.owner, 0)
          AND listed.opportunity_id = event.opportunity_id)
      ORDER BY opportunity_id, owner LIMIT 1000
      """
    ).map { (owner: try $0.decode(0), opportunity: try $0.decode(1)) }
  }
}
