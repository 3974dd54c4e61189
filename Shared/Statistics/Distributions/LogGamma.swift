import Glibc

/// log Γ(x) for x > 0. Unlike `lgamma` it writes to no global variable.
func logGamma(_ x: Double) -> Double {
  var sign: Int32 = 0
  return lgamma_r(x, &sign)
}
