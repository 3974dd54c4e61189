import Contracts
import Statistics

/// A figure with its 95% interval, or why there is none.
struct EstimateBody: Encodable, Equatable, Sendable {
  @Nullable var value: Double?
  @Nullable var low: Double?
  @Nullable var high: Double?
  @Nullable var reason: Reason?

  init(_ result: Result<Estimate, Lack>) {
    value = result.value?.value
    low = result.value?.low
    high = result.value?.high
    reason = result.lack.map { Reason($0) }
  }

  init(_ moments: Moments) {
    self.init(moments.estimate)
    // A single value has a mean, but no interval.
    if value == nil, moments.count > 0 { value = moments.mean }
  }

  init(_ quantile: SurvivalQuantile) {
    value = quantile.value
    low = quantile.low
    high = quantile.high
    reason = quantile.lack.map { Reason($0) }
  }

  static func == (left: EstimateBody, right: EstimateBody) -> Bool {
    left.value == right.value && left.low == right.low && left.high == right.high
      && left.reason == right.reason
  }
}
