import CoreMetrics
import Synchronization

/// One time series. Handlers are given out to swift-metrics and recorded to from any thread.
protocol MetricSeries: AnyObject, Sendable {
  /// The name and labels that the registry holds it under.
  var identity: SeriesIdentity { get }
  /// Appends its sample lines.
  func write(to writer: inout ExpositionWriter)
}

struct SeriesIdentity: Hashable, Sendable {
  let name: String
  let labels: MetricLabels
}

/// A number that only rises; whole and fractional increments add up.
final class CounterSeries: MetricSeries, CounterHandler, FloatingPointCounterHandler {
  let identity: SeriesIdentity
  private let whole = Atomic<Int64>(0)
  private let fractional = Mutex(0.0)

  init(_ identity: SeriesIdentity) { self.identity = identity }

  func increment(by amount: Int64) {
    if amount > 0 { whole.wrappingAdd(amount, ordering: .relaxed) }
  }

  func increment(by amount: Double) {
    if amount > 0, amount.isFinite { fractional.withLock { $0 += amount } }
  }

  func reset() {
    whole.store(0, ordering: .relaxed)
    fractional.withLock { $0 = 0 }
  }

  func write(to writer: inout ExpositionWriter) {
    let value = Double(whole.load(ordering: .relaxed)) + fractional.withLock { $0 }
    writer.sample(identity.name, identity.labels, value)
  }
}

/// A number that goes up and down.
final class GaugeSeries: MetricSeries, RecorderHandler, MeterHandler {
  let identity: SeriesIdentity
  private let bits = Atomic<UInt64>(0)

  init(_ identity: SeriesIdentity) { self.identity = identity }

  func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
  func set(_ value: Int64) { set(Double(value)) }
  func record(_ value: Double) { set(value) }
  func record(_ value: Int64) { set(Double(value)) }

  func increment(by amount: Double) {
    var old = bits.load(ordering: .relaxed)
    while true {
      let new = (Double(bitPattern: old) + amount).bitPattern
      let (exchanged, original) = bits.weakCompareExchange(
        expected: old, desired: new, ordering: .relaxed)
      if exchanged { return }
      old = original
    }
  }

  func decrement(by amount: Double) { increment(by: -amount) }

  func write(to writer: inout ExpositionWriter) {
    let value = Double(bitPattern: bits.load(ordering: .relaxed))
    writer.sample(identity.name, identity.labels, value)
  }
}

/// Counts per upper bound, their sum and their number.
final class HistogramSeries: MetricSeries, RecorderHandler, TimerHandler {
  private struct State {
    /// One per bound, then one for everything above.
    var counts: [Int64]
    var sum = 0.0
  }

  let identity: SeriesIdentity
  private let bounds: [Double]
  private let state: Mutex<State>

  init(_ identity: SeriesIdentity, bounds: [Double]) {
    self.identity = identity
    self.bounds = bounds
    self.state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
  }

  func record(_ value: Int64) { record(Double(value)) }

  func record(_ value: Double) {
    guard value.isFinite else { return }
    var low = 0
    var high = bounds.count
    while low < high {
      let middle = (low + high) / 2
      if bounds[middle] < value { low = middle + 1 } else { high = middle }
    }
    state.withLock {
      $0.counts[low] += 1
      $0.sum += value
    }
  }

  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

  func write(to writer: inout ExpositionWriter) {
    let state = state.withLock { $0 }
    var total: Int64 = 0
    for (bound, count) in zip(bounds + [.infinity], state.counts) {
      total += count
      writer.sample(identity.name + "_bucket", identity.labels, Double(total), bound: bound)
    }
    writer.sample(identity.name + "_sum", identity.labels, state.sum)
    writer.sample(identity.name + "_count", identity.labels, Double(total))
  }
}
