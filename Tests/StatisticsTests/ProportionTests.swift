import Statistics
import Testing

@Suite struct ProportionTests {
  @Test func ofNothingThereIsNoRate() {
    #expect(Proportion(0, of: 0).rate == nil)
    #expect(Proportion(0, of: 0).wilson == .failure(.noData))
  }
}
