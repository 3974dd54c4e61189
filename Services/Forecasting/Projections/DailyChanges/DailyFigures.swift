import Contracts
import Postgres

// The figures of an earlier time out of `daily_changes`, as they are known now: the days before, and
// the deals in which something happened on the day itself.
extension FlowSums {
  /// - Parameter filter: one that the sums can answer.
  static func daily(
    _ filter: DealFilter, asOf: Instant, in transaction: borrowing PostgresTransaction
  ) throws -> FlowSums {
    var sums = FlowSums()
    let dayStart = Instant(
      microseconds: Int64(asOf.day) * Instant.secondsPerDay * 1_000_000)
    let dayBefore = Instant(microseconds: dayStart.microseconds - 1)
    try sums.add(
      transaction.query(
        """
        SELECT stage, to_stage, currency, sum(deals)::bigint, sum(amount_minor)::text,
          NULL::timestamptz, sum(entered)::bigint, sum(advanced)::bigint, sum(back)::bigint,
          sum(lost)::bigint, sum(reopened)::bigint, sum(ended_known)::bigint,
          sum(dwell_seconds)::bigint
        FROM daily_changes
        WHERE pipeline = $1 AND day < $2 AND ($3::text IS NULL OR team = $3)
          AND ($4::text IS NULL OR currency = $4)
        GROUP BY stage, to_stage, currency
        """,
        filter.pipeline, PostgresDate(daysSinceEpoch: asOf.day), filter.team, filter.currency))
    let touched = try transaction.query(
      """
      SELECT DISTINCT opportunity_id FROM applied_events
      WHERE occurred_at >= $2 AND occurred_at <= $3 AND pipeline = $1
      """, filter.pipeline, dayStart, asOf
    ).map { try $0.decode(0, as: EntityID.self) }
    if !touched.isEmpty {
      try sums.addHistorical(filter, asOf, nil, deals: touched, in: transaction)
      try sums.addHistorical(filter, dayBefore, nil, deals: touched, times: -1, in: transaction)
    }
    sums.oldest = [:]
    for (stage, currencies) in sums.standing
    where currencies.contains(where: { $0.value.deals > 0 }) {
      sums.oldest[stage] = try oldestEntry(in: stage, filter, asOf: asOf, in: transaction)
    }
    return sums
  }

  /// Of the visits that were open then, whose deals had the team and currency.
  private static func oldestEntry(
    in stage: String, _ filter: DealFilter, asOf: Instant,
    in transaction: borrowing PostgresTransaction
  ) throws -> Instant? {
    let visits = """
      SELECT entered_at, opportunity_id FROM visits
      WHERE pipeline = $1 AND stage = $2 AND left_at IS NULL AND entered_at <= $3
      UNION ALL
      SELECT entered_at, opportunity_id FROM visits
      WHERE pipeline = $1 AND stage = $2 AND left_at > $3 AND entered_at <= $3
      """
    if filter.team == nil, filter.currency == nil {
      return try transaction.query(
        """
        SELECT least(
          (SELECT entered_at FROM visits
           WHERE pipeline = $1 AND stage = $2 AND left_at IS NULL AND entered_at <= $3
           ORDER BY entered_at LIMIT 1),
          (SELECT min(entered_at) FROM visits
           WHERE pipeline = $1 AND stage = $2 AND left_at > $3 AND entered_at <= $3))
        """, filter.pipeline, stage, asOf
      ).first.flatMap { try $0.optional(0) }
    }
    return try transaction.query(
      """
      SELECT visit.entered_at FROM (\(visits) ORDER BY entered_at) AS visit
      CROSS JOIN LATERAL (
        SELECT team, currency FROM applied_events
        WHERE opportunity_id = visit.opportunity_id AND occurred_at <= $3
        ORDER BY epoch DESC, sequence DESC LIMIT 1
      ) AS latest
      WHERE ($4::text IS NULL OR latest.team = $4) AND ($5::text IS NULL OR latest.currency = $5)
      ORDER BY visit.entered_at LIMIT 1
      """, filter.pipeline, stage, asOf, filter.team, filter.currency
    ).first.flatMap { try $0.optional(0) }
  }

  /// Leavings up to now, by stage and the stage after it.
  ///
  /// - Parameter filter: one that the sums can answer.
  static func moves(
    _ filter: DealFilter, in transaction: borrowing PostgresTransaction
  ) throws -> FlowSums {
    var sums = FlowSums()
    try sums.add(
      transaction.query(
        """
        SELECT stage, to_stage, '', 0::bigint, '0', NULL::timestamptz, 0::bigint,
          sum(advanced)::bigint, sum(back)::bigint, sum(lost)::bigint, sum(reopened)::bigint,
          sum(ended_known)::bigint, sum(dwell_seconds)::bigint
        FROM daily_changes
        WHERE pipeline = $1 AND to_stage <> '' AND ($2::text IS NULL OR team = $2)
          AND ($3::text IS NULL OR currency = $3)
        GROUP BY stage, to_stage
        """, filter.pipeline, filter.team, filter.currency))
    return sums
  }
}
