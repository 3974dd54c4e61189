import Contracts
import Foundation
import Statistics

/// The answer of `/v1/bottlenecks`: the open stages by what they cost.
struct Bottlenecks: Figure {
  struct Amount: Encodable, Equatable, Sendable {
    var currency: String
    var minor: Decimal
  }

  struct Row: Encodable, Sendable {
    var stage: String
    var name: LocalizedText
    var deals: Int64
    var amounts: [Amount]
    var medianDays: Dwell.Limits
    @Nullable var benchmarkDays: Double?
    /// What a visit lasts beyond the benchmark on average, as far as was observed.
    @Nullable var excessDays: Double?
    /// Excess days times the deals that stand there, and times their amounts.
    @Nullable var costDealDays: Double?
    @Nullable var costAmountDays: [Amount]?
    /// Deals that stood there thirty days before.
    var dealsMonthBefore: Int64
    var verdict: String
    var evidence: LocalizedText
    @Nullable var reason: Reason?
  }

  /// By which the stages are ranked where amounts are in several: that of the most deals; nil for none.
  @Nullable var rankedBy: String?
  var stages: [Row]

  var about: LocalizedText {
    LocalizedText(
      zh: "进行中的阶段按代价排序：超出参考停留天数的部分 × 现有商机 × 金额；没有参考天数的排在最后",
      en:
        "Open stages by what they cost: dwell beyond the benchmark × deals there × their amounts; "
        + "those without a benchmark come last")
  }

  private enum CodingKeys: CodingKey { case rankedBy, stages }

  var table: CSVTable {
    CSVTable(
      header: [
        "stage", "deals", "dealsMonthBefore", "medianDays", "low", "high", "benchmarkDays",
        "excessDays", "costDealDays", "evidence",
      ],
      rows: stages.map { row in
        [
          row.stage, "\(row.deals)", "\(row.dealsMonthBefore)", row.medianDays.days.cell,
          row.medianDays.low.cell, row.medianDays.high.cell, row.benchmarkDays.cell,
          row.excessDays.cell, row.costDealDays.cell, row.evidence.en,
        ]
      })
  }
}

extension Bottlenecks {
  /// What is known of one stage.
  struct Finding {
    var stage: FunnelStage
    var figures: StageFigures
    var monthBefore: Int64
    var spells: DwellSpells
  }

  init(_ findings: [Finding]) {
    var deals: [String: Int64] = [:]
    for finding in findings {
      for currency in finding.figures.amounts.keys {
        deals[currency, default: 0] += finding.figures.count
      }
    }
    let currency = deals.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    rankedBy = currency
    stages = findings.map { Row($0) }.sorted { left, right in
      let money = [left, right].map { row in
        row.costAmountDays?.first { $0.currency == currency }?.minor ?? 0
      }
      if money[0] != money[1] { return money[0] > money[1] }
      return left.costDealDays ?? -1 > right.costDealDays ?? -1
    }
  }
}

extension Bottlenecks.Row {
  init(_ finding: Bottlenecks.Finding) {
    let curve = KaplanMeier(finding.spells.spells)
    let median = curve.median
    let stage = finding.stage
    let mark = stage.benchmarkDays
    let excess = mark.flatMap { curve.meanExcess(over: $0).value?.mean.value }
    let verdict =
      mark.flatMap { mark in
        median.value.map { _ in Verdict(low: median.low, high: median.high, mark: mark) }
      } ?? .cannotTell
    let amounts = finding.figures.amounts.sorted { $0.key < $1.key }
      .map { Bottlenecks.Amount(currency: $0.key, minor: $0.value) }
    self.init(
      stage: stage.key, name: stage.name, deals: finding.figures.count, amounts: amounts,
      medianDays: Dwell.Limits(median), benchmarkDays: mark, excessDays: excess,
      costDealDays: excess.map { $0 * Double(finding.figures.count) },
      costAmountDays: excess.map { excess in
        amounts.map { amount in
          var exact = amount.minor * Decimal(excess)
          var rounded = Decimal()
          NSDecimalRound(&rounded, &exact, 0, .plain)
          return Bottlenecks.Amount(currency: amount.currency, minor: rounded)
        }
      },
      dealsMonthBefore: finding.monthBefore, verdict: verdict.rawValue,
      evidence: Bottlenecks.evidence(finding, median, verdict),
      reason: median.lack.map { Reason($0) })
  }
}

extension Bottlenecks {
  fileprivate static func evidence(
    _ finding: Finding, _ median: SurvivalQuantile, _ verdict: Verdict
  ) -> LocalizedText {
    let pile = finding.figures.count - finding.monthBefore
    let change = LocalizedText(
      zh: pile == 0 ? "与一个月前相同" : "比一个月前\(pile > 0 ? "多" : "少") \(abs(pile)) 个",
      en: pile == 0
        ? "as many as a month before"
        : "\(abs(pile)) \(pile > 0 ? "more" : "fewer") than a month before")
    let stage = finding.stage.name
    let dwell: LocalizedText
    switch (median.value, finding.stage.benchmarkDays) {
    case (let days?, let mark?):
      let ending =
        switch verdict {
        case .higher: LocalizedText(zh: "确实超出", en: "it is longer")
        case .lower: LocalizedText(zh: "确实更短", en: "it is shorter")
        case .cannotTell:
          LocalizedText(zh: "数据尚不能判断", en: "the data can't tell whether it differs")
        }
      dwell = LocalizedText(
        zh: "“\(stage.zh)”停留中位数 \(text(days)) 天，参考 \(text(mark)) 天，\(ending.zh)",
        en:
          "In \(stage.en) half of the deals stay \(text(days)) days or longer, against a benchmark "
          + "of \(text(mark)): \(ending.en)")
    case (let days?, nil):
      dwell = LocalizedText(
        zh: "“\(stage.zh)”停留中位数 \(text(days)) 天，没有参考天数",
        en: "In \(stage.en) half of the deals stay \(text(days)) days or longer; there is no "
          + "benchmark")
    case (nil, _):
      let lack = median.lack ?? .noData
      dwell = LocalizedText(
        zh: "“\(stage.zh)”的停留中位数尚不可知：\(lack.message.zh)",
        en: "The median dwell in \(stage.en) is not known: \(lack.message.en)")
    }
    return LocalizedText(
      zh: dwell.zh + "；现有 \(finding.figures.count) 个商机，\(change.zh)。",
      en: dwell.en + "; \(finding.figures.count) deals are there, \(change.en).")
  }

  /// With one decimal.
  private static func text(_ days: Double) -> String { "\((days * 10).rounded() / 10)" }
}
