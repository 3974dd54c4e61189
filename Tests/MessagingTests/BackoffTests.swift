import Messaging
import Testing

@Suite struct BackoffTests {
  @Test func growsFromFiftyMillisecondsToTheCap() {
    for _ in 0..<100 {
      var backoff = Backoff()
      var ceiling = 50.0
      for _ in 0..<20 {
        let wait = backoff.next() / .milliseconds(1)
        #expect(wait >= ceiling / 2 - 0.001 && wait <= ceiling + 0.001)
        ceiling = min(5_000, ceiling * 2)
      }
      backoff.reset()
      #expect(backoff.next() <= .milliseconds(51))
    }
  }

  @Test func aSmallCapHoldsFromTheStart() {
    var backoff = Backoff(cap: .milliseconds(10))
    for _ in 0..<10 { #expect(backoff.next() <= .milliseconds(11)) }
    backoff.reset()
    #expect(backoff.next() <= .milliseconds(11))
  }
}
