import Statistics
import Testing

/// With the values of tables; `ReferenceTests` compares more of them with scipy.
@Suite struct DistributionTests {
  @Test func theNormalDistributionIsThatOfTheTables() {
    #expect(isClose([Normal.quantile(0.975), Normal.z95], [1.959963984540054, 1.959963984540054]))
    #expect(isClose([Normal.quantile(0.5), Normal.share(below: 0)], [0, 0.5]))
    #expect(isClose([Normal.quantile(1e-10)], [-6.361340902404056]))
    #expect(Normal.quantile(0) == -.infinity && Normal.quantile(1) == .infinity)
    for x in stride(from: -8.0, through: 8, by: 0.37) {
      let back = Normal.quantile(Normal.share(below: x))
      #expect(abs(back - x) < (x > 5 ? 1e-2 : 1e-9), "\(x)")
    }
  }

  @Test func studentsQuantileIsThatOfTheTables() {
    let degrees: [Double] = [1, 2, 5, 10, 30, 120, 1e9, .infinity]
    #expect(
      isClose(
        degrees.map(StudentT.z95),
        [
          12.706204736174704, 4.302652729749464, 2.5705818356363146, 2.2281388519862744,
          2.042272456301238, 1.979930405052777, 1.959963984540054, 1.959963984540054,
        ]))
  }

  @Test func theBetaDistributionIsSymmetricAndGoesBack() {
    for a in [0.02, 0.5, 1, 3, 40, 5_000, 3e6] {
      for b in [0.5, 2, 70, 100_000] {
        let (one, other) = (Beta(a: a, b: b), Beta(a: b, b: a))
        for share in [1e-6, 0.025, 0.5, 0.975] {
          let x = one.quantile(share)
          // Nearer to 0 or 1 the other end of the scale has too few digits.
          guard (0.001...0.999).contains(x) else { continue }
          let found = [one.share(below: x), 1 - other.share(below: 1 - x)]
          #expect(isClose(found, [share, share]), "\(a), \(b), \(share)")
        }
        #expect(one.quantile(0) == 0 && one.quantile(1) == 1)
        #expect(one.share(below: -1) == 0 && one.share(below: 2) == 1)
      }
    }
    // Uniform, and x² of Beta(2, 1).
    #expect(
      isClose([Beta(a: 1, b: 1).quantile(0.3), Beta(a: 2, b: 1).quantile(0.49)], [0.3, 0.7]))
  }
}
