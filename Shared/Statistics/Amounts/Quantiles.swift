/// Quantiles of amounts in minor units.
package enum Quantiles {
  /// The value below which a share of the values lies: linear between neighbours (type 7 of Hyndman
  /// and Fan 1996; PostgreSQL's `percentile_cont`), rounded to a whole minor unit.
  ///
  /// - Parameters:
  ///   - share: from 0 to 1.
  ///   - sorted: ascending.
  /// - Returns: nil of nothing.
  package static func quantile(_ share: Double, ofSorted sorted: [Int64]) -> Int64? {
    guard !sorted.isEmpty, share >= 0, share <= 1 else { return nil }
    let position = share * Double(sorted.count - 1)
    let below = min(Int(position), sorted.count - 1)
    guard below + 1 < sorted.count else { return sorted[below] }
    let (low, high) = (sorted[below], sorted[below + 1])
    let step = (Double(high) - Double(low)) * (position - Double(below))
    return min(high, Int64(clamping: Int128(low) + Int128(step.rounded())))
  }

  /// The amount from which on a deal belongs to the top quarter: the lowest that leaves at most a
  /// quarter of the values at or above it. Equal amounts stay together.
  ///
  /// Fails with `tooFew` for fewer than four values, with `allEqual` when the highest amount alone
  /// takes more than a quarter.
  package static func topQuarter(ofSorted sorted: [Int64]) -> Result<Int64, Lack> {
    guard let highest = sorted.last else { return .failure(.noData) }
    guard sorted.count >= 4 else { return .failure(.tooFew) }
    let mark = sorted[sorted.count - sorted.count / 4 - 1]
    guard mark < highest, let first = sorted.partitionPoint({ $0 > mark }) else {
      return .failure(.allEqual)
    }
    return .success(sorted[first])
  }
}
