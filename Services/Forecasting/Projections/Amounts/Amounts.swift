import Contracts
import Foundation

/// The answer of `/v1/amounts`: how the amounts of the deals in each stage are spread, each currency
/// apart.
struct Amounts: Figure {
  struct Bin: Encodable, Equatable, Sendable {
    /// Minor units; included.
    var from: Int64
    /// Excluded, but for the last bin.
    var to: Int64
    var count: Int64
  }

  struct Quantile: Encodable, Equatable, Sendable {
    var share: Double
    var minor: Int64
  }

  struct Spread: Encodable, Equatable, Sendable {
    var currency: String
    var deals: Int64
    /// Minor units; may be longer than 64 bits.
    var total: Decimal
    var mean: Double
    var quantiles: [Quantile]
    var histogram: [Bin]
  }

  struct Row: Encodable, Sendable {
    var stage: String
    var name: LocalizedText
    var category: String
    var unpriced: Int64
    var currencies: [Spread]
  }

  var stages: [Row]

  var about: LocalizedText {
    LocalizedText(
      zh: "各阶段现有商机的金额分布，各币种分开，不相加；没有金额的商机单独计数",
      en: "How the amounts of the deals in each stage are spread, each currency apart and never "
        + "added up; deals without an amount are counted apart")
  }

  private enum CodingKeys: CodingKey { case stages }

  var table: CSVTable {
    CSVTable(
      header: [
        "stage", "currency", "deals", "unpriced", "totalMinor", "meanMinor",
      ] + AmountQueries.shares.map { "p\(Int(($0 * 100).rounded()))" },
      rows: stages.flatMap { row -> [[String?]] in
        if row.currencies.isEmpty {
          return [
            [row.stage, nil, "0", "\(row.unpriced)", nil, nil]
              + AmountQueries.shares.map { _ in nil }
          ]
        }
        return row.currencies.map { spread in
          [
            row.stage, spread.currency, "\(spread.deals)", "\(row.unpriced)",
            "\(spread.total)", "\(spread.mean)",
          ] + spread.quantiles.map { "\($0.minor)" }
        }
      })
  }
}
