import Contracts
import Postgres

// The figures of an earlier time, out of the events that had happened at `asOf` and were recorded
// at `knownAt`. A move whose reversal was recorded by then never was, even where it was taken back
// after `asOf`; so it is with all moves of a duplicate that became part of another deal. At "now" they
// equal those of the current tables.
extension FlowSums {
  /// Out of the events themselves: exact whatever is asked, and slow where that is many deals.
  ///
  /// - Parameter deals: only these; nil: all.
  static func historical(
    _ filter: DealFilter, asOf: Instant?, knownAt: Instant?, deals: [EntityID]? = nil,
    in transaction: borrowing PostgresTransaction
  ) throws -> FlowSums {
    var sums = FlowSums()
    try sums.addHistorical(filter, asOf, knownAt, deals: deals, in: transaction)
    return sums
  }

  mutating func addHistorical(
    _ filter: DealFilter, _ asOf: Instant?, _ knownAt: Instant?, deals: [EntityID]?,
    times: Int64 = 1, in transaction: borrowing PostgresTransaction
  ) throws {
    var parameters = filter.parameters(asOf, knownAt)
    var restriction = filter.restriction(&parameters)
    if let deals {
      parameters.append(deals)
      restriction += " AND opportunity_id = ANY($\(parameters.count)::uuid[])"
    }
    try add(
      transaction.query(
        FlowSums.history(restriction) + FlowSums.sums, parameters: parameters), times: times)
  }

  /// `known`: the events in question, with owner, team and currency before each; `openings`: those
  /// that begin a visit, with the visit that they end; `held`: how long deals were on hold in those.
  static func history(_ restriction: String) -> String {
    """
    WITH known AS MATERIALIZED (
      SELECT opportunity_id, epoch, sequence, to_stage, to_category, direction, owner, team, amount_minor,
        currency, occurred_at, held,
        entry_unknown AND type = '\(StageEventType.created.rawValue)' AS entry_unknown,
        type = '\(StageEventType.created.rawValue)' OR
          (type = '\(StageEventType.moved.rawValue)' AND from_stage <> to_stage
            AND (opportunity_id, epoch, sequence) NOT IN (
              SELECT opportunity_id, reverted_epoch, reverted_sequence FROM applied_events
              WHERE pipeline = $1 AND reverted_sequence IS NOT NULL
                AND ($3::timestamptz IS NULL OR recorded_at <= $3))) AS opens,
        lag(owner) OVER in_order AS owner_before, lag(team) OVER in_order AS team_before,
        lag(currency) OVER in_order AS currency_before,
        lag(amount_minor) OVER in_order AS amount_before,
        lead(sequence) OVER in_order IS NULL AS is_last
      FROM applied_events
      WHERE pipeline = $1 AND ($2::timestamptz IS NULL OR occurred_at <= $2)
        AND ($3::timestamptz IS NULL OR recorded_at <= $3)
        AND opportunity_id NOT IN (
          SELECT opportunity_id FROM applied_events
          WHERE pipeline = $1 AND merged_into IS NOT NULL
            AND ($3::timestamptz IS NULL OR recorded_at <= $3))\(restriction)
      WINDOW in_order AS (PARTITION BY opportunity_id ORDER BY epoch, sequence)
    ), openings AS MATERIALIZED (
      SELECT *, lag(to_stage) OVER in_order AS left_stage,
        lag(occurred_at) OVER in_order AS left_entered_at,
        lag(entry_unknown) OVER in_order AS left_unknown,
        lead(sequence) OVER in_order IS NULL AS is_last_opening
      FROM known WHERE opens
      WINDOW in_order AS (PARTITION BY opportunity_id ORDER BY epoch, sequence)
    ), switches AS (
      SELECT opportunity_id, held, occurred_at, lead(occurred_at) OVER in_order AS until
      FROM (
        SELECT *, lag(held) OVER in_order AS held_before FROM known WHERE held IS NOT NULL
        WINDOW in_order AS (PARTITION BY opportunity_id ORDER BY epoch, sequence)
      ) AS noted
      WHERE held IS DISTINCT FROM held_before
      WINDOW in_order AS (PARTITION BY opportunity_id ORDER BY epoch, sequence)
    ), held AS (
      SELECT opportunity_id, opening.sequence, sum(greatest(0, extract(epoch FROM
        least(switch.until, opening.occurred_at) - greatest(switch.occurred_at,
          CASE WHEN NOT left_unknown THEN left_entered_at END)))) AS seconds
      FROM openings AS opening JOIN switches AS switch USING (opportunity_id)
      WHERE switch.held AND left_stage IS NOT NULL
      GROUP BY opportunity_id, opening.sequence
    )

    """
  }

  /// As `FlowSums.add` takes them.
  private static let sums = """
    SELECT opening.to_stage, '', coalesce(latest.currency, ''), count(*),
      coalesce(sum(latest.amount_minor), 0)::text,
      min(opening.occurred_at) FILTER (WHERE NOT opening.entry_unknown),
      0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint
    FROM openings AS opening
    JOIN known AS latest USING (opportunity_id)
    WHERE opening.is_last_opening AND latest.is_last
      AND \(DealFilter.condition("latest."))
    GROUP BY opening.to_stage, coalesce(latest.currency, '')
    UNION ALL
    SELECT to_stage, '', '', 0, '0', NULL, count(*), 0, 0, 0, 0, 0, 0
    FROM openings
    WHERE \(DealFilter.condition())
    GROUP BY to_stage
    UNION ALL
    SELECT left_stage, to_stage, '', 0, '0', NULL, 0,
      count(*) FILTER (WHERE direction = 'advance'), count(*) FILTER (WHERE direction = 'back'),
      count(*) FILTER (WHERE direction = 'lost'), count(*) FILTER (WHERE direction = 'reopen'),
      count(*) FILTER (WHERE NOT left_unknown),
      coalesce(sum(floor(greatest(0, extract(epoch FROM occurred_at - left_entered_at)
        - coalesce(held.seconds, 0)))) FILTER (WHERE NOT left_unknown), 0)::bigint
    FROM openings LEFT JOIN held USING (opportunity_id, sequence)
    WHERE left_stage IS NOT NULL AND \(DealFilter.condition("", "_before"))
    GROUP BY left_stage, to_stage
    """
}
