/// Number, mean and variance of values: all that differences of means and of totals need, so that the
/// database can sum up.
package struct Moments: Hashable, Sendable {
  package private(set) var count = 0
  package private(set) var mean = 0.0
  /// ∑ (x − mean)².
  package private(set) var squares = 0.0

  /// Of nothing.
  package init() {}

  /// - Parameters:
  ///   - mean: as `avg` gives it.
  ///   - variance: with the divisor n − 1, as `var_samp` gives it; ignored for one value.
  package init(count: Int, mean: Double, variance: Double) {
    guard count > 0, abs(mean) <= 1e100, variance <= 1e200 else { return }
    self.count = count
    self.mean = mean
    squares = max(0, variance) * Double(count - 1)
  }

  /// Values that are not numbers, or beyond ±1e100, are left out.
  package init(_ values: some Sequence<Double>) {
    for value in values { add(value) }
  }

  /// One more value (Welford 1962), unless it is not a number or beyond ±1e100.
  package mutating func add(_ value: Double) {
    guard abs(value) <= 1e100 else { return }
    count += 1
    let off = value - mean
    mean += off / Double(count)
    squares += off * (value - mean)
  }

  /// With the divisor n − 1; nil for fewer than two values.
  package var variance: Double? { count < 2 ? nil : squares / Double(count - 1) }
  package var total: Double { mean * Double(count) }

  /// The mean with Student's interval. Fails with `noData`, or with `tooFew` for a single value.
  package var estimate: Result<Estimate, Lack> {
    guard count > 0 else { return .failure(.noData) }
    guard let variance else { return .failure(.tooFew) }
    let n = Double(count)
    let spread = StudentT.z95(degrees: n - 1) * (variance / n).squareRoot()
    return .success(Estimate(value: mean, low: mean - spread, high: mean + spread))
  }
}
