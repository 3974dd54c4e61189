import Kafka
import Synchronization

/// How a consumer group of this process fares: for readiness, liveness and the freshness of answers.
package final class ConsumerStatus: Sendable {
  package struct Lag: Hashable, Sendable {
    package var messages: Int64 = 0
    /// Age of the oldest message that is not processed yet.
    package var seconds: Double = 0
  }

  private struct State {
    var lag = Lag()
    var trouble: String? = "not connected yet"
    var stopped: [TopicPartition: String] = [:]
    var retrying: [TopicPartition: String] = [:]
    var isStalled = false
  }

  private let state = Mutex(State())

  package init() {}

  /// Summed messages and the largest age over the partitions that this process holds.
  package var lag: Lag { state.withLock(\.lag) }

  /// Why the group is not in order, in words for an operator; nil when it is.
  package var trouble: String? {
    state.withLock { state in
      if let (partition, reason) = state.stopped.min(by: { $0.key < $1.key }) {
        return "\(partition) is stopped: \(reason)"
      }
      if let (partition, reason) = state.retrying.min(by: { $0.key < $1.key }) {
        return "\(partition) does not get on: \(reason)"
      }
      return state.trouble
    }
  }

  /// A batch has been under way for longer than any batch may take.
  package var isStalled: Bool { state.withLock(\.isStalled) }

  /// The partitions that have stopped, and why.
  var stopped: [TopicPartition: String] { state.withLock(\.stopped) }

  func set(lag: Lag, isStalled: Bool) {
    state.withLock {
      $0.lag = lag
      $0.isStalled = isStalled
    }
  }

  func set(trouble: String?) { state.withLock { $0.trouble = trouble } }

  func set(stopped: [TopicPartition: String]) { state.withLock { $0.stopped = stopped } }

  /// The partitions whose batch is tried again and again, and why.
  func set(retrying: [TopicPartition: String]) { state.withLock { $0.retrying = retrying } }
}
