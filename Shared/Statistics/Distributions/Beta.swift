import Glibc

/// The beta distribution.
package struct Beta: Hashable, Sendable {
  package let a: Double
  package let b: Double

  /// - Parameters: `a` and `b`: finite and above 0, up to 1e9.
  package init(a: Double, b: Double) {
    precondition(a > 0 && b > 0 && a < .infinity && b < .infinity)
    self.a = a
    self.b = b
  }

  package var mean: Double { a / (a + b) }

  /// The share below `x`: the regularised incomplete beta function I_x(a, b), by its continued fraction
  /// (Didonato and Morris 1992; modified Lentz). Relative error under 1e-11.
  package func share(below x: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    return x <= (a + 1) / (a + b + 2)
      ? Self.lowerTail(x, 1 - x, a, b) : 1 - Self.lowerTail(1 - x, x, b, a)
  }

  /// The inverse of `share(below:)`; error under 1e-11 of the smaller of x and 1 − x.
  package func quantile(_ share: Double) -> Double {
    if share <= 0 { return 0 }
    if share >= 1 { return 1 }
    // Newton's steps, and bisection where a step leaves what is known to hold the root.
    var low = 0.0
    var high = 1.0
    var x = mean
    for _ in 0..<200 {
      let off = self.share(below: x) - share
      if off == 0 { return x }
      if off < 0 { low = x } else { high = x }
      let density = Self.front(x, 1 - x, a, b) / (x * (1 - x))
      var next = x - off / density
      if !(next > low && next < high) {
        next = low > 0 || high > 1e-3 ? (low + high) / 2 : high / 1024
      }
      if abs(next - x) <= 1e-15 * x || next == low || next == high { return next }
      x = next
    }
    return x
  }

  /// I_x(a, b) for x at or below the mean, with y = 1 − x.
  private static func lowerTail(_ x: Double, _ y: Double, _ a: Double, _ b: Double) -> Double {
    let front = front(x, y, a, b)
    guard front > 0 else { return 0 }
    return min(1, front / a * fraction(x, a, b))
  }

  private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let tiny = 1e-300
    func nonZero(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var c = 1.0
    var d = 1 / nonZero(1 - (a + b) * x / (a + 1))
    var result = d
    for m in 1...1_000_000 {
      let m = Double(m)
      for term in [
        m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
        -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
      ] {
        d = 1 / nonZero(1 + term * d)
        c = nonZero(1 + term / c)
        result *= d * c
      }
      if abs(d * c - 1) < 1e-16 { break }
    }
    return result
  }

  /// x^a y^b / B(a, b), by the saddle point (Loader 2000), which keeps its digits for large a and b.
  private static func front(_ x: Double, _ y: Double, _ a: Double, _ b: Double) -> Double {
    let n = a + b
    let exponent =
      stirlingError(n) - stirlingError(a) - stirlingError(b) - deviance(a, n * x)
      - deviance(b, n * y)
    return exp(exponent) * (a * b / (2 * Double.pi * n)).squareRoot()
  }

  /// log Γ(n + 1) − log(√(2πn) (n/e)^n).
  private static func stirlingError(_ n: Double) -> Double {
    guard n > 15 else {
      return logGamma(n + 1) - (n + 0.5) * log(n) + n - 0.5 * log(2 * Double.pi)
    }
    let s = n * n
    return
      (1 / 12.0
      - (1 / 360.0 - (1 / 1260.0 - (1 / 1680.0 - (1 / 1188.0 - 691 / 360360.0 / s) / s) / s) / s)
        / s)
      / n
  }

  /// x log(x/m) + m − x.
  private static func deviance(_ x: Double, _ m: Double) -> Double {
    guard abs(x - m) < 0.1 * (x + m) else { return x * log(x / m) + m - x }
    var v = (x - m) / (x + m)
    var sum = (x - m) * v
    var term = 2 * x * v
    v *= v
    var j = 3.0
    while true {
      term *= v
      let next = sum + term / j
      if next == sum { return next }
      sum = next
      j += 2
    }
  }
}
