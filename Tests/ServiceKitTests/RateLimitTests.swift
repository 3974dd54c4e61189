import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import ServiceKit

@Suite struct TokenBucketTests {
  private let start = ContinuousClock.now

  @Test func aFullBucketAdmitsItsBurstAndThenTheRate() {
    var bucket = TokenBucket(rate: 10, now: start)
    #expect(bucket.burst == 20)
    for _ in 0..<20 { #expect(bucket.take(now: start) == nil) }
    #expect(bucket.take(now: start) == .milliseconds(100))
    #expect(bucket.take(now: start + .milliseconds(99)) == .milliseconds(1))
    #expect(bucket.take(now: start + .milliseconds(100)) == nil)
    #expect(bucket.take(now: start + .milliseconds(100)) == .milliseconds(100))
    // Idle for long, it is full again and not fuller.
    let later = start + .seconds(3_600)
    for _ in 0..<20 { #expect(bucket.take(now: later) == nil) }
    #expect(bucket.take(now: later) != nil)
  }

  @Test(arguments: [(0.01, 1), (0.4, 1), (0.5, 1), (1, 2), (2.7, 5), (1_000_000, 2_000_000)])
  func theBurstIsTwiceTheRateAndAtLeastOne(_ rate: Double, _ burst: Int) {
    #expect(TokenBucket(rate: rate, now: start).burst == burst)
  }

  @Test(arguments: [-1, 0, 1e-300, .infinity, 1e300, .nan])
  func anImpossibleRateCountsAsTheNearestPossibleOne(_ rate: Double) {
    var bucket = TokenBucket(rate: rate, now: start)
    #expect(bucket.take(now: start) == nil)
  }

  @Test func aClockThatGoesBackGivesNothingAway() {
    var bucket = TokenBucket(rate: 1, now: start)
    #expect(bucket.take(now: start) == nil)
    #expect(bucket.take(now: start) == nil)
    #expect(bucket.take(now: start - .seconds(5)) == .seconds(6))
    #expect(bucket.take(now: start) == .seconds(1))
  }

  /// Requests at random moments; whatever window is looked at, it holds no more than was promised,
  /// and who waits for as long as told is admitted.
  @Test(arguments: 1...40)
  func noWindowAdmitsMoreThanBurstAndRate(_ seed: UInt64) {
    var random = Lehmer(seed: seed)
    let rates: [Double] = [0.5, 1, 3, 7.3, 20, 60]
    let rate = rates.randomElement(using: &random) ?? 1
    var bucket = TokenBucket(rate: rate, now: start)
    var now = start
    var admitted: [ContinuousClock.Instant] = []
    for _ in 0..<600 {
      let pause = Double.random(in: 0...4, using: &random) / rate
      // Mostly hurried, sometimes idle for a while.
      now += .seconds(Int.random(in: 0..<20, using: &random) == 0 ? pause * 10 : pause / 8)
      guard let wait = bucket.take(now: now) else {
        admitted.append(now)
        continue
      }
      var patient = bucket
      #expect(patient.take(now: now + wait - .nanoseconds(1)) != nil)
      #expect(patient.take(now: now + wait) == nil)
    }
    for first in admitted.indices {
      for last in admitted.indices[first...] {
        let length = (admitted[last] - admitted[first]) / .seconds(1)
        let promised = Double(bucket.burst) + rate * length
        if Double(last - first + 1) > promised + 1e-9 {
          Issue.record("\(last - first + 1) within \(length) s at \(rate)/s")
          return
        }
      }
    }
    #expect(admitted.count >= bucket.burst)
  }
}

/// The same numbers for the same seed.
private struct Lehmer: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}

@Suite struct RateLimiterTests {
  private let clock = TestClock()

  private func limiter(
    _ perSecond: Double?, capacity: Int = 10_000, registry: PrometheusRegistry = .init()
  ) -> RateLimiter {
    RateLimiter(
      perSecond: perSecond, capacity: capacity, metrics: registry, now: { [clock] in clock.now })
  }

  private func caller(
    _ subject: String, token: String? = nil, rateLimit: Double? = nil
  ) -> Principal {
    Principal(subject: subject, roles: [.rep], tokenID: token, rateLimit: rateLimit)
  }

  /// How many of `count` requests at this moment are admitted.
  private func admitted(_ count: Int, _ limiter: RateLimiter, _ caller: Principal) -> Int {
    (0..<count).filter { _ in (try? limiter.admit(caller)) != nil }.count
  }

  @Test func everyTokenHasALimitOfItsOwn() {
    let limiter = limiter(5)
    #expect(admitted(50, limiter, caller("li.na", token: "a")) == 10)
    #expect(admitted(50, limiter, caller("li.na", token: "b")) == 10)
    #expect(admitted(50, limiter, caller("li.na")) == 10, "a token without an id")
    #expect(admitted(50, limiter, caller("wang.wei")) == 10)
    #expect(admitted(50, limiter, caller("x", token: "li.na")) == 10, "an id is no subject")
    clock.advance(by: .seconds(1))
    #expect(admitted(50, limiter, caller("li.na", token: "a")) == 5)
  }

  @Test func anAccountsOwnLimitWins() {
    let limiter = limiter(5)
    #expect(admitted(50, limiter, caller("a", rateLimit: 2)) == 4)
    #expect(admitted(50, limiter, caller("b", rateLimit: 20)) == 40)
    let unlimited = self.limiter(nil)
    #expect(admitted(5_000, unlimited, caller("a")) == 5_000)
    #expect(admitted(50, unlimited, caller("b", rateLimit: 2)) == 4)
    #expect(unlimited.count == 1, "who has no limit is not counted")
  }

  @Test func aChangedLimitHoldsAtOnce() {
    let limiter = limiter(nil)
    #expect(admitted(50, limiter, caller("a", rateLimit: 2)) == 4)
    #expect(admitted(50, limiter, caller("a", rateLimit: 10)) == 20)
  }

  @Test func theAnswerSaysWhenToComeAgainAndIsCounted() throws {
    let registry = PrometheusRegistry()
    let limiter = limiter(0.2, registry: registry)
    try limiter.admit(caller("a"))
    let problem = try #require(throws: Problem.self) { try limiter.admit(caller("a")) }
    #expect(problem.status == .tooManyRequests)
    #expect(problem.headers[.retryAfter] == "5")
    clock.advance(by: .milliseconds(4_500))
    let late = try #require(throws: Problem.self) { try limiter.admit(caller("a")) }
    #expect(late.headers[.retryAfter] == "1")
    clock.advance(by: .milliseconds(500))
    try limiter.admit(caller("a"))
    let page = String(decoding: registry.exposition(), as: UTF8.self)
    #expect(page.contains("sluice_http_rate_limited_total 2"))
  }

  @Test func noMoreCallersAreRememberedThanFit() {
    let limiter = limiter(1, capacity: 4)
    #expect(admitted(2, limiter, caller("busy")) == 2)
    for name in ["a", "b", "c"] { #expect(admitted(1, limiter, caller(name)) == 1) }
    // All are in use: the busiest stay.
    #expect(admitted(1, limiter, caller("d")) == 1)
    #expect(limiter.count == 3)
    #expect(admitted(1, limiter, caller("busy")) == 0)
    // The idle ones go.
    clock.advance(by: .seconds(10))
    for name in ["e", "f", "g", "h"] { _ = admitted(1, limiter, caller(name)) }
    #expect(limiter.count == 4)
  }

  @Test func theMiddlewareAnswers429() async throws {
    try await withTemporaryFolder { folder in
      let path = folder.appending(path: "key").path
      try TokenIssuer.createKeyFile(at: path)
      let issuer = try TokenIssuer(keyFile: path)
      let router = makeServiceRouter()
      router.group("")
        .add(
          middleware: AuthenticationMiddleware(
            try Authenticator(
              TokenConfiguration(source: .keyFile(path)), rateLimiter: limiter(1)))
        )
        .get("x") { _, _ in "ok" }
      let first = try issuer.token(subject: "a", roles: [.rep], expiresIn: .seconds(60))
      let second = try issuer.token(subject: "a", roles: [.rep], expiresIn: .seconds(60))
      let application = Application(responder: makeResponder(router), logger: quiet)
      try await application.test(.router) { client in
        func get(_ token: String) async throws -> (Int, String?, String) {
          try await client.execute(
            uri: "/x", method: .get, headers: [.authorization: "Bearer \(token)"]
          ) { ($0.status.code, $0.headers[.retryAfter], String(buffer: $0.body)) }
        }
        for _ in 0..<2 { #expect(try await get(first).0 == 200) }
        let refused = try await get(first)
        #expect(refused.0 == 429)
        #expect(refused.1 == "1")
        #expect(refused.2.contains("\"code\":\"too-many-requests\""))
        #expect(try await get(second).0 == 200, "another token of the same person")
        #expect(try await get("nonsense").0 == 401)
        clock.advance(by: .seconds(1))
        #expect(try await get(first).0 == 200)
      }
    }
  }
}
