import Contracts
import Foundation
import Postgres
import Statistics

/// Reads how amounts are spread.
enum AmountQueries {
  static let shares = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1]

  static func amounts(
    _ question: FunnelQuestion, stages: [FunnelStage],
    in transaction: borrowing PostgresTransaction
  ) throws -> Amounts {
    var source = DealSource(question)
    let shares = source.bind(shares)
    let rows = try transaction.query(
      source.sql + """
        SELECT stage, currency, count(*), sum(amount_minor)::text, avg(amount_minor)::float8,
          percentile_cont(\(shares)::float8[]) WITHIN GROUP (ORDER BY amount_minor),
          min(amount_minor), max(amount_minor), min(amount_minor) FILTER (WHERE amount_minor > 0)
        FROM deals GROUP BY stage, currency ORDER BY stage, currency
        """, parameters: source.parameters)
    var unpriced: [String: Int64] = [:]
    var spreads: [String: [Amounts.Spread]] = [:]
    for row in rows {
      let stage = try row.decode(0, as: String.self)
      let deals = try row.decode(2, as: Int64.self)
      guard let currency = try row.optional(1, as: String.self) else {
        unpriced[stage, default: 0] += deals
        continue
      }
      let edges = Histogram.edges(
        from: try row.decode(6), to: try row.decode(7), leastPositive: try row.optional(8))
      let values = try row.decode(5, as: [Double].self)
      spreads[stage, default: []].append(
        Amounts.Spread(
          currency: currency, deals: deals,
          total: Decimal(string: try row.decode(3, as: String.self)) ?? 0,
          mean: try row.decode(4),
          quantiles: zip(Self.shares, values).map { share, value in
            Amounts.Quantile(share: share, minor: Int64(clamping: value))
          },
          histogram: zip(edges, edges.dropFirst()).map {
            Amounts.Bin(from: $0, to: $1, count: 0)
          }))
    }
    for stage in spreads.keys.sorted() {
      for index in (spreads[stage] ?? []).indices {
        try fill(&spreads[stage]![index], of: stage, question, in: transaction)
      }
    }
    return Amounts(
      stages: stages.compactMap { stage in
        let currencies = spreads[stage.key] ?? []
        let without = unpriced[stage.key] ?? 0
        guard stage.isCurrent || !currencies.isEmpty || without > 0 else { return nil }
        return Amounts.Row(
          stage: stage.key, name: stage.name, category: stage.category, unpriced: without,
          currencies: currencies)
      })
  }

  private static func fill(
    _ spread: inout Amounts.Spread, of stage: String, _ question: FunnelQuestion,
    in transaction: borrowing PostgresTransaction
  ) throws {
    var source = DealSource(question)
    let key = source.bind(stage)
    let currency = source.bind(spread.currency)
    let edges = source.bind(spread.histogram.map(\.from))
    let rows = try transaction.query(
      source.sql + """
        SELECT width_bucket(amount_minor, \(edges)::bigint[]), count(*) FROM deals
        WHERE stage = \(key) AND currency = \(currency) AND amount_minor IS NOT NULL GROUP BY 1
        """, parameters: source.parameters)
    for row in rows {
      let bin = Int(try row.decode(0, as: Int32.self)) - 1
      guard spread.histogram.indices.contains(bin) else { continue }
      spread.histogram[bin].count += try row.decode(1, as: Int64.self)
    }
  }
}

extension Int64 {
  /// Rounded to a whole number, as near as it goes.
  fileprivate init(clamping value: Double) {
    self = Int64(exactly: value.rounded()) ?? (value < 0 ? .min : .max)
  }
}
