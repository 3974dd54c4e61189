/// How many of a number, such as won of closed deals.
package struct Proportion: Hashable, Sendable {
  package var count: Int
  package var total: Int

  /// - Parameters:
  ///   - count: from 0 to `total`; what lies outside counts as the nearer bound.
  ///   - total: a negative one counts as 0.
  package init(_ count: Int, of total: Int) {
    self.total = max(0, total)
    self.count = min(max(0, count), self.total)
  }

  /// Nil of nothing.
  package var rate: Double? { total == 0 ? nil : Double(count) / Double(total) }

  /// The rate with its score interval (Wilson 1927), within [0, 1]:
  ///
  ///     (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n)
  ///
  /// Fails with `noData` when the total is 0.
  package var wilson: Result<Estimate, Lack> {
    guard let rate else { return .failure(.noData) }
    let n = Double(total)
    let z = Normal.z95
    let centre = rate + z * z / (2 * n)
    let spread = z * (rate * (1 - rate) / n + z * z / (4 * n * n)).squareRoot()
    let scale = 1 + z * z / n
    return .success(
      Estimate(
        value: rate, low: count == 0 ? 0 : max(0, (centre - spread) / scale),
        high: count == total ? 1 : min(1, (centre + spread) / scale)))
  }
}
