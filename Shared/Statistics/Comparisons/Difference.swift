/// How much a figure changed from before to after, with a 95% interval of the change, in the unit of
/// the figure.
package struct Difference: Hashable, Sendable {
  package var before: Double
  package var after: Double
  /// after − before.
  package var change: Double
  /// Nil when there is no lower limit, for want of one of the two figures' limits.
  package var low: Double?
  package var high: Double?

  /// `higher` or `lower` when the interval leaves out 0, else `cannotTell`.
  package var verdict: Verdict { Verdict(low: low, high: high) }

  /// The difference of two independent figures of which each has an interval, by the method of
  /// variance estimates recovery (Zou and Donner 2008): with figures a, b and their limits,
  ///
  ///     low  = b − a − √((b − lowᵇ)² + (highᵃ − a)²)
  ///     high = b − a + √((highᵇ − b)² + (a − lowᵃ)²)
  ///
  /// For Wilson's intervals this is Newcombe's hybrid score interval (1998, method 10), for normal
  /// intervals the usual normal one.
  package init(before: Estimate, after: Estimate) {
    self.init(
      before: (before.value, before.low, before.high), after: (after.value, after.low, after.high))
  }

  private typealias Limited = (value: Double, low: Double?, high: Double?)

  private init(before: Limited, after: Limited) {
    self.before = before.value
    self.after = after.value
    change = after.value - before.value
    low = Self.length(after.low.map { after.value - $0 }, before.high.map { $0 - before.value })
      .map { after.value - before.value - $0 }
    high = Self.length(after.high.map { $0 - after.value }, before.low.map { before.value - $0 })
      .map { after.value - before.value + $0 }
  }

  private static func length(_ one: Double?, _ other: Double?) -> Double? {
    guard let one, let other else { return nil }
    return (one * one + other * other).squareRoot()
  }

  private init(before: Double, after: Double, spread: Double) {
    self.before = before
    self.after = after
    change = after - before
    low = change - spread
    high = change + spread
  }
}

extension Difference {
  /// Of two rates: Newcombe's hybrid score interval (1998, method 10). Fails with `noData` when either
  /// is of nothing.
  package static func ofProportions(
    before: Proportion, after: Proportion
  ) -> Result<Difference, Lack> {
    before.wilson.flatMap { before in after.wilson.map { Difference(before: before, after: $0) } }
  }

  /// Of two means, such as of cycle lengths: Welch's interval (1947) with the degrees of freedom of
  /// Satterthwaite (1946). Fails with `noData` when either is of nothing, with `tooFew` when either
  /// is of one value.
  package static func ofMeans(before: Moments, after: Moments) -> Result<Difference, Lack> {
    guard before.count > 0, after.count > 0 else { return .failure(.noData) }
    guard let first = before.variance, let second = after.variance else {
      return .failure(.tooFew)
    }
    let one = first / Double(before.count)
    let other = second / Double(after.count)
    let sum = one + other
    guard sum > 0 else {
      return .success(Difference(before: before.mean, after: after.mean, spread: 0))
    }
    // As shares of the sum, so that variances of large amounts stay in range.
    let degrees =
      1
      / (one / sum * (one / sum) / Double(before.count - 1)
        + other / sum * (other / sum) / Double(after.count - 1))
    let spread = StudentT.z95(degrees: degrees) * sum.squareRoot()
    return .success(Difference(before: before.mean, after: after.mean, spread: spread))
  }

  /// Of two totals that are made of a random number of values each, such as the amount won in a
  /// period: the variance of a total is ∑ x², that of a compound Poisson sum; the interval is normal.
  /// Fails with `noData` when both are of nothing, with `tooFew` when both together are of fewer than
  /// ten values.
  package static func ofTotals(before: Moments, after: Moments) -> Result<Difference, Lack> {
    guard before.count + after.count > 0 else { return .failure(.noData) }
    guard before.count + after.count >= 10 else { return .failure(.tooFew) }
    let spread = Normal.z95 * (before.sumOfSquares + after.sumOfSquares).squareRoot()
    return .success(Difference(before: before.total, after: after.total, spread: spread))
  }

  /// Of two medians, such as of dwell: from their intervals by `init(before:after:)`. A limit that
  /// either lacks is missing here too. Fails with what keeps a median from being known.
  package static func ofMedians(
    before: KaplanMeier, after: KaplanMeier
  ) -> Result<Difference, Lack> {
    let first = before.median
    let second = after.median
    guard let a = first.value, let b = second.value else {
      return .failure(first.lack ?? second.lack ?? .noData)
    }
    return .success(
      Difference(before: (a, first.low, first.high), after: (b, second.low, second.high)))
  }

  /// Of two means up to the same horizon, the earlier of the two last times observed when it is
  /// nil: normal (Royston and Parmar 2013). Fails with what keeps a mean from being known.
  package static func ofRestrictedMeans(
    before: KaplanMeier, after: KaplanMeier, upTo horizon: Double? = nil
  ) -> Result<Difference, Lack> {
    before.restrictedMean(upTo: horizon).flatMap { first in
      after.restrictedMean(upTo: first.horizon).flatMap { second in
        before.restrictedMean(upTo: second.horizon).map { first in
          let spread =
            Normal.z95
            * (first.standardError * first.standardError
            + second.standardError * second.standardError).squareRoot()
          return Difference(before: first.mean.value, after: second.mean.value, spread: spread)
        }
      }
    }
  }
}

extension Moments {
  /// ∑ x².
  fileprivate var sumOfSquares: Double { squares + mean * mean * Double(count) }
}
