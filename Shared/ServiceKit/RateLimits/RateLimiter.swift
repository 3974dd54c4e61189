package import CoreMetrics
import Synchronization

/// How often each caller may ask, counted in the memory of this process.
package final class RateLimiter: Sendable {
  /// Requests per second that a limit may be.
  package static let rates = 0.01...1_000_000

  /// A token with an identity has a limit of its own; those without share their subject's.
  private enum Caller: Hashable {
    case token(String)
    case subject(String)

    init(_ principal: Principal) {
      self = principal.tokenID.map { .token($0) } ?? .subject(principal.subject)
    }
  }

  private let buckets = Mutex<[Caller: TokenBucket]>([:])
  private let perSecond: Double?
  private let capacity: Int
  private let refused: any CounterHandler
  private let now: @Sendable () -> ContinuousClock.Instant

  /// - Parameters:
  ///   - perSecond: for callers without a limit of their own; nil for no limit.
  ///   - capacity: most callers that are remembered.
  package init(
    perSecond: Double?, capacity: Int = 10_000,
    metrics factory: any MetricsFactory = MetricsSystem.factory,
    now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
  ) {
    self.perSecond = perSecond
    self.capacity = capacity
    self.refused = factory.makeCounter(label: "sluice_http_rate_limited_total", dimensions: [])
    self.now = now
    if let registry = factory as? PrometheusRegistry {
      registry.describe(
        "sluice_http_rate_limited_total",
        help: "Requests refused because their token asked too often.")
    }
  }

  /// Counts a request. Throws 429 where it is one too many, with the whole seconds after which the
  /// next one will be admitted.
  func admit(_ principal: Principal) throws(Problem) {
    guard let rate = principal.rateLimit ?? perSecond else { return }
    let caller = Caller(principal)
    let now = now()
    let wait = buckets.withLock { buckets in
      if buckets[caller]?.rate != rate {
        if buckets.count >= capacity { makeRoom(in: &buckets, now) }
        buckets[caller] = TokenBucket(rate: rate, now: now)
      }
      return buckets[caller]?.take(now: now)
    }
    guard let wait else { return }
    refused.increment(by: 1)
    throw Problem.tooManyRequests(retryAfter: max(1, Int((wait / .seconds(1)).rounded(.up))))
  }

  /// How many callers are remembered.
  var count: Int { buckets.withLock { $0.count } }

  /// A full bucket says no more than none does. Where all are in use, the fullest half goes.
  private func makeRoom(
    in buckets: inout [Caller: TokenBucket], _ now: ContinuousClock.Instant
  ) {
    buckets = buckets.filter { $0.value.fullAt > now }
    guard buckets.count >= capacity else { return }
    let byNeed = buckets.sorted { $0.value.fullAt > $1.value.fullAt }
    buckets = Dictionary(
      uniqueKeysWithValues: byNeed.prefix(capacity / 2).map { ($0.key, $0.value) })
  }
}
