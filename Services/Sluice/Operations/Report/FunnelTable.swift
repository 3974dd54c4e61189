import Contracts

/// A funnel for people.
enum FunnelTable {
  static func text(_ answer: FunnelAnswer) -> String {
    var table = TextTable([
      .left("stage"), .left(""), .left("category"), .right("deals"), .right("amount"),
      .right("no amount"), .right("entered"), .right("advanced"), .right("back"),
      .right("conversion"), .right("mean dwell"), .right("oldest"),
    ])
    for stage in answer.stages {
      let amounts = stage.amounts.map {
        AmountFormat.text(minor: $0.minor, currency: $0.currency)
      }
      table.add(
        stage.name.zh, stage.name.en, stage.category, String(stage.count),
        amounts.isEmpty ? "-" : amounts.joined(separator: " + "), String(stage.unpriced),
        String(stage.entered), String(stage.advanced), String(stage.back),
        stage.conversion.map { "\(Int(($0 * 100).rounded())) %" } ?? "-",
        days(stage.meanDwellDays), days(stage.oldestDays))
    }
    let deals = answer.stages.reduce(0) { $0 + $1.count }
    var lines = [
      "pipeline \(answer.pipeline) as of \(answer.asOf): \(deals) deals", "", table.render(),
    ]
    if let behind = answer.freshness.behind, behind > 0 {
      let age = answer.freshness.lagSeconds.map { ", oldest \(LagReport.seconds($0))" } ?? ""
      lines.append("note: \(behind) events are not counted yet\(age)")
    }
    return lines.joined(separator: "\n")
  }

  private static func days(_ value: Double?) -> String {
    value.map { "\(($0 * 10).rounded() / 10) d" } ?? "-"
  }
}
