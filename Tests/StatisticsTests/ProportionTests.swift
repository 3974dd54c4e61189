import Statistics
import Testing

@Suite struct ProportionTests {
  @Test func ofNothingThereIsNoRate() {
    #expect(Proportion(0, of: 0).rate == nil)
    #expect(Proportion(0, of: 0).wilson == .failure(.noData))
    #expect(Proportion(3, of: -2) == Proportion(0, of: 0))
  }

  /// The examples of Newcombe (1998), method 3.
  @Test(arguments: [
    (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611),
    (1, 29, 0.0061, 0.1718),
  ])
  func theIntervalIsTheScoreInterval(_ count: Int, _ total: Int, _ low: Double, _ high: Double)
    throws
  {
    let found = try Proportion(count, of: total).wilson.get()
    #expect(abs(found.low - low) < 5e-5 && abs(found.high - high) < 5e-5, "\(found)")
    #expect(found.value == Double(count) / Double(total))
  }

  @Test func theCountStaysWithinTheTotal() throws {
    #expect(Proportion(7, of: 5) == Proportion(5, of: 5))
    #expect(Proportion(-1, of: 5) == Proportion(0, of: 5))
    #expect(try Proportion(5, of: 5).wilson.get().high == 1)
    #expect(try Proportion(0, of: 5).wilson.get().low == 0)
  }
}
