import Dispatch

/// Runs blocking calls one after the other, off the cooperative pool.
struct SerialQueue: Sendable {
  private let queue: DispatchQueue

  init(_ label: String) { queue = DispatchQueue(label: label) }

  func run<Value: Sendable>(
    _ body: @escaping @Sendable () throws(KafkaError) -> Value
  ) async throws(KafkaError) -> Value {
    let result: Result<Value, KafkaError> = await withCheckedContinuation { continuation in
      queue.async {
        continuation.resume(
          returning: Result { () throws(KafkaError) -> Value in try body() })
      }
    }
    return try result.get()
  }

  func enqueue(_ body: @escaping @Sendable () -> Void) { queue.async(execute: body) }
}
