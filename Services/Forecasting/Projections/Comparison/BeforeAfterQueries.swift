import Contracts
import Postgres
import Statistics

/// Reads what was closed in two windows.
enum BeforeAfterQueries {
  static func compare(
    _ question: FunnelQuestion, _ windows: BeforeAfterWindows, version: Int?,
    in transaction: borrowing PostgresTransaction
  ) throws -> BeforeAfter {
    var before = BeforeAfter.Side()
    var after = BeforeAfter.Side()
    for row in try closed(
      question, windows,
      """
      outcome = 'won', '', count(*), count(created_at),
        coalesce(avg(greatest(0, extract(epoch FROM closed_at - created_at)))::float8, 0) / 86400,
        coalesce(var_samp(greatest(0, extract(epoch FROM closed_at - created_at))::float8), 0)
          / 86400 / 86400
      """, in: transaction)
    {
      if row.isAfter { row.add(cycleTo: &after) } else { row.add(cycleTo: &before) }
    }
    for row in try closed(
      question, windows,
      """
      outcome = 'won', coalesce(currency, ''), count(*), count(amount_minor),
        coalesce(avg(amount_minor)::float8, 0), coalesce(var_samp(amount_minor::float8), 0)
      """, in: transaction)
    where row.isWon && !row.currency.isEmpty {
      if row.isAfter {
        after.amounts[row.currency] = row.moments
      } else {
        before.amounts[row.currency] = row.moments
      }
    }
    return BeforeAfter(windows, version: version, before: before, after: after)
  }

  private struct Closed {
    var isAfter: Bool
    var isWon: Bool
    var currency: String
    var deals: Int
    var moments: Moments

    func add(cycleTo side: inout BeforeAfter.Side) {
      guard isWon else {
        side.lost = deals
        return
      }
      side.won = deals
      side.cycle = moments
    }
  }

  /// - Parameter columns: whether won, currency or "", deals, values, their mean and variance; grouped
  ///   by the first two.
  private static func closed(
    _ question: FunnelQuestion, _ windows: BeforeAfterWindows, _ columns: String,
    in transaction: borrowing PostgresTransaction
  ) throws -> [Closed] {
    var source = DealSource(question)
    let from = source.bind(windows.before.from)
    let at = source.bind(windows.at)
    let to = source.bind(windows.after.to)
    return try transaction.query(
      source.sql + """
        SELECT closed_at >= \(at)::timestamptz, \(columns)
        FROM deals
        WHERE outcome IS NOT NULL AND closed_at >= \(from)::timestamptz
          AND closed_at < \(to)::timestamptz
        GROUP BY 1, 2, 3
        """, parameters: source.parameters
    ).map { row in
      Closed(
        isAfter: try row.decode(0), isWon: try row.decode(1), currency: try row.decode(2),
        deals: Int(try row.decode(3, as: Int64.self)),
        moments: Moments(
          count: Int(try row.decode(4, as: Int64.self)), mean: try row.decode(5),
          variance: try row.decode(6)))
    }
  }

  /// When a version of the pipeline was published; nil for one that is not known, or not since when.
  static func publication(
    of version: Int, of pipeline: String, in transaction: borrowing PostgresTransaction
  ) throws -> Instant? {
    try transaction.query(
      """
      SELECT published_at FROM pipeline_stages
      WHERE pipeline = $1 AND version = $2 AND published_at IS NOT NULL LIMIT 1
      """, pipeline, Int32(clamping: version)
    ).first.map { try $0.decode(0) }
  }
}
