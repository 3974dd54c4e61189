import Contracts
import Foundation

/// The answer of `/v1/funnel`. What has no value is written as null.
struct FunnelBody: Figure {
  let funnel: Funnel

  private enum CodingKeys: CodingKey { case stages }

  var about: LocalizedText {
    LocalizedText(
      zh: "各阶段现有的商机，以及进入、推进、退回、跳过、赢单和输单的次数；已撤回的推进不计入",
      en:
        "Where deals stand, and how often stages were entered, left forwards or backwards, skipped, "
        + "won and lost; moves that were taken back do not count")
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(funnel.stages.map(StageBody.init), forKey: .stages)
  }

  /// A row for each stage and currency, and one for deals without an amount.
  var table: CSVTable {
    var table = CSVTable(header: [
      "stage", "category", "count", "unpriced", "currency", "amountMinor", "weightedMinor",
      "entered", "advanced", "back", "skipped", "won", "lost", "conversion", "meanDwellDays",
      "oldestDays",
    ])
    for row in funnel.stages {
      let figures = row.figures
      let amounts = figures.amounts.sorted { $0.key < $1.key }
      let priced = amounts.isEmpty ? [nil] : amounts.map(Optional.some)
      for amount in priced {
        let weighted = amount.flatMap { row.weighted?[$0.key] }
        table.rows.append([
          row.stage.key, row.stage.category, "\(figures.count)", "\(figures.unpriced)",
          amount?.key, (amount?.value).cell, weighted.cell, "\(figures.entered)",
          "\(figures.advanced)", "\(figures.back)", "\(figures.skipped)", "\(figures.won)",
          "\(figures.lost)", row.conversion.cell, row.meanDwellDays.cell, row.oldestDays.cell,
        ])
      }
    }
    return table
  }

  private struct Amount: Encodable {
    let currency: String
    let minor: Decimal
  }

  private struct StageBody: Encodable {
    let row: Funnel.Row

    private enum CodingKeys: CodingKey {
      case stage, name, category, count, amounts, weighted, unpriced, entered, advanced, back
      case skipped, won, lost, conversion, meanDwellDays, oldestDays
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      let figures = row.figures
      try container.encode(row.stage.key, forKey: .stage)
      try container.encode(row.stage.name, forKey: .name)
      try container.encode(row.stage.category, forKey: .category)
      try container.encode(figures.count, forKey: .count)
      try container.encode(Self.amounts(figures.amounts), forKey: .amounts)
      try container.encode(row.weighted.map(Self.amounts), forKey: .weighted)
      try container.encode(figures.unpriced, forKey: .unpriced)
      try container.encode(figures.entered, forKey: .entered)
      try container.encode(figures.advanced, forKey: .advanced)
      try container.encode(figures.back, forKey: .back)
      try container.encode(figures.skipped, forKey: .skipped)
      try container.encode(figures.won, forKey: .won)
      try container.encode(figures.lost, forKey: .lost)
      try container.encode(row.conversion, forKey: .conversion)
      try container.encode(row.meanDwellDays, forKey: .meanDwellDays)
      try container.encode(row.oldestDays, forKey: .oldestDays)
    }

    private static func amounts(_ sums: [String: Decimal]) -> [Amount] {
      sums.sorted { $0.key < $1.key }.map { Amount(currency: $0.key, minor: $0.value) }
    }
  }
}

/// The JSON of `/v1/opportunities/{id}/timeline`.
struct TimelineBody: Encodable {
  let timeline: Timeline
  let freshness: Freshness
  let now: Instant

  private enum CodingKeys: CodingKey {
    case id, pipeline, pipelineVersion, sequence, stage, category, name, account, owner, team
    case amount, followUpDueAt, benchmarkDays, mergedInto, freshness, items, reverted, next
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(timeline.id, forKey: .id)
    try container.encode(timeline.pipeline, forKey: .pipeline)
    try container.encode(timeline.pipelineVersion, forKey: .pipelineVersion)
    try container.encode(timeline.sequence, forKey: .sequence)
    try container.encode(timeline.stage, forKey: .stage)
    try container.encode(timeline.category, forKey: .category)
    try container.encode(timeline.name, forKey: .name)
    try container.encode(timeline.account, forKey: .account)
    try container.encode(timeline.owner, forKey: .owner)
    try container.encode(timeline.team, forKey: .team)
    try container.encode(timeline.amount, forKey: .amount)
    try container.encode(timeline.followUpDueAt, forKey: .followUpDueAt)
    try container.encode(timeline.benchmarkDays, forKey: .benchmarkDays)
    try container.encode(timeline.mergedInto, forKey: .mergedInto)
    try container.encode(freshness, forKey: .freshness)
    try container.encode(
      timeline.visits.map { VisitBody(visit: $0, now: now) }, forKey: .items)
    try container.encode(
      timeline.reverted.map(RevertedMoveBody.init), forKey: .reverted)
    try container.encodeNil(forKey: .next)
  }

  private struct RevertedMoveBody: Encodable {
    let move: Timeline.RevertedMove

    private enum CodingKeys: CodingKey { case from, to, sequence, at, revertedAt, by, reason }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(move.from, forKey: .from)
      try container.encode(move.to, forKey: .to)
      try container.encode(move.sequence, forKey: .sequence)
      try container.encode(move.at, forKey: .at)
      try container.encode(move.revertedAt, forKey: .revertedAt)
      try container.encode(move.by, forKey: .by)
      try container.encode(move.reason, forKey: .reason)
    }
  }

  private struct VisitBody: Encodable {
    let visit: Timeline.Visit
    let now: Instant

    private enum CodingKeys: CodingKey {
      case stage, name, category, sequence, entered, left, dwellDays, to, direction, owner, team
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(visit.stage, forKey: .stage)
      try container.encode(visit.name, forKey: .name)
      try container.encode(visit.category, forKey: .category)
      try container.encode(visit.sequence, forKey: .sequence)
      try container.encode(visit.entered, forKey: .entered)
      try container.encode(visit.left, forKey: .left)
      try container.encode(visit.dwellDays(now: now), forKey: .dwellDays)
      try container.encode(visit.to, forKey: .to)
      try container.encode(visit.direction, forKey: .direction)
      try container.encode(visit.owner, forKey: .owner)
      try container.encode(visit.team, forKey: .team)
    }
  }
}
