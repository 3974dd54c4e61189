import CRdKafka
import Foundation
import Logging
import Synchronization

/// A producing `rd_kafka_t` and the thread that serves its delivery reports.
///
/// The thread keeps the handle alive and ends once the handle was retired and every record has its
/// report; then the handle is freed.
final class ProducerHandle: @unchecked Sendable {
  let client: ClientHandle
  private let queue: EventQueue
  private let logger: Logger
  private let retired = Atomic(false)
  /// Batches being handed over: a record of theirs may yet need its report served.
  private let senders = Atomic(0)
  private let abortion = Mutex<KafkaError?>(nil)
  /// Fulfilled when every record has its report and the thread has ended.
  let drained = Promise<Void>()

  init(_ configuration: KafkaConfiguration, logger: Logger) throws(KafkaError) {
    client = try ClientHandle(
      RD_KAFKA_PRODUCER, settings: configuration.settings(for: .producer),
      events: RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG,
      configuration: configuration, logger: logger)
    queue = .main(of: client)
    self.logger = logger
    let thread = Thread { [self] in serve() }
    thread.name = "kafka-reports"
    thread.start()
  }

  /// Why this handle takes no more records, if it does not.
  var abortReason: KafkaError? { abortion.withLock { $0 } }

  /// Keeps the reports served until `endSending`. To be called before `retire` can be.
  func beginSending() { senders.add(1, ordering: .sequentiallyConsistent) }

  func endSending() { senders.subtract(1, ordering: .sequentiallyConsistent) }

  /// Takes no more records, finishes those under way, then frees itself.
  func retire() {
    retired.store(true, ordering: .sequentiallyConsistent)
    queue.wake()
  }

  /// Takes no more records and fails those under way, then frees itself.
  func abort(_ reason: KafkaError) {
    abortion.withLock { $0 = $0 ?? reason }
    retire()
  }

  /// Hands one record to librdkafka, blocking while its queue is full.
  func produce(_ record: KafkaRecord, opaque: UnsafeMutableRawPointer) throws(KafkaError) {
    if let abortReason { throw abortReason }
    let headers = nativeHeaders(record.headers)
    let code = record.topic.withCString { topic in
      withOptionalBytes(record.key) { key, keyLength in
        withOptionalBytes(record.value) { value, valueLength in
          shim_produce(
            client.native, topic, record.partition ?? shim_partition_unassigned, key, keyLength,
            value, valueLength, headers, record.timestampMilliseconds ?? 0, opaque)
        }
      }
    }
    guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
    if let headers { rd_kafka_headers_destroy(headers) }
    if let fatal = client.fatalError {
      abort(fatal)
      throw fatal
    }
    throw KafkaError(code)
  }

  func simulateFatalError() throws(KafkaError) {
    try KafkaError.check(
      rd_kafka_test_fatal_error(
        client.native, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "simulated"))
  }

  // MARK: The report thread

  private func serve() {
    while true {
      try? queue.poll(timeoutMilliseconds: 100) { event in
        if let event { handle(event) }
      }
      // On every turn: a record may have slipped in beside the purge before.
      if abortReason != nil, rd_kafka_outq_len(client.native) > 0 {
        rd_kafka_purge(client.native, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
      }
      if retired.load(ordering: .sequentiallyConsistent),
        senders.load(ordering: .sequentiallyConsistent) == 0,
        rd_kafka_outq_len(client.native) == 0
      {
        break
      }
    }
    drained.fulfil(())
  }

  private func handle(_ event: OpaquePointer) {
    switch rd_kafka_event_type(event) {
    case RD_KAFKA_EVENT_DR:
      while let report = rd_kafka_event_message_next(event) { complete(report.pointee) }
    case RD_KAFKA_EVENT_LOG:
      logger.logClientEvent(event)
    case RD_KAFKA_EVENT_ERROR:
      if let fatal = client.fatalError {
        logger.error("fatal producer error, a new handle follows", metadata: ["error": "\(fatal)"])
        abort(fatal)
      } else {
        let error = KafkaError(
          rd_kafka_event_error(event), String(cString: rd_kafka_event_error_string(event)))
        // A lost connection is in librdkafka's own log already.
        logger.log(
          level: error.code == .transport ? .debug : .warning, "producer error",
          metadata: ["error": "\(error)"])
      }
    default: break
    }
  }

  private func complete(_ report: rd_kafka_message_t) {
    guard let opaque = report._private else { return }
    let outcome: SendBatch.Outcome
    if report.err == RD_KAFKA_RESP_ERR_NO_ERROR {
      outcome = .success(KafkaDelivery(partition: report.partition, offset: report.offset))
    } else if let fatal = client.fatalError {
      outcome = .failure(fatal)
    } else {
      outcome = .failure(KafkaError(report.err))
    }
    SendBatch.complete(opaque, with: outcome)
  }
}

/// Null for nil; a pointer to no bytes for empty.
private func withOptionalBytes<Value>(
  _ bytes: [UInt8]?, _ body: (UnsafeRawPointer?, Int) -> Value
) -> Value {
  guard let bytes else { return body(nil, 0) }
  return bytes.withUnsafeBytes { buffer in
    // An empty array may have no address at all, which would read as null.
    guard let address = buffer.baseAddress, !buffer.isEmpty else {
      return withUnsafeBytes(of: UInt8(0)) { body($0.baseAddress, 0) }
    }
    return body(address, buffer.count)
  }
}

/// A list that librdkafka takes over when the record is accepted.
private func nativeHeaders(_ headers: [KafkaHeader]) -> OpaquePointer? {
  guard !headers.isEmpty else { return nil }
  let list = rd_kafka_headers_new(headers.count)
  for header in headers {
    withOptionalBytes(header.value) { value, length in
      _ = rd_kafka_header_add(list, header.name, -1, value, length)
    }
  }
  return list
}
