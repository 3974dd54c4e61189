import Contracts
import Foundation
import Postgres
import ServiceWiring

/// Reads the figures of a funnel. All statements of one answer see the same state of the database.
struct FunnelQueries: Sendable {
  let pool: PostgresPool

  enum Answer: Sendable {
    case funnel(Funnel)
    /// There is no such pipeline; these are.
    case unknownPipeline(known: [String])
  }

  /// The keys of all pipelines that were published, sorted.
  func pipelines() async throws -> [String] {
    let rows = try await pool.query(
      "SELECT DISTINCT pipeline FROM pipeline_stages ORDER BY pipeline")
    return try rows.map { try $0.decode(0) }
  }

  func funnel(_ question: FunnelQuestion, now: Instant) async throws -> Answer {
    let funnel = try await pool.transaction(.repeatableReadSnapshot) {
      transaction -> Funnel? in
      var stages = try Self.stages(of: question.pipeline, in: transaction)
      guard !stages.isEmpty else { return nil }
      let figures =
        question.isAboutNow
        ? try Self.currentFigures(question, in: transaction)
        : try Self.historicalFigures(question, in: transaction)
      let known = Set(stages.map(\.key))
      let missing = figures.keys.filter { !known.contains($0) }.sorted()
      if !missing.isEmpty {
        stages += try Self.undescribed(missing, of: question.pipeline, in: transaction)
      }
      return Funnel(question: question, stages: stages, figures: figures, now: now)
    }
    if let funnel { return .funnel(funnel) }
    return .unknownPipeline(known: try await pipelines())
  }

  private static func stages(
    of pipeline: String, in transaction: borrowing PostgresTransaction
  ) throws -> [FunnelStage] {
    let rows = try transaction.query(
      """
      SELECT stage, name_zh, name_en, category, version = newest FROM (
        SELECT DISTINCT ON (stage) stage, name_zh, name_en, category, version, position,
          (SELECT max(version) FROM pipeline_stages WHERE pipeline = $1) AS newest
        FROM pipeline_stages WHERE pipeline = $1
        ORDER BY stage, version DESC
      ) AS described
      ORDER BY version DESC, position
      """, pipeline)
    return try rows.map { row in
      FunnelStage(
        key: try row.decode(0),
        name: LocalizedText(zh: try row.decode(1), en: try row.decode(2)),
        category: try row.decode(3), isCurrent: try row.decode(4))
    }
  }

  /// Stages whose pipeline version has not arrived yet; the events know their category.
  private static func undescribed(
    _ stages: [String], of pipeline: String, in transaction: borrowing PostgresTransaction
  ) throws -> [FunnelStage] {
    let rows = try transaction.query(
      """
      SELECT DISTINCT ON (to_stage) to_stage, to_category FROM applied_events
      WHERE pipeline = $1 AND to_stage = ANY($2::text[]) AND to_category IS NOT NULL
      ORDER BY to_stage, recorded_at DESC
      """, pipeline, stages)
    return try rows.map { row in
      let key = try row.decode(0, as: String.self)
      return FunnelStage(
        key: key, name: LocalizedText(zh: key, en: key), category: try row.decode(1),
        isCurrent: false)
    }
  }

  static func currentFigures(
    _ question: FunnelQuestion, in transaction: borrowing PostgresTransaction
  ) throws -> [String: StageFigures] {
    let totals = try transaction.query(
      """
      SELECT stage, currency, sum(deals)::bigint, sum(amount_minor)::text, sum(entered)::bigint,
        sum(advanced)::bigint, sum(back)::bigint, sum(ended_known)::bigint,
        sum(dwell_seconds)::bigint
      FROM stage_totals
      WHERE pipeline = $1 AND ($2::text IS NULL OR team = $2) AND ($3::text IS NULL OR owner = $3)
        AND \(DealScope.condition(at: 4))
      GROUP BY stage, currency
      """, question.pipeline, question.team, question.owner, question.scope?.owners.sorted(),
      question.scope?.teams.sorted())
    var figures: [String: StageFigures] = [:]
    for row in totals {
      try figures[try row.decode(0), default: StageFigures()].add(row)
    }
    let oldest = try transaction.query(
      """
      SELECT wanted.stage, (
        SELECT visit.entered_at
        FROM visits AS visit JOIN current_stage AS deal USING (opportunity_id)
        WHERE visit.pipeline = $1 AND visit.stage = wanted.stage AND visit.left_at IS NULL
          AND visit.entered_at IS NOT NULL
          AND ($2::text IS NULL OR deal.team = $2) AND ($3::text IS NULL OR deal.owner = $3)
          AND \(DealScope.condition(owner: "deal.owner", team: "deal.team", at: 5))
        ORDER BY visit.entered_at LIMIT 1)
      FROM unnest($4::text[]) AS wanted (stage)
      """, question.pipeline, question.team, question.owner,
      figures.filter { $0.value.count > 0 }.keys.sorted(), question.scope?.owners.sorted(),
      question.scope?.teams.sorted())
    for row in oldest { figures[try row.decode(0)]?.oldestEntry = try row.optional(1) }
    return figures
  }
}

extension StageFigures {
  /// - Parameter row: from column 1 on currency or "", deals, sum of the amounts as text, entered,
  ///   advanced, back, ended with known entry, their dwell in seconds.
  fileprivate mutating func add(_ row: PostgresRow) throws {
    let currency = try row.decode(1, as: String.self)
    let deals = try row.decode(2, as: Int64.self)
    if deals != 0 {
      count += deals
      if currency.isEmpty {
        unpriced += deals
      } else {
        amounts[currency] = Decimal(string: try row.decode(3, as: String.self))
      }
    }
    entered += try row.decode(4, as: Int64.self)
    advanced += try row.decode(5, as: Int64.self)
    back += try row.decode(6, as: Int64.self)
    endedKnown += try row.decode(7, as: Int64.self)
    dwellSeconds += try row.decode(8, as: Int64.self)
  }

  /// - Parameters:
  ///   - standing: stage, currency or null, deals, sum of the amounts as text, oldest entry.
  ///   - counted: stage, entered, advanced, back, ended with known entry, their dwell in seconds.
  static func assemble(
    standing: PostgresRows, counted: PostgresRows
  ) throws -> [String: StageFigures] {
    var figures: [String: StageFigures] = [:]
    for row in standing {
      var stage = figures[try row.decode(0)] ?? StageFigures()
      let count = try row.decode(2, as: Int64.self)
      stage.count += count
      if let currency = try row.optional(1, as: String.self) {
        stage.amounts[currency] = Decimal(string: try row.decode(3, as: String.self))
      } else {
        stage.unpriced += count
      }
      if let oldest = try row.optional(4, as: Instant.self) {
        stage.oldestEntry = min(oldest, stage.oldestEntry ?? oldest)
      }
      figures[try row.decode(0)] = stage
    }
    for row in counted {
      var stage = figures[try row.decode(0)] ?? StageFigures()
      stage.entered = try row.decode(1)
      stage.advanced = try row.decode(2)
      stage.back = try row.decode(3)
      stage.endedKnown = try row.decode(4)
      stage.dwellSeconds = try row.decode(5)
      figures[try row.decode(0)] = stage
    }
    return figures
  }
}
