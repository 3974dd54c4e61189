import Contracts
import Postgres

/// The way of one opportunity through its stages.
struct Timeline: Equatable, Sendable {
  struct Visit: Equatable, Sendable {
    var stage: String
    /// Nil when no pipeline version that is known here has the stage.
    var name: LocalizedText?
    var category: String
    var sequence: Int64
    var entered: Instant?
    var left: Instant?
    var to: String?
    var direction: String?
    /// Owner and team after the event that began the visit.
    var owner: String?
    var team: String?

    /// Up to `now` for an open visit; nil when the entry is not known.
    func dwellDays(now: Instant) -> Double? {
      entered.map { max(0, (left ?? now).days(since: $0)) }
    }
  }

  /// A move that was taken back; the stay that it began is none of the visits.
  struct RevertedMove: Equatable, Sendable {
    var from: String
    var to: String
    /// Of the event of the move.
    var sequence: Int64
    var at: Instant
    var revertedAt: Instant
    /// Who took it back, and why.
    var by: String?
    var reason: String?
  }

  var id: EntityID
  var pipeline: String
  var pipelineVersion: Int
  var sequence: Int64
  var stage: String
  var category: String
  var name: String?
  var account: String?
  var owner: String?
  var team: String?
  var amount: Money?
  var followUpDueAt: Instant?
  var benchmarkDays: Double?
  /// Of a duplicate: the deal that it became part of; it has no visits.
  var mergedInto: EntityID?
  /// In order.
  var visits: [Visit]
  /// In the order in which they were taken back.
  var reverted: [RevertedMove]
}

struct TimelineQueries: Sendable {
  let pool: PostgresPool

  func timeline(of id: EntityID) async throws -> Timeline? {
    try await pool.transaction(.repeatableReadSnapshot) { transaction in
      let current = try transaction.query(
        """
        SELECT pipeline, pipeline_version, sequence, stage, category, name, account, owner, team,
          amount_minor, currency, follow_up_due_at, benchmark_days, merged_into
        FROM current_stage WHERE opportunity_id = $1
        """, id)
      guard let row = current.first else { return nil }
      return try Timeline(
        id, row, visits: try Self.visits(of: id, in: transaction),
        reverted: try Self.reverted(of: id, in: transaction))
    }
  }

  private static func visits(
    of id: EntityID, in transaction: borrowing PostgresTransaction
  ) throws -> [Timeline.Visit] {
    try transaction.query(
      """
      SELECT visit.stage, described.name_zh, described.name_en, visit.category,
        visit.entered_sequence, visit.entered_at, visit.left_at, visit.left_to, visit.direction,
        entry.owner, entry.team
      FROM visits AS visit
      LEFT JOIN LATERAL (
        SELECT owner, team FROM applied_events
        WHERE opportunity_id = visit.opportunity_id AND sequence = visit.entered_sequence
        ORDER BY epoch DESC LIMIT 1
      ) AS entry ON true
      LEFT JOIN LATERAL (
        SELECT name_zh, name_en FROM pipeline_stages
        WHERE pipeline = visit.pipeline AND stage = visit.stage ORDER BY version DESC LIMIT 1
      ) AS described ON true
      WHERE visit.opportunity_id = $1
      ORDER BY visit.entered_sequence
      """, id
    ).map(Timeline.Visit.init)
  }

  private static func reverted(
    of id: EntityID, in transaction: borrowing PostgresTransaction
  ) throws -> [Timeline.RevertedMove] {
    try transaction.query(
      """
      SELECT move.from_stage, move.to_stage, move.sequence, move.occurred_at, reversal.occurred_at,
        reversal.reverted_by, reversal.reverted_because
      FROM applied_events AS reversal
      JOIN applied_events AS move ON move.opportunity_id = reversal.opportunity_id
        AND move.epoch = reversal.reverted_epoch AND move.sequence = reversal.reverted_sequence
      WHERE reversal.opportunity_id = $1 AND move.from_stage IS NOT NULL
        AND move.to_stage IS NOT NULL
      ORDER BY reversal.epoch, reversal.sequence
      """, id
    ).map(Timeline.RevertedMove.init)
  }
}

extension Timeline {
  fileprivate init(
    _ id: EntityID, _ row: PostgresRow, visits: [Visit], reverted: [RevertedMove]
  ) throws {
    let minor = try row.optional(9, as: Int64.self)
    let currency = try row.optional(10, as: String.self)
    self.init(
      id: id, pipeline: try row.decode(0), pipelineVersion: try row.decode(1),
      sequence: try row.decode(2), stage: try row.decode(3), category: try row.decode(4),
      name: try row.optional(5), account: try row.optional(6), owner: try row.optional(7),
      team: try row.optional(8),
      amount: minor.flatMap { minor in currency.map { Money(minor: minor, currency: $0) } },
      followUpDueAt: try row.optional(11), benchmarkDays: try row.optional(12),
      mergedInto: try row.optional(13), visits: visits, reverted: reverted)
  }
}

extension Timeline.RevertedMove {
  fileprivate init(_ row: PostgresRow) throws {
    self.init(
      from: try row.decode(0), to: try row.decode(1), sequence: try row.decode(2),
      at: try row.decode(3), revertedAt: try row.decode(4), by: try row.optional(5),
      reason: try row.optional(6))
  }
}

extension Timeline.Visit {
  fileprivate init(_ row: PostgresRow) throws {
    let zh = try row.optional(1, as: String.self)
    let en = try row.optional(2, as: String.self)
    self.init(
      stage: try row.decode(0),
      name: zh.flatMap { zh in en.map { LocalizedText(zh: zh, en: $0) } },
      category: try row.decode(3), sequence: try row.decode(4), entered: try row.optional(5),
      left: try row.optional(6), to: try row.optional(7), direction: try row.optional(8),
      owner: try row.optional(9), team: try row.optional(10))
  }
}
