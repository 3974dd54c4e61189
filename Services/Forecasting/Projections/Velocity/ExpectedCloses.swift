import Contracts
import Postgres

// Deals that did not close when they were expected to, and those whose expected close was put off.
extension VelocityQueries {
  /// What was expected is what was last said before the period or, where nothing was, first in it. A
  /// day of the period is due once it has ended.
  static func addExpectedCloses(
    to sums: inout VelocitySums, _ question: FunnelQuestion, _ period: FigurePeriod,
    in transaction: borrowing PostgresTransaction
  ) throws {
    var source = DealSource(question)
    let from = source.bind(period.from)
    let to = source.bind(period.to)
    let firstDay = source.bind(PostgresDate(daysSinceEpoch: period.from.day))
    let lastDay = source.bind(PostgresDate(daysSinceEpoch: period.to.day))
    let expected = try transaction.query(
      source.sql + """
        , expected AS (
          SELECT DISTINCT ON (noted.opportunity_id) noted.opportunity_id, noted.day
          FROM noted_changes AS noted
          WHERE noted.pipeline = $1 AND noted.kind = 'expected-close'
            AND noted.occurred_at < \(to)::timestamptz AND \(NotedTables.isKnown("$3"))
          ORDER BY noted.opportunity_id, noted.occurred_at > \(from)::timestamptz,
            CASE WHEN noted.occurred_at <= \(from)::timestamptz THEN noted.occurred_at END DESC,
            noted.occurred_at, noted.epoch DESC, noted.sequence DESC
        )
        SELECT count(*),
          count(*) FILTER (WHERE outcome IS NULL OR closed_at >= \(to)::timestamptz)
        FROM expected JOIN deals USING (opportunity_id)
        WHERE day >= \(firstDay)::date AND day < \(lastDay)::date
          AND (outcome IS NULL OR closed_at >= \(from)::timestamptz)
        """, parameters: source.parameters)[0]
    sums.due = try expected.decode(0)
    sums.slipped = try expected.decode(1)
    try addPushes(to: &sums, question, period, in: transaction)
  }

  private static func addPushes(
    to sums: inout VelocitySums, _ question: FunnelQuestion, _ period: FigurePeriod,
    in transaction: borrowing PostgresTransaction
  ) throws {
    var source = DealSource(question)
    let from = source.bind(period.from)
    let to = source.bind(period.to)
    let pushed = try transaction.query(
      source.sql + """
        SELECT count(DISTINCT noted.opportunity_id), count(*),
          avg(noted.day - noted.former_day)::float8
        FROM noted_changes AS noted JOIN deals USING (opportunity_id)
        WHERE noted.pipeline = $1 AND noted.kind = 'expected-close'
          AND noted.occurred_at >= \(from)::timestamptz AND noted.occurred_at < \(to)::timestamptz
          AND noted.day > noted.former_day AND \(NotedTables.isKnown("$3"))
        """, parameters: source.parameters)[0]
    sums.pushedDeals = try pushed.decode(0)
    sums.pushes = try pushed.decode(1)
    sums.meanPushDays = try pushed.optional(2)
  }
}
