import Contracts
import Testing

@testable import Notifier

@Suite struct RetryTests {
  private let now = Instant("2026-11-23T08:00:00Z")!

  private func verdict(
    _ outcome: AttemptOutcome, failures: Int = 0, random: Double = 0
  ) -> Verdict {
    Verdict.of(outcome, failures: failures, now: now, random: random)
  }

  private func answered(_ status: Int, retryAfter: String? = nil) -> AttemptOutcome {
    .answered(status: status, retryAfter: retryAfter, location: nil, excerpt: "")
  }

  @Test(arguments: [200, 201, 204, 299])
  func anyTwoHundredIsASuccess(_ status: Int) {
    #expect(verdict(answered(status)) == .delivered)
  }

  @Test func failuresWaitLongerAndLonger() {
    for (failures, wait) in RetrySchedule.waits.enumerated() {
      #expect(
        verdict(answered(500), failures: failures)
          == .retry(at: now.adding(seconds: wait), quietUntil: nil))
    }
    #expect(RetrySchedule.waits == RetrySchedule.waits.sorted())
    #expect(
      verdict(.failed("nobody there"), failures: RetrySchedule.waits.count)
        == .failed(quietUntil: nil))
  }

  @Test func aWaitVariesByAFifth() {
    #expect(RetrySchedule.wait(afterFailures: 2, random: -1) == 240)
    #expect(RetrySchedule.wait(afterFailures: 2, random: 1) == 360)
  }

  @Test func goneIsTheEnd() {
    #expect(verdict(answered(410)) == .gone)
    #expect(verdict(answered(410), failures: 9) == .gone)
  }

  @Test(arguments: [
    ("120", 120), ("0", 1), ("99999999999999999999", 86_400), ("172800", 86_400),
    ("Mon, 23 Nov 2026 08:02:00 GMT", 120), ("Mon, 23 Nov 2026 07:00:00 GMT", 1),
    (" 7 ", 7),
  ])
  func retryAfterIsHonoured(_ header: String, _ seconds: Double) {
    for status in [429, 503] {
      let until = now.adding(seconds: seconds)
      // Never sooner than by the schedule: ten short answers would use up three days of attempts.
      let next = max(until, now.adding(seconds: 5))
      #expect(
        verdict(answered(status, retryAfter: header)) == .retry(at: next, quietUntil: until))
      #expect(
        verdict(answered(status, retryAfter: header), failures: 5)
          == .retry(at: max(until, now.adding(seconds: 10 * 3_600)), quietUntil: until))
      #expect(
        verdict(answered(status, retryAfter: header), failures: RetrySchedule.waits.count)
          == .failed(quietUntil: until))
    }
    #expect(
      verdict(answered(500, retryAfter: header))
        == .retry(at: now.adding(seconds: 5), quietUntil: nil))
  }

  @Test(arguments: ["soon", "", "-5", "1.5", "Mon, 23 Nov"])
  func aRetryAfterThatSaysNothingIsPassedOver(_ header: String) {
    #expect(
      verdict(answered(429, retryAfter: header))
        == .retry(at: now.adding(seconds: 5), quietUntil: nil))
  }

  @Test func errorsSayWhatWasAnswered() {
    #expect(answered(204).error == nil)
    #expect(answered(500).error == "answered 500")
    #expect(
      AttemptOutcome.answered(
        status: 302, retryAfter: nil, location: "http://10.0.0.1/", excerpt: ""
      ).error == "answered 302 to http://10.0.0.1/; redirects are not followed")
    #expect(AttemptOutcome.failed("no answer").error == "no answer")
  }

  @Test func fiveDaysAreEnough() {
    #expect(!Endurance.isOver(failingSince: now, now: now.adding(days: 4.99)))
    #expect(Endurance.isOver(failingSince: now, now: now.adding(days: 5)))
  }
}
