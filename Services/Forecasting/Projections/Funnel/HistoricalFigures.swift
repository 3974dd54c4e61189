import Contracts
import Postgres
import ServiceWiring

// The figures of an earlier time, out of the events that had happened at `asOf` and were recorded
// at `knownAt`. A move whose reversal was recorded by then never was, even where it was taken back
// after `asOf`. At "now" they equal those of the current tables.
extension FunnelQueries {
  static func historicalFigures(
    _ question: FunnelQuestion, in transaction: borrowing PostgresTransaction
  ) throws -> [String: StageFigures] {
    let standing = try transaction.query(
      openings + """
        SELECT opening.to_stage, latest.currency, count(*), sum(latest.amount_minor)::text,
          min(opening.occurred_at) FILTER (WHERE NOT opening.entry_unknown)
        FROM openings AS opening
        JOIN known AS latest USING (opportunity_id)
        WHERE opening.is_last_opening AND latest.is_last
          AND ($4::text IS NULL OR latest.team = $4) AND ($5::text IS NULL OR latest.owner = $5)
          AND \(DealScope.condition(owner: "latest.owner", team: "latest.team", at: 6))
        GROUP BY opening.to_stage, latest.currency
        """,
      question.pipeline, question.asOf, question.knownAt, question.team, question.owner,
      question.scope?.owners.sorted(), question.scope?.teams.sorted())
    let counted = try transaction.query(
      openings + """
        SELECT stage, sum(entered), sum(advanced), sum(back), sum(ended_known), sum(dwell_seconds)
        FROM (
          SELECT to_stage AS stage, 1 AS entered, 0 AS advanced, 0 AS back, 0 AS ended_known,
            0::bigint AS dwell_seconds
          FROM openings
          WHERE ($4::text IS NULL OR team = $4) AND ($5::text IS NULL OR owner = $5)
            AND \(DealScope.condition(at: 6))
          UNION ALL
          SELECT left_stage, 0, (direction IS NOT DISTINCT FROM 'advance')::int,
            (direction IS NOT DISTINCT FROM 'back')::int, (NOT left_unknown)::int,
            CASE WHEN left_unknown THEN 0 ELSE
              floor(greatest(0, extract(epoch FROM occurred_at - left_entered_at)))::bigint END
          FROM openings
          WHERE left_stage IS NOT NULL AND ($4::text IS NULL OR team_before = $4)
            AND ($5::text IS NULL OR owner_before = $5)
            AND \(DealScope.condition(owner: "owner_before", team: "team_before", at: 6))
        ) AS parts
        GROUP BY stage
        """,
      question.pipeline, question.asOf, question.knownAt, question.team, question.owner,
      question.scope?.owners.sorted(), question.scope?.teams.sorted())
    return try StageFigures.assemble(standing: standing, counted: counted)
  }

  /// `known`: the events in question, with owner and team before each; `openings`: those that begin
  /// a visit, with the visit that they end.
  private static let openings = """
    WITH known AS (
      SELECT opportunity_id, epoch, sequence, to_stage, direction, owner, team, amount_minor,
        currency, occurred_at,
        entry_unknown AND type = '\(StageEventType.created.rawValue)' AS entry_unknown,
        type = '\(StageEventType.created.rawValue)' OR
          (type = '\(StageEventType.moved.rawValue)' AND from_stage <> to_stage
            AND (opportunity_id, epoch, sequence) NOT IN (
              SELECT opportunity_id, reverted_epoch, reverted_sequence FROM applied_events
              WHERE pipeline = $1 AND reverted_sequence IS NOT NULL
                AND ($3::timestamptz IS NULL OR recorded_at <= $3))) AS opens,
        lag(owner) OVER in_order AS owner_before, lag(team) OVER in_order AS team_before,
        lead(sequence) OVER in_order IS NULL AS is_last
      FROM applied_events
      WHERE pipeline = $1 AND ($2::timestamptz IS NULL OR occurred_at <= $2)
        AND ($3::timestamptz IS NULL OR recorded_at <= $3)
      WINDOW in_order AS (PARTITION BY opportunity_id ORDER BY epoch, sequence)
    ), openings AS (
      SELECT *, lag(to_stage) OVER in_order AS left_stage,
        lag(occurred_at) OVER in_order AS left_entered_at,
        lag(entry_unknown) OVER in_order AS left_unknown,
        lead(sequence) OVER in_order IS NULL AS is_last_opening
      FROM known WHERE opens
      WINDOW in_order AS (PARTITION BY opportunity_id ORDER BY epoch, sequence)
    )

    """
}
