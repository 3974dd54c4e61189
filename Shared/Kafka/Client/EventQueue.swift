import CRdKafka

/// A reference to one of a handle's event queues; keeps the handle alive and is freed before it.
///
/// Thread: one thread polls a queue at a time; `wake` may be called from any thread.
final class EventQueue: @unchecked Sendable {
  private let client: ClientHandle
  let native: OpaquePointer

  /// - Parameter native: a new reference, taken over.
  private init(_ client: ClientHandle, _ native: OpaquePointer) {
    self.client = client
    self.native = native
  }

  deinit { rd_kafka_queue_destroy(native) }

  /// Delivery reports, errors and logs of a handle.
  static func main(of client: ClientHandle) -> EventQueue {
    EventQueue(client, rd_kafka_queue_get_main(client.native))
  }

  /// Messages and rebalances of a consumer; also its main queue, which is forwarded to it.
  static func consumer(of client: ClientHandle) throws(KafkaError) -> EventQueue {
    try KafkaError.check(rd_kafka_poll_set_consumer(client.native))
    guard let native = rd_kafka_queue_get_consumer(client.native) else {
      throw KafkaError(.state, "the handle is no consumer with a group")
    }
    return EventQueue(client, native)
  }

  /// An empty queue for the answer to one request.
  static func new(on client: ClientHandle) -> EventQueue {
    EventQueue(client, rd_kafka_queue_new(client.native))
  }

  /// Blocks up to the time-out. The event is lent to the body and freed after it; nil is passed when
  /// there was none.
  func poll<Value>(
    timeoutMilliseconds: Int32, _ body: (OpaquePointer?) throws(KafkaError) -> Value
  ) throws(KafkaError) -> Value {
    let event = rd_kafka_queue_poll(native, timeoutMilliseconds)
    defer { rd_kafka_event_destroy(event) }
    return try body(event)
  }

  /// Makes a blocked poll, or else the next one, return at once.
  func wake() { rd_kafka_queue_yield(native) }
}
