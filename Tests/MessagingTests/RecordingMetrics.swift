import CoreMetrics
import Synchronization

/// Counters that a test can read; every other metric goes nowhere.
final class RecordingMetrics: MetricsFactory, Sendable {
  private static let counts = Mutex<[String: Int64]>([:])
  private static let installed: Void = MetricsSystem.bootstrap(RecordingMetrics())

  /// For the whole process; groups keep the tests apart.
  static func install() { installed }

  static func count(_ label: String, _ group: String, _ outcome: String) -> Int64 {
    counts.withLock { counts in
      counts.filter {
        $0.key.hasPrefix(label) && $0.key.contains(group) && $0.key.contains(outcome)
      }.values.reduce(0, +)
    }
  }

  func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    Count(name: label + dimensions.map { " \($0)=\($1)" }.joined())
  }

  func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler { NOOPMetricsHandler.instance }

  func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    NOOPMetricsHandler.instance
  }

  func destroyCounter(_: any CounterHandler) {}
  func destroyRecorder(_: any RecorderHandler) {}
  func destroyTimer(_: any TimerHandler) {}

  private final class Count: CounterHandler, Sendable {
    let name: String

    init(name: String) { self.name = name }

    func increment(by amount: Int64) {
      RecordingMetrics.counts.withLock { $0[name, default: 0] += amount }
    }

    func reset() {}
  }
}
