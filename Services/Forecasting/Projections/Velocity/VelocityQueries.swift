import Contracts
import Foundation
import Postgres
import Statistics

/// Reads what velocity, cycle and coverage are worked out from.
enum VelocityQueries {
  static func sums(
    _ question: FunnelQuestion, _ period: FigurePeriod, stages: [FunnelStage],
    in transaction: borrowing PostgresTransaction
  ) throws -> VelocitySums {
    var sums = VelocitySums()
    try addOpen(to: &sums, question, stages, in: transaction)
    try addClosed(to: &sums, question, period, in: transaction)
    try addCycles(to: &sums, question, period, in: transaction)
    try addExpectedCloses(to: &sums, question, period, in: transaction)
    return sums
  }

  private static func addOpen(
    to sums: inout VelocitySums, _ question: FunnelQuestion, _ stages: [FunnelStage],
    in transaction: borrowing PostgresTransaction
  ) throws {
    let probabilities = Dictionary(
      stages.map { ($0.key, $0.probability) }, uniquingKeysWith: { first, _ in first })
    let source = DealSource(question)
    for row in try transaction.query(
      source.sql + """
        SELECT stage, coalesce(currency, ''), count(*), coalesce(sum(amount_minor), 0)::text
        FROM deals WHERE outcome IS NULL GROUP BY 1, 2
        """, parameters: source.parameters)
    {
      let currency = try row.decode(1, as: String.self)
      let deals = try row.decode(2, as: Int64.self)
      sums.open += deals
      guard !currency.isEmpty else {
        sums.openUnpriced += deals
        continue
      }
      let amount = Int128(try row.decode(3, as: String.self)) ?? 0
      var money = sums.money[currency] ?? VelocitySums.Money()
      money.open += deals
      money.openMinor += amount
      if let probability = probabilities[try row.decode(0, as: String.self)] ?? nil {
        var exact = Decimal(exact: amount) * Decimal(probability)
        var rounded = Decimal()
        NSDecimalRound(&rounded, &exact, 0, .plain)
        money.weightedMinor += rounded
      } else {
        money.unweighted += deals
      }
      sums.money[currency] = money
    }
  }

  private static func addClosed(
    to sums: inout VelocitySums, _ question: FunnelQuestion, _ period: FigurePeriod,
    in transaction: borrowing PostgresTransaction
  ) throws {
    var source = DealSource(question)
    let from = source.bind(period.from)
    let to = source.bind(period.to)
    for row in try transaction.query(
      source.sql + """
        SELECT outcome, coalesce(currency, ''), count(*), coalesce(sum(amount_minor), 0)::text
        FROM deals
        WHERE outcome IS NOT NULL AND closed_at >= \(from)::timestamptz
          AND closed_at < \(to)::timestamptz
        GROUP BY 1, 2
        """, parameters: source.parameters)
    {
      let deals = try row.decode(2, as: Int64.self)
      guard try row.decode(0, as: String.self) == Outcome.won.rawValue else {
        sums.lost += deals
        continue
      }
      sums.won += deals
      let currency = try row.decode(1, as: String.self)
      guard !currency.isEmpty else { continue }
      sums.money[currency, default: VelocitySums.Money()].won += deals
      sums.money[currency, default: VelocitySums.Money()].wonMinor +=
        Int128(try row.decode(3, as: String.self)) ?? 0
    }
  }

  private static func addCycles(
    to sums: inout VelocitySums, _ question: FunnelQuestion, _ period: FigurePeriod,
    in transaction: borrowing PostgresTransaction
  ) throws {
    var source = DealSource(question)
    let from = source.bind(period.from)
    let to = source.bind(period.to)
    let won =
      source.sql + """
        , won AS (
          SELECT greatest(0, extract(epoch FROM closed_at - created_at))::float8 / 86400 AS days
          FROM deals
          WHERE outcome = 'won' AND created_at IS NOT NULL AND closed_at >= \(from)::timestamptz
            AND closed_at < \(to)::timestamptz
        )

        """
    let moments = try transaction.query(
      won + "SELECT count(*), coalesce(avg(days), 0), coalesce(var_samp(days), 0) FROM won",
      parameters: source.parameters)[0]
    sums.cycle = Moments(
      count: Int(try moments.decode(0, as: Int64.self)), mean: try moments.decode(1),
      variance: try moments.decode(2))
    sums.cycles = try transaction.query(
      won + "SELECT round(days * 24) / 24, count(*) FROM won GROUP BY 1 ORDER BY 1",
      parameters: source.parameters
    ).map { row in
      Spell(try row.decode(0), ended: true, count: Int(try row.decode(1, as: Int64.self)))
    }
  }
}
