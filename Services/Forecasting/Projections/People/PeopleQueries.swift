import Contracts
import Postgres

/// Reads the figures of people: one statement for each source, grouped by team and owner.
enum PeopleQueries {
  typealias Figures = [People.Key: PersonFigures]

  static func figures(
    _ question: FunnelQuestion, _ period: FigurePeriod, now: Instant,
    in transaction: borrowing PostgresTransaction
  ) throws -> Figures {
    var figures: Figures = [:]
    try addDeals(to: &figures, question, period, in: transaction)
    try addForgotten(to: &figures, question, now, in: transaction)
    try addStays(to: &figures, question, period, now, in: transaction)
    try addChecklists(to: &figures, question, period, now, in: transaction)
    try addActivities(to: &figures, question, period, in: transaction)
    try addDeadlines(to: &figures, question, period, now, in: transaction)
    return figures
  }

  private static func add(
    _ rows: PostgresRows, to figures: inout Figures,
    _ note: (PostgresRow, inout PersonFigures) throws -> Void
  ) throws {
    for row in rows {
      let key = People.Key(team: try row.optional(0), owner: try row.optional(1))
      try note(row, &figures[key, default: PersonFigures()])
    }
  }

  private static func addDeals(
    to figures: inout Figures, _ question: FunnelQuestion, _ period: FigurePeriod,
    in transaction: borrowing PostgresTransaction
  ) throws {
    var source = DealSource(question)
    let from = source.bind(period.from)
    let to = source.bind(period.to)
    let rows = try transaction.query(
      source.sql + """
        SELECT team, owner, count(*) FILTER (WHERE outcome IS NULL),
          count(*) FILTER (WHERE outcome = 'won'), count(*) FILTER (WHERE outcome = 'lost')
        FROM deals
        WHERE outcome IS NULL OR (closed_at >= \(from)::timestamptz
          AND closed_at < \(to)::timestamptz)
        GROUP BY 1, 2
        """, parameters: source.parameters)
    try add(rows, to: &figures) { row, person in
      person.openDeals = try row.decode(2)
      person.won = try row.decode(3)
      person.lost = try row.decode(4)
    }
  }

  private static func addForgotten(
    to figures: inout Figures, _ question: FunnelQuestion, _ now: Instant,
    in transaction: borrowing PostgresTransaction
  ) throws {
    var source = DealSource(question)
    let at = source.bind(question.asOf ?? now)
    let isNow = question.asOf == nil && question.knownAt == nil
    let due =
      isNow
      ? "JOIN current_stage AS due USING (opportunity_id)"
      : """
      CROSS JOIN LATERAL (
        SELECT follow_up_due_at FROM applied_events AS event
        WHERE event.opportunity_id = deals.opportunity_id AND occurred_at <= \(at)::timestamptz
          AND ($3::timestamptz IS NULL OR recorded_at <= $3) AND \(isHeard("event", knownAt: "$3"))
        ORDER BY epoch DESC, sequence DESC LIMIT 1
      ) AS due
      """
    let rows = try transaction.query(
      source.sql + """
        SELECT deals.team, deals.owner, count(*) FROM deals \(due)
        WHERE deals.outcome IS NULL AND due.follow_up_due_at <= \(at)::timestamptz
        GROUP BY 1, 2
        """, parameters: source.parameters)
    try add(rows, to: &figures) { $1.forgotten = try $0.decode(2) }
  }

  private static func addStays(
    to figures: inout Figures, _ question: FunnelQuestion, _ period: FigurePeriod, _ now: Instant,
    in transaction: borrowing PostgresTransaction
  ) throws {
    var source = StaySource(question, stage: nil, now: now)
    let from = source.bind(period.from)
    let to = source.bind(period.to)
    let rows = try transaction.query(
      source.sql + """
        SELECT team, owner, count(*) FILTER (WHERE direction = 'advance'),
          count(*) FILTER (WHERE direction = 'back'),
          count(dwell) FILTER (WHERE category = 'open'),
          coalesce(sum(dwell) FILTER (WHERE category = 'open'), 0)::float8 / 86400
        FROM stays WHERE left_at >= \(from)::timestamptz AND left_at < \(to)::timestamptz
        GROUP BY 1, 2
        """, parameters: source.parameters)
    try add(rows, to: &figures) { row, person in
      person.advanced = try row.decode(2)
      person.back = try row.decode(3)
      person.ended = try row.decode(4)
      person.endedDays = try row.decode(5)
    }
  }

  /// Of the items of the stages that deals left: those that were ticked by then.
  private static func addChecklists(
    to figures: inout Figures, _ question: FunnelQuestion, _ period: FigurePeriod, _ now: Instant,
    in transaction: borrowing PostgresTransaction
  ) throws {
    var source = StaySource(question, stage: nil, now: now)
    let from = source.bind(period.from)
    let to = source.bind(period.to)
    let knownAt = source.bind(question.knownAt)
    let rows = try transaction.query(
      source.sql + """
        , items AS MATERIALIZED (
          SELECT stage, item FROM (
            SELECT DISTINCT ON (stage) stage, checklist FROM pipeline_stages
            WHERE pipeline = $1 ORDER BY stage, version DESC
          ) AS described CROSS JOIN jsonb_array_elements_text(checklist) AS item
        ), ended AS (
          SELECT team, owner, opportunity_id, stage, left_at FROM stays
          WHERE left_at >= \(from)::timestamptz AND left_at < \(to)::timestamptz
            AND stage IN (SELECT stage FROM items)
        )
        SELECT team, owner, count(*) FILTER (WHERE tick.is_set), count(*)
        FROM ended JOIN items USING (stage) LEFT JOIN LATERAL (
          SELECT is_set FROM noted_changes AS noted
          WHERE noted.opportunity_id = ended.opportunity_id AND noted.kind = 'checklist'
            AND noted.stage = ended.stage AND noted.item = items.item
            AND noted.occurred_at <= ended.left_at AND \(NotedTables.isKnown(knownAt))
          ORDER BY epoch DESC, sequence DESC, number DESC LIMIT 1
        ) AS tick ON true
        GROUP BY 1, 2
        """, parameters: source.parameters)
    try add(rows, to: &figures) { row, person in
      person.ticked = try row.decode(2)
      person.items = try row.decode(3)
    }
  }

  private static func addActivities(
    to figures: inout Figures, _ question: FunnelQuestion, _ period: FigurePeriod,
    in transaction: borrowing PostgresTransaction
  ) throws {
    var source = EventSource(question)
    let from = source.bind(period.from)
    let to = source.bind(period.to)
    let type = source.bind(StageEventType.activityRecorded.rawValue)
    let rows = try transaction.query(
      """
      SELECT team, owner, count(*) FROM applied_events
      WHERE type = \(type) AND occurred_at >= \(from) AND occurred_at < \(to)
        AND \(source.condition)
      GROUP BY 1, 2
      """, parameters: source.parameters)
    try add(rows, to: &figures) { $1.activities = try $0.decode(2) }
  }

  /// Each deadline of the period once, under whom the deal was when the last event before it said so;
  /// one that a hold ended is none.
  private static func addDeadlines(
    to figures: inout Figures, _ question: FunnelQuestion, _ period: FigurePeriod, _ now: Instant,
    in transaction: borrowing PostgresTransaction
  ) throws {
    var source = EventSource(question)
    let from = source.bind(period.from)
    let to = source.bind(min(period.to, question.asOf ?? now))
    let rows = try transaction.query(
      """
      WITH deadlines AS MATERIALIZED (
        SELECT DISTINCT ON (opportunity_id, follow_up_due_at) opportunity_id, epoch, sequence,
          follow_up_due_at AS due, team, owner, currency
        FROM applied_events
        WHERE follow_up_due_at >= \(from) AND follow_up_due_at < \(to)
          AND occurred_at <= follow_up_due_at AND \(source.known)
          AND \(isHeard("applied_events", knownAt: source.knownAt))
        ORDER BY opportunity_id, follow_up_due_at, epoch DESC, sequence DESC
      )
      SELECT team, owner, count(*) FILTER (WHERE next.sequence IS NOT NULL),
        count(*) FILTER (WHERE next.sequence IS NULL)
      FROM deadlines LEFT JOIN LATERAL (
        SELECT sequence, held FROM applied_events AS event
        WHERE event.opportunity_id = deadlines.opportunity_id
          AND (event.epoch, event.sequence) > (deadlines.epoch, deadlines.sequence)
          AND occurred_at <= due
          AND (\(source.knownAt)::timestamptz IS NULL OR recorded_at <= \(source.knownAt))
          AND \(isHeard("event", knownAt: source.knownAt))
        ORDER BY epoch, sequence LIMIT 1
      ) AS next ON true
      WHERE next.held IS NOT TRUE AND \(source.held)
      GROUP BY 1, 2
      """, parameters: source.parameters)
    try add(rows, to: &figures) { row, person in
      person.followedUp = try row.decode(2)
      person.missed = try row.decode(3)
    }
  }

  /// A condition: the event does not lie between a move that was taken back and its reversal, where
  /// what it says of the follow-up does not count.
  private static func isHeard(_ event: String, knownAt: String) -> String {
    """
    NOT EXISTS (
      SELECT FROM applied_events AS reversal
      WHERE reversal.opportunity_id = \(event).opportunity_id
        AND reversal.reverted_sequence IS NOT NULL
        AND (\(knownAt)::timestamptz IS NULL OR reversal.recorded_at <= \(knownAt))
        AND (reversal.epoch, reversal.sequence) > (\(event).epoch, \(event).sequence)
        AND (reversal.reverted_epoch, reversal.reverted_sequence)
          <= (\(event).epoch, \(event).sequence))
    """
  }
}
