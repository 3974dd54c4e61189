/// Student's t distribution.
package enum StudentT {
  /// The 97.5% quantile: what a two-sided 95% interval reaches to. Relative error under 1e-10.
  ///
  /// - Parameter degrees: of freedom, above 0; need not be whole. Beyond 1e9 it is the normal one.
  package static func z95(degrees: Double) -> Double {
    guard degrees < 1e9 else { return Normal.z95 }
    // The share of t² beyond its quantile is I_x(ν/2, 1/2) with x = ν/(ν + t²).
    let y = Beta(a: 0.5, b: degrees / 2).quantile(0.95)
    return (degrees * y / (1 - y)).squareRoot()
  }
}
