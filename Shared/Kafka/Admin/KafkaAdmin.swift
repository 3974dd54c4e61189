import CRdKafka
package import Logging
import Synchronization

/// Questions and changes about topics, groups and offsets.
///
/// Safe to use from any task; requests run one after the other on a thread of their own. A broker
/// that lacks a request (the embedded one has no admin requests at all) fails it with `.unsupported`
/// and names the request.
package final class KafkaAdmin: Sendable {
  private let client: Mutex<ClientHandle?>
  private let queue = SerialQueue("kafka-admin")
  let configuration: KafkaConfiguration
  let logger: Logger

  /// Connects in the background: an unreachable broker shows in the requests, not here.
  package init(_ configuration: KafkaConfiguration, logger: Logger) throws(KafkaError) {
    self.configuration = configuration
    self.logger = logger
    client = Mutex(
      try ClientHandle(
        RD_KAFKA_PRODUCER, settings: configuration.settings(for: .admin),
        events: RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG, configuration: configuration,
        logger: logger))
  }

  deinit {
    guard client.withLock({ $0 != nil }) else { return }
    logger.warning("a Kafka admin client was dropped without close(within:)")
  }

  package func clusterID(timeout: Duration = .seconds(10)) async throws(KafkaError) -> String {
    try await run(within: timeout, "cluster id") { client throws(KafkaError) in
      try client.clusterID(timeout: timeout)
    }
  }

  /// Frees the handle; requests under way end first. Returns at the deadline in any case.
  package func close(within limit: Duration) async {
    guard let destroyed = detach() else { return }
    if await destroyed.value(within: limit) == nil {
      logger.warning("the Kafka admin client is still closing in the background")
    }
  }

  private func detach() -> Promise<Void>? {
    client.withLock { client in
      defer { client = nil }
      return client?.destroyed
    }
  }

  // MARK: For the requests

  /// Runs blocking calls on the handle, with a deadline somewhat behind librdkafka's own.
  func run<Value: Sendable>(
    within limit: Duration, _ what: String,
    _ body: @escaping @Sendable (ClientHandle) throws(KafkaError) -> Value
  ) async throws(KafkaError) -> Value {
    guard let client = client.withLock({ $0 }) else {
      throw KafkaError(.closed, "the Kafka admin client is closed")
    }
    return try await onOwnThread(within: limit + .seconds(1), what) {
      [logger] () throws(KafkaError) in
      Self.drainMainQueue(of: client, logger: logger)
      return try body(client)
    }
  }

  /// Sends one admin request and reads its answer.
  /// - Parameters:
  ///   - submit: starts the request with the options and the queue for its answer.
  ///   - read: lent the answer's event.
  func request<Value: Sendable>(
    _ operation: rd_kafka_admin_op_t, _ name: String, timeout: Duration,
    submit:
      @escaping @Sendable (ClientHandle, OpaquePointer, OpaquePointer) throws(KafkaError) ->
      Void,
    read: @escaping @Sendable (OpaquePointer) throws(KafkaError) -> Value
  ) async throws(KafkaError) -> Value {
    try await run(within: timeout, name) { client throws(KafkaError) in
      if let id = try? client.clusterID(timeout: timeout), id.hasPrefix(EmbeddedBroker.idPrefix),
        !EmbeddedBroker.requests.contains(name)
      {
        // It would not answer at all, and the request would end as a time-out.
        throw KafkaError(
          .unsupported, "the embedded broker has no \(name); its topics are fixed at its start")
      }
      let options = rd_kafka_AdminOptions_new(client.native, operation)!
      defer { rd_kafka_AdminOptions_destroy(options) }
      rd_kafka_AdminOptions_set_request_timeout(options, timeout.milliseconds, nil, 0)
      let queue = EventQueue.new(on: client)
      try submit(client, options, queue.native)
      return try queue.poll(timeoutMilliseconds: timeout.milliseconds) {
        event throws(KafkaError) in
        guard let event else { throw KafkaError(.timedOut, "\(name): no answer within \(timeout)") }
        let code = rd_kafka_event_error(event)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
          throw KafkaError(
            code, "\(name): \(String(cString: rd_kafka_event_error_string(event)))")
        }
        return try read(event)
      }
    }
  }

  /// Nobody else serves this queue; errors come back from the requests themselves.
  private static func drainMainQueue(of client: ClientHandle, logger: Logger) {
    let queue = EventQueue.main(of: client)
    var found = true
    while found {
      found =
        (try? queue.poll(timeoutMilliseconds: 0) { event in
          guard let event else { return false }
          if rd_kafka_event_type(event) == RD_KAFKA_EVENT_LOG { logger.logClientEvent(event) }
          return true
        }) ?? false
    }
  }
}
