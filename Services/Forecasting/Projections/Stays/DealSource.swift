import Contracts
import Postgres

/// The deals, as rows for whoever adds them up: the start of a statement whose last table is `deals`.
///
/// Its columns: `opportunity_id`, `stage`, `created_at` (null: not known), `outcome` (`won`, `lost`; null:
/// open), `closed_at` (null: open, or not known), `owner`, `team`, `currency`, `amount_minor`, all at `asOf`.
struct DealSource {
  private(set) var parameters: [(any PostgresEncodable)?]
  let sql: String

  init(_ question: FunnelQuestion) {
    let filter = question.filter
    parameters = filter.parameters(question.asOf, question.knownAt)
    let restriction = filter.restriction(&parameters)
    let isNow = question.asOf == nil && question.knownAt == nil
    sql = isNow ? DealSource.current(restriction) : DealSource.events(restriction)
  }

  /// The number of one more parameter, as `$n`.
  mutating func bind(_ value: (any PostgresEncodable)?) -> String {
    parameters.append(value)
    return "$\(parameters.count)"
  }

  private static func current(_ restriction: String) -> String {
    """
    WITH deals AS NOT MATERIALIZED (
      SELECT opportunity_id, stage, created_at, outcome, closed_at, owner, team, currency,
        amount_minor
      FROM current_stage
      WHERE pipeline = $1 AND $2::timestamptz IS NULL AND $3::timestamptz IS NULL
        AND merged_into IS NULL AND \(DealFilter.condition())\(restriction)
    )

    """
  }

  /// Out of the events themselves; slow where that is many deals.
  private static func events(_ restriction: String) -> String {
    FlowSums.history(restriction) + """
      , steps AS (
        SELECT opportunity_id, to_stage, epoch, sequence, is_last_opening,
          CASE WHEN NOT entry_unknown THEN occurred_at END AS entered_at,
          CASE to_category WHEN 'open' THEN NULL WHEN 'lost' THEN 'lost' ELSE 'won' END AS outcome
        FROM openings
      ), numbered AS (
        SELECT *, lag(outcome) OVER in_order AS outcome_before,
          first_value(entered_at) OVER in_order AS created_at,
          row_number() OVER in_order AS number
        FROM steps
        WINDOW in_order AS (PARTITION BY opportunity_id ORDER BY epoch, sequence)
      ), turns AS (
        SELECT DISTINCT ON (opportunity_id) opportunity_id, created_at, outcome,
          CASE WHEN outcome IS NOT NULL THEN entered_at END AS closed_at
        FROM numbered WHERE number = 1 OR outcome IS DISTINCT FROM outcome_before
        ORDER BY opportunity_id, number DESC
      ), deals AS (
        SELECT opportunity_id, last.to_stage AS stage, created_at, turns.outcome, closed_at, owner,
          team, currency, amount_minor
        FROM turns JOIN steps AS last USING (opportunity_id)
        JOIN known AS latest USING (opportunity_id)
        WHERE last.is_last_opening AND latest.is_last AND \(DealFilter.condition())
      )

      """
  }
}
