/// Admits a steady rate of requests and short bursts of twice that many.
///
/// Kept as the moment at which the bucket will be full again, which makes it exact: no window of
/// length `t` ever admits more than `burst + rate × t`.
struct TokenBucket: Sendable {
  /// Requests per second.
  let rate: Double
  /// Requests that a full bucket admits at once.
  let burst: Int
  private let interval: Duration
  private(set) var fullAt: ContinuousClock.Instant

  /// A full bucket. A rate outside ``RateLimiter/rates`` counts as the nearest one inside.
  init(rate: Double, now: ContinuousClock.Instant) {
    let bounds = RateLimiter.rates
    let usable = Double.minimum(.maximum(rate, bounds.lowerBound), bounds.upperBound)
    self.rate = rate
    self.burst = max(1, Int(2 * usable))
    self.interval = .seconds(1 / usable)
    self.fullAt = now
  }

  /// Nil when the request is admitted, otherwise after what time one will be.
  mutating func take(now: ContinuousClock.Instant) -> Duration? {
    let start = max(fullAt, now)
    let wait = (start - now) + interval - interval * burst
    if wait > .zero { return wait }
    fullAt = start + interval
    return nil
  }
}
