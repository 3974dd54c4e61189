import Contracts
import Postgres
import Statistics

/// How a conversion is asked for beside what all figures have.
struct ConversionOptions: Sendable {
  var mode = Mode.snapshot
  var cohort = CohortConversion.Length.month
  var days = [30, 60, 90]
  /// Deals that were closed before it were never seen; those created before it are under observation
  /// from then on.
  var observedFrom: Instant?
  var stage: String?

  enum Mode: String, CaseIterable, Sendable {
    case snapshot, cohort
  }
}

/// Reads what conversions are made of.
enum ConversionQueries {
  /// More deals than these are added up by tenths of a day.
  static let exactDeals = 20_000

  static func closed(
    _ question: FunnelQuestion, in transaction: borrowing PostgresTransaction
  ) throws -> ClosedConversion {
    var source = DealSource(question)
    let from = source.bind(question.from)
    let to = source.bind(question.to)
    let row = try transaction.query(
      source.sql + """
        SELECT count(*) FILTER (WHERE outcome = 'won' AND counts),
          count(*) FILTER (WHERE outcome = 'lost' AND counts),
          count(*) FILTER (WHERE closed_at IS NULL)
        FROM (
          SELECT outcome, closed_at,
            CASE WHEN closed_at IS NULL THEN
              \(from)::timestamptz IS NULL AND \(to)::timestamptz IS NULL ELSE true END AS counts
          FROM deals
          WHERE outcome IS NOT NULL AND (closed_at IS NULL
            OR (closed_at >= coalesce(\(from), '-infinity')
              AND closed_at < coalesce(\(to), 'infinity')))
        ) AS closed
        """, parameters: source.parameters)[0]
    return ClosedConversion(
      won: try row.decode(0), lost: try row.decode(1), undated: try row.decode(2))
  }

  static func onward(
    from stage: String, _ question: FunnelQuestion, now: Instant,
    in transaction: borrowing PostgresTransaction
  ) throws -> StageConversion {
    guard question.from != nil || question.to != nil else {
      let sums = try FlowSums.of(question, in: transaction)
      return StageConversion(
        stage: stage, entered: sums.entered[stage] ?? 0,
        advanced: sums.figures(of: stage).advanced)
    }
    // Of the entries of the period, not of the moves of the period.
    var source = StaySource(question, stage: stage, now: now)
    let from = source.bind(question.from)
    let to = source.bind(question.to)
    let row = try transaction.query(
      source.sql + """
        SELECT count(*), count(*) FILTER (WHERE direction = 'advance') FROM stays
        WHERE entered_at >= coalesce(\(from)::timestamptz, '-infinity')
          AND entered_at < coalesce(\(to)::timestamptz, 'infinity')
        """, parameters: source.parameters)[0]
    return StageConversion(
      stage: stage, entered: try row.decode(0), advanced: try row.decode(1))
  }

  static func cohorts(
    _ question: FunnelQuestion, _ options: ConversionOptions, now: Instant,
    in transaction: borrowing PostgresTransaction
  ) throws -> CohortConversion {
    let deals: Int64 = try transaction.query(
      "SELECT coalesce(sum(deals), 0)::bigint FROM stage_totals WHERE pipeline = $1",
      question.pipeline)[0].decode(0)
    let resolution = deals > exactDeals && question.filter.isOfSums ? 0.1 : 0
    var source = DealSource(question)
    let asOf = source.bind(question.asOf ?? now)
    let length = source.bind(options.cohort.rawValue)
    let observed = source.bind(options.observedFrom)
    let from = source.bind(question.from)
    let to = source.bind(question.to)
    let unit = source.bind(resolution)
    let rows = try transaction.query(
      source.sql + """
        SELECT date_part('epoch', cohort)::bigint / 86400, outcome,
          CASE WHEN \(unit)::float8 = 0 THEN lasted ELSE (lasted + 0.5) * \(unit) END,
          CASE WHEN \(unit) = 0 OR unseen <= 0 THEN unseen ELSE unseen * \(unit) END, count(*)
        FROM (
          SELECT date_trunc(\(length), created_at AT TIME ZONE 'UTC') AS cohort, outcome,
            CASE WHEN \(unit) = 0 THEN lasted ELSE floor(lasted / \(unit)) END AS lasted,
            CASE WHEN \(unit) = 0 THEN unseen ELSE floor(unseen / \(unit)) END AS unseen
          FROM (
            SELECT created_at, outcome, greatest(0, date_part('epoch',
                coalesce(closed_at, \(asOf)::timestamptz) - created_at) / 86400) AS lasted,
              greatest(0, date_part('epoch', \(observed)::timestamptz - created_at) / 86400)
                AS unseen
            FROM deals
            WHERE created_at IS NOT NULL AND (outcome IS NULL) = (closed_at IS NULL)
              AND created_at >= coalesce(\(from)::timestamptz, '-infinity')
              AND created_at < coalesce(\(to)::timestamptz, 'infinity')
              AND (closed_at IS NULL OR closed_at > coalesce(\(observed), '-infinity'))
          ) AS lengths
        ) AS spells
        GROUP BY 1, 2, 3, 4 ORDER BY 1, 3
        """, parameters: source.parameters)
    var cohorts: [(day: Int64, spells: [Spell])] = []
    for row in rows {
      let day = try row.decode(0, as: Int64.self)
      let outcome = try row.optional(1, as: String.self).map { $0 == "won" ? 0 : 1 }
      let spell = Spell(
        try row.decode(2), outcome: outcome, entry: try row.decode(3),
        count: try row.decode(4))
      if cohorts.last?.day != day { cohorts.append((day, [])) }
      cohorts[cohorts.count - 1].spells.append(spell)
    }
    let dated = DealSource(question)
    let undatedRow = try transaction.query(
      dated.sql + """
        SELECT count(*) FROM deals
        WHERE created_at IS NULL OR (outcome IS NULL) <> (closed_at IS NULL)
        """, parameters: dated.parameters)[0]
    return CohortConversion(
      cohort: options.cohort.rawValue,
      cohorts: cohorts.map { cohort in
        CohortConversion.Group(
          start: CalendarDay(days: cohort.day).description, cohort.spells, days: options.days)
      },
      all: CohortConversion.Group(
        start: nil, cohorts.flatMap(\.spells), days: options.days),
      undated: try undatedRow.decode(0), resolutionDays: resolution)
  }
}
