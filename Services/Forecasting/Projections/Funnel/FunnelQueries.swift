import Contracts
import Foundation
import Postgres

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
      guard
        let (stages, sums) = try Self.flows(question, in: transaction)
      else { return nil }
      return Funnel(question: question, stages: stages, sums: sums, now: now)
    }
    if let funnel { return .funnel(funnel) }
    return .unknownPipeline(known: try await pipelines())
  }

  /// The sums, and all stages that they or the pipeline name; nil for no such pipeline.
  static func flows(
    _ question: FunnelQuestion, in transaction: borrowing PostgresTransaction
  ) throws -> (stages: [FunnelStage], sums: FlowSums)? {
    var stages = try FunnelStage.all(of: question.pipeline, in: transaction)
    guard !stages.isEmpty else { return nil }
    let sums = try FlowSums.of(question, in: transaction)
    let known = Set(stages.map(\.key))
    let missing = sums.stages.filter { !known.contains($0) }.sorted()
    if !missing.isEmpty {
      stages += try FunnelStage.undescribed(missing, of: question.pipeline, in: transaction)
    }
    return (stages, sums)
  }
}

extension FlowSums {
  /// Where deals stand at `asOf`, and what happened from `from` to `to`.
  static func of(
    _ question: FunnelQuestion, in transaction: borrowing PostgresTransaction
  ) throws -> FlowSums {
    var sums = try at(question.asOf, question, in: transaction)
    let end = question.to.map { Instant(microseconds: $0.microseconds - 1) }
    if let end, question.asOf.map({ end < $0 }) ?? true {
      sums = try at(end, question, in: transaction).standing(as: sums)
    }
    if let from = question.from {
      let before = Instant(microseconds: from.microseconds - 1)
      sums.subtractFlows(of: try at(before, question, in: transaction))
    }
    return sums
  }

  private static func at(
    _ time: Instant?, _ question: FunnelQuestion, in transaction: borrowing PostgresTransaction
  ) throws -> FlowSums {
    let filter = question.filter
    guard filter.isOfSums, question.knownAt == nil else {
      return try historical(filter, asOf: time, knownAt: question.knownAt, in: transaction)
    }
    guard let time else { return try current(filter, in: transaction) }
    return try daily(filter, asOf: time, in: transaction)
  }

  /// - Parameter filter: one that the sums can answer.
  private static func current(
    _ filter: DealFilter, in transaction: borrowing PostgresTransaction
  ) throws -> FlowSums {
    var sums = try moves(filter, in: transaction)
    try sums.add(
      transaction.query(
        """
        SELECT stage, '', currency, sum(deals)::bigint, sum(amount_minor)::text,
          NULL::timestamptz, sum(entered)::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint,
          0::bigint, 0::bigint
        FROM stage_totals
        WHERE pipeline = $1 AND ($2::text IS NULL OR team = $2)
          AND ($3::text IS NULL OR currency = $3)
        GROUP BY stage, currency
        """, filter.pipeline, filter.team, filter.currency))
    let occupied = sums.standing.filter { $0.value.contains { $0.value.deals > 0 } }
    let oldest = try transaction.query(
      """
      SELECT wanted.stage, (
        SELECT visit.entered_at
        FROM visits AS visit JOIN current_stage AS deal USING (opportunity_id)
        WHERE visit.pipeline = $1 AND visit.stage = wanted.stage AND visit.left_at IS NULL
          AND visit.entered_at IS NOT NULL AND ($2::text IS NULL OR deal.team = $2)
          AND ($3::text IS NULL OR deal.currency = $3)
        ORDER BY visit.entered_at LIMIT 1)
      FROM unnest($4::text[]) AS wanted (stage)
      """, filter.pipeline, filter.team, filter.currency, occupied.keys.sorted())
    for row in oldest {
      sums.oldest[try row.decode(0)] = try row.optional(1, as: Instant.self)
    }
    return sums
  }
}

extension FunnelStage {
  /// The stages of the newest version in their order, then those that only older ones have.
  static func all(
    of pipeline: String, in transaction: borrowing PostgresTransaction
  ) throws -> [FunnelStage] {
    let rows = try transaction.query(
      """
      SELECT stage, name_zh, name_en, category, version = newest, benchmark_days, probability
      FROM (
        SELECT DISTINCT ON (stage) stage, name_zh, name_en, category, version, position,
          benchmark_days, probability,
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
        category: try row.decode(3), isCurrent: try row.decode(4),
        benchmarkDays: try row.optional(5), probability: try row.optional(6))
    }
  }

  /// Stages whose pipeline version has not arrived yet; the events know their category.
  static func undescribed(
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
}
