import CRdKafka
package import Logging

/// Writes in transactions, as some publishers do; what it wrote can be read once it is committed.
/// We write none ourselves: this is for trying how readers and lag get on with them.
///
/// Used from one task.
package final class TransactionalWriter: Sendable {
  private let client: ClientHandle
  private let limit = Duration.seconds(30)

  /// - Parameter id: the newest writer of an id fences off those before it.
  package init(
    _ configuration: KafkaConfiguration, id: String, logger: Logger
  ) async throws(KafkaError) {
    let client = try ClientHandle(
      RD_KAFKA_PRODUCER, settings: configuration.settings(for: .transactional(id: id)),
      events: RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG, configuration: configuration,
      logger: logger)
    self.client = client
    try await call("init transactions") { rd_kafka_init_transactions($0, $1) }
  }

  /// Begins a transaction and writes the values of these records, up to the brokers'
  /// acknowledgement; keys and headers are left out.
  package func begin(_ records: [KafkaRecord]) async throws(KafkaError) {
    try await call("begin transaction") { client, _ in rd_kafka_begin_transaction(client) }
    for record in records {
      let value = record.value ?? []
      let code = shim_produce(
        client.native, record.topic, record.partition ?? shim_partition_unassigned, nil, 0, value,
        value.count, nil, 0, nil)
      try KafkaError.check(code)
    }
    try await onOwnThread(within: limit, "flush") { [client, limit] () throws(KafkaError) in
      try KafkaError.check(rd_kafka_flush(client.native, limit.milliseconds))
    }
  }

  package func commit() async throws(KafkaError) {
    try await call("commit transaction") { rd_kafka_commit_transaction($0, $1) }
  }

  package func abort() async throws(KafkaError) {
    try await call("abort transaction") { rd_kafka_abort_transaction($0, $1) }
  }

  private func call(
    _ what: String, _ body: @escaping @Sendable (OpaquePointer, Int32) -> OpaquePointer?
  ) async throws(KafkaError) {
    try await onOwnThread(within: limit, what) { [client, limit] () throws(KafkaError) in
      if let error = body(client.native, limit.milliseconds) { throw KafkaError(consuming: error) }
    }
  }
}
