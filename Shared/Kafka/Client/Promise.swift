import Dispatch
import Foundation
import Synchronization

/// A value that some thread supplies once and tasks await with a deadline.
final class Promise<Value: Sendable>: Sendable {
  private struct State {
    var value: Value?
    var waiting: [Int: CheckedContinuation<Value?, Never>] = [:]
    var nextID = 0
  }
  private let state = Mutex(State())

  /// Later calls change nothing.
  func fulfil(_ value: Value) {
    let waiting = state.withLock { state in
      guard state.value == nil else { return [:] as [Int: CheckedContinuation<Value?, Never>] }
      state.value = value
      defer { state.waiting = [:] }
      return state.waiting
    }
    for continuation in waiting.values { continuation.resume(returning: value) }
  }

  /// The value, or nil when it has not come by the deadline.
  func value(within limit: Duration) async -> Value? {
    await withCheckedContinuation { continuation in
      let id = state.withLock { state -> Int? in
        if let value = state.value {
          continuation.resume(returning: value)
          return nil
        }
        state.nextID += 1
        state.waiting[state.nextID] = continuation
        return state.nextID
      }
      guard let id else { return }
      let deadline = DispatchTime.now() + .milliseconds(Int(limit.milliseconds))
      DispatchQueue.global().asyncAfter(deadline: deadline) { [weak self] in
        let late = self?.state.withLock { $0.waiting.removeValue(forKey: id) }
        late?.resume(returning: nil)
      }
    }
  }
}

/// Runs a call that may block for longer than it should on a thread of its own, and stops waiting
/// for it at the deadline. The call itself goes on; what it captured lives until it comes back.
func onOwnThread<Value: Sendable>(
  within limit: Duration, _ what: String,
  _ body: @escaping @Sendable () throws(KafkaError) -> Value
) async throws(KafkaError) -> Value {
  let promise = Promise<Result<Value, KafkaError>>()
  Thread.detachNewThread {
    promise.fulfil(Result { () throws(KafkaError) -> Value in try body() })
  }
  guard let result = await promise.value(within: limit) else {
    throw KafkaError(.timedOut, "\(what): no answer within \(limit)")
  }
  return try result.get()
}
