/// Exponential waits, with jitter of half of each wait, between 50 ms and a cap.
package struct Backoff: Sendable {
  private let cap: Double
  private var ceiling: Double

  package init(cap: Duration = .seconds(5)) {
    self.cap = Double(cap.components.seconds) + Double(cap.components.attoseconds) / 1e18
    ceiling = min(0.05, self.cap)
  }

  /// How long to wait before the next attempt.
  package mutating func next() -> Duration {
    defer { ceiling = min(cap, ceiling * 2) }
    return .seconds(Double.random(in: ceiling / 2...ceiling))
  }

  package mutating func reset() { ceiling = min(0.05, cap) }
}
