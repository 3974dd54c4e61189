import Contracts
import Postgres
import Statistics

/// How a dwell is asked for beside what all figures have.
struct DwellOptions: Sendable {
  var stage: String
  /// Visits that ended before it were never seen; those begun before it are under observation from then
  /// on.
  var observedFrom: Instant?
  var outcome: Outcome?
}

/// Reads what dwell is made of.
enum DwellQueries {
  /// From more ended visits than these on, the sums of lengths answer where they can.
  static let exactVisits: Int64 = 20_000

  static func spells(
    _ question: FunnelQuestion, _ options: DwellOptions, now: Instant,
    in transaction: borrowing PostgresTransaction
  ) throws -> DwellSpells {
    let isOfSums =
      question.filter.isOfSums && question.currency == nil && question.from == nil
      && question.to == nil && question.asOf == nil && question.knownAt == nil
      && options.observedFrom == nil
    if isOfSums {
      let ended: Int64 = try transaction.query(
        """
        SELECT coalesce(sum(ended_known), 0)::bigint FROM stage_totals
        WHERE pipeline = $1 AND stage = $2 AND ($3::text IS NULL OR team = $3)
        """, question.pipeline, options.stage, question.team)[0].decode(0)
      if ended > exactVisits {
        return try summed(question, options.stage, now: now, in: transaction)
      }
    }
    return try exact(question, options, now: now, in: transaction)
  }

  private static func exact(
    _ question: FunnelQuestion, _ options: DwellOptions, now: Instant,
    in transaction: borrowing PostgresTransaction
  ) throws -> DwellSpells {
    var source = StaySource(question, stage: options.stage, now: now)
    let observed = source.bind(options.observedFrom)
    let from = source.bind(question.from)
    let to = source.bind(question.to)
    let rows = try transaction.query(
      source.sql + """
        SELECT (dwell / 86400)::float8 AS days, direction, left_category, left_at IS NULL,
          greatest(0, extract(epoch FROM \(observed)::timestamptz - entered_at))::float8 / 86400,
          count(*)
        FROM stays
        WHERE (entered_at >= coalesce(\(from)::timestamptz, '-infinity')
            AND entered_at < coalesce(\(to)::timestamptz, 'infinity')
            AND (left_at IS NULL OR left_at > coalesce(\(observed), '-infinity')))
          OR (entered_at IS NULL AND \(from) IS NULL AND \(to) IS NULL)
        GROUP BY 1, 2, 3, 4, 5 ORDER BY 1
        """, parameters: source.parameters)
    var data = DwellSpells()
    data.spells.reserveCapacity(rows.count)
    for row in rows {
      let count = try row.decode(5, as: Int64.self)
      guard let days = try row.optional(0, as: Double.self) else {
        data.unknownEntry += count
        continue
      }
      let isOpen = try row.decode(3, as: Bool.self)
      let outcome = try outcome(
        direction: row.optional(1), category: row.optional(2), isOpen: isOpen)
      data.spells.append(
        Spell(
          days, outcome: outcome, entry: try row.optional(4) ?? 0, count: Int(count)))
    }
    return data
  }

  private static func outcome(
    direction: String?, category: String?, isOpen: Bool
  ) -> Int? {
    if isOpen { return nil }
    if direction == MoveDirection.lost.rawValue { return 1 }
    return direction == MoveDirection.advance.rawValue
      && category == StageCategory.won.rawValue ? 0 : 2
  }

  /// Ended visits out of `dwell_totals`, and the open ones.
  static func summed(
    _ question: FunnelQuestion, _ stage: String, now: Instant,
    in transaction: borrowing PostgresTransaction
  ) throws -> DwellSpells {
    var data = DwellSpells(resolution: 0.01)
    let ended = try transaction.query(
      """
      SELECT bucket, ending, sum(visits)::bigint FROM dwell_totals
      WHERE pipeline = $1 AND stage = $2 AND ($3::text IS NULL OR team = $3)
      GROUP BY bucket, ending HAVING sum(visits) > 0 ORDER BY bucket
      """, question.pipeline, stage, question.team)
    for row in ended {
      let ending = DwellKey.Ending(rawValue: try row.decode(1)) ?? .advance
      data.spells.append(
        Spell(
          DwellBucket.days(try row.decode(0)),
          outcome: ending == .won ? 0 : ending == .lost ? 1 : 2, count: try row.decode(2)))
    }
    // The index on the open visits alone answers for all teams.
    let place =
      question.team == nil
      ? "visits WHERE pipeline = $1 AND stage = $2 AND left_at IS NULL"
      : "current_stage WHERE pipeline = $1 AND stage = $2 AND team = $4 AND merged_into IS NULL"
    let open = try transaction.query(
      """
      WITH held AS (
        SELECT date_part('epoch', $3::timestamptz - entered_at) AS whole, held_us / 1e6::float8
          + CASE WHEN held_since IS NULL THEN 0 ELSE
            greatest(0, date_part('epoch', $3 - greatest(held_since, entered_at))) END AS held
        FROM current_stage
        WHERE pipeline = $1 AND stage = $2 AND (held_since IS NOT NULL OR held_us > 0)
          AND entered_at IS NOT NULL AND merged_into IS NULL
          AND ($4::text IS NULL OR team = $4)
      )
      SELECT floor(greatest(0, seconds) / 864)::int AS hundredths, sum(visits)::bigint
      FROM (
        SELECT date_part('epoch', $3 - entered_at) AS seconds, count(*) AS visits
        FROM \(place) GROUP BY entered_at
        UNION ALL SELECT whole, -1 FROM held
        UNION ALL SELECT whole - held, 1 FROM held
      ) AS parts
      WHERE seconds IS NOT NULL
      GROUP BY 1 HAVING sum(visits) <> 0 ORDER BY 1
      """, question.pipeline, stage, now, question.team)
    var known: Int64 = 0
    for row in open {
      let count = try row.decode(1, as: Int64.self)
      known += count
      let hundredths = try row.decode(0, as: Int32.self)
      data.spells.append(
        Spell((Double(hundredths) + 0.5) / 100, ended: false, count: Int(count)))
    }
    let unknown: Int64 = try transaction.query(
      """
      SELECT coalesce(sum(advanced + back + lost + reopened - ended_known + deals), 0)::bigint
      FROM stage_totals
      WHERE pipeline = $1 AND stage = $2 AND ($3::text IS NULL OR team = $3)
      """, question.pipeline, stage, question.team)[0].decode(0)
    // Those that left and those that stand there, less those of which the length is known.
    data.unknownEntry = unknown - known
    return data
  }
}
