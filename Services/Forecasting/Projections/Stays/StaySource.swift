import Contracts
import Postgres

/// The stays in stages, as rows for whoever adds them up: the start of a statement whose last table is
/// `stays`.
///
/// Its columns: `opportunity_id`, `stage`, `category`, `entered_at` (null: not known), `left_at` (null:
/// open at `asOf`), `left_category`, `direction`, `dwell` (seconds until the end or `asOf`, without
/// those on hold; null: not known), and `owner`, `team`, `currency`, `amount_minor` at the end of the
/// stay or at `asOf`.
struct StaySource {
  private(set) var parameters: [(any PostgresEncodable)?]
  let sql: String

  /// - Parameters:
  ///   - stage: only stays there; nil: in all stages.
  ///   - now: `asOf` where the question names none.
  init(_ question: FunnelQuestion, stage: String?, now: Instant) {
    let filter = question.filter
    let asOf = question.asOf ?? now
    if question.knownAt == nil {
      parameters = filter.parameters(asOf, stage)
      let restriction = filter.restriction(&parameters)
      sql = StaySource.visits(restriction, hasStage: stage != nil)
    } else {
      parameters = filter.parameters(asOf, question.knownAt)
      let restriction = filter.restriction(&parameters)
      parameters.append(stage)
      sql = StaySource.events(restriction, stage: parameters.count)
    }
  }

  /// The number of one more parameter, as `$n`.
  mutating func bind(_ value: (any PostgresEncodable)?) -> String {
    parameters.append(value)
    return "$\(parameters.count)"
  }

  /// As they are known now.
  private static func visits(_ restriction: String, hasStage: Bool) -> String {
    let place = "pipeline = $1" + (hasStage ? " AND stage = $3" : " AND $3::text IS NULL")
    return """
      WITH stays AS (
        SELECT * FROM (
          SELECT opportunity_id, stage, category, entered_at,
            CASE WHEN left_at <= $2 THEN left_at END AS left_at,
            CASE WHEN left_at <= $2 THEN left_category END AS left_category,
            CASE WHEN left_at <= $2 THEN direction END AS direction,
            CASE WHEN entered_at IS NOT NULL THEN
              greatest(0, extract(epoch FROM least(left_at, $2) - entered_at)
                - CASE WHEN left_at <= $2 THEN held_us ELSE 0 END / 1e6) END AS dwell,
            left_owner AS owner, left_team AS team, left_currency AS currency,
            left_amount_minor AS amount_minor
          FROM visits
          WHERE \(place) AND left_at IS NOT NULL
            AND (entered_at <= $2 OR entered_at IS NULL)\(restriction)
          UNION ALL
          SELECT opportunity_id, visit.stage, visit.category, visit.entered_at, NULL, NULL, NULL,
            CASE WHEN visit.entered_at IS NOT NULL THEN
              greatest(0, extract(epoch FROM $2 - visit.entered_at) - deal.held_us / 1e6
                - CASE WHEN deal.held_since IS NULL THEN 0 ELSE greatest(0, extract(epoch FROM
                  $2 - greatest(deal.held_since, visit.entered_at))) END) END,
            deal.owner, deal.team, deal.currency, deal.amount_minor
          FROM (
            SELECT opportunity_id, stage, category, entered_at FROM visits
            WHERE \(place) AND left_at IS NULL
              AND (entered_at <= $2 OR entered_at IS NULL)\(restriction)
          ) AS visit JOIN current_stage AS deal USING (opportunity_id)
        ) AS stay
        WHERE \(DealFilter.condition())
      )

      """
  }

  /// As they were known at a time; slow where that is many deals.
  private static func events(_ restriction: String, stage: Int) -> String {
    FlowSums.history(restriction) + """
      , bounds AS (
        SELECT opportunity_id, to_stage AS stage, to_category AS category,
          CASE WHEN NOT entry_unknown THEN occurred_at END AS entered_at,
          lead(occurred_at) OVER in_order AS left_at,
          lead(to_category) OVER in_order AS left_category,
          lead(direction) OVER in_order AS direction, lead(sequence) OVER in_order AS left_sequence,
          lead(owner_before) OVER in_order AS owner, lead(team_before) OVER in_order AS team,
          lead(currency_before) OVER in_order AS currency,
          lead(amount_before) OVER in_order AS amount_minor
        FROM openings
        WINDOW in_order AS (PARTITION BY opportunity_id ORDER BY epoch, sequence)
      ), lasting AS (
        SELECT opportunity_id, sum(greatest(0, extract(epoch FROM
          least(switch.until, $2) - greatest(switch.occurred_at, entered_at)))) AS seconds
        FROM bounds JOIN switches AS switch USING (opportunity_id)
        WHERE switch.held AND left_at IS NULL GROUP BY opportunity_id
      ), stays AS (
        SELECT * FROM (
          SELECT bounds.opportunity_id, stage, category, entered_at, left_at, left_category,
            bounds.direction,
            CASE WHEN entered_at IS NOT NULL THEN
              greatest(0, extract(epoch FROM coalesce(left_at, $2) - entered_at) - coalesce(
                CASE WHEN left_at IS NULL THEN lasting.seconds ELSE held.seconds END, 0))
            END AS dwell,
            CASE WHEN left_at IS NULL THEN latest.owner ELSE bounds.owner END AS owner,
            CASE WHEN left_at IS NULL THEN latest.team ELSE bounds.team END AS team,
            CASE WHEN left_at IS NULL THEN latest.currency ELSE bounds.currency END AS currency,
            CASE WHEN left_at IS NULL THEN latest.amount_minor ELSE bounds.amount_minor END
              AS amount_minor
          FROM bounds
          JOIN known AS latest ON latest.opportunity_id = bounds.opportunity_id AND latest.is_last
          LEFT JOIN held ON held.opportunity_id = bounds.opportunity_id
            AND held.sequence = bounds.left_sequence
          LEFT JOIN lasting ON lasting.opportunity_id = bounds.opportunity_id
        ) AS stay
        WHERE ($\(stage)::text IS NULL OR stage = $\(stage)) AND \(DealFilter.condition())
      )

      """
  }
}
