import CRdKafka
import Logging

extension ConsumerHandle {
  /// Blocks up to `waiting` for the first event, then takes what is there, up to the first rebalance
  /// or `limit` messages. Ends of partitions are told where `enable.partition.eof` is set.
  func poll(
    upTo limit: Int, waiting: Duration
  ) -> (events: [KafkaConsumerEvent], ends: Set<TopicPartition>) {
    let deadline = ContinuousClock.now + waiting
    var drain = Drain()
    while drain.messageCount < limit, !drain.isEnded {
      let remaining = drain.isEmpty ? (deadline - .now).milliseconds : 0
      let event = rd_kafka_queue_poll(queue.native, remaining)
      defer { rd_kafka_event_destroy(event) }
      guard let event else { break }
      take(event, into: &drain)
    }
    return (drain.finish(), drain.ends)
  }

  private func take(_ event: OpaquePointer, into drain: inout Drain) {
    switch rd_kafka_event_type(event) {
    case RD_KAFKA_EVENT_FETCH:
      while let message = rd_kafka_event_message_next(event) {
        drain.append(message: message)
      }
    case RD_KAFKA_EVENT_REBALANCE:
      drain.append(rebalance(event))
      drain.isEnded = true
    case RD_KAFKA_EVENT_ERROR where rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__PARTITION_EOF:
      guard let end = rd_kafka_event_topic_partition(event) else { return }
      defer { rd_kafka_topic_partition_destroy(end) }
      drain.ends.insert(PartitionList.source(end.pointee))
    case RD_KAFKA_EVENT_ERROR:
      drain.append(.error(error(event)))
    case RD_KAFKA_EVENT_OFFSET_COMMIT:
      logCommit(event)
    case RD_KAFKA_EVENT_LOG:
      logger.logClientEvent(event)
    default: break
    }
  }

  private func error(_ event: OpaquePointer) -> KafkaError {
    if rd_kafka_event_error_is_fatal(event) != 0, let fatal = client.fatalError { return fatal }
    return KafkaError(
      rd_kafka_event_error(event), String(cString: rd_kafka_event_error_string(event)))
  }

  /// The positions that count are kept elsewhere, so a failed commit only delays what lag monitors
  /// see.
  private func logCommit(_ event: OpaquePointer) {
    let error = KafkaError(rd_kafka_event_error(event))
    let afterRebalance: [KafkaError.Code] = [
      .illegalGeneration, .unknownMember, .rebalanceInProgress, .noOffset,
    ]
    if error.code.rawValue != 0 {
      logger.log(
        level: afterRebalance.contains(error.code) ? .debug : .warning, "offset commit failed",
        metadata: ["error": "\(error)"])
    }
  }
}

/// What one poll has gathered: runs of messages between other events, in the order of arrival.
private struct Drain {
  private var events: [KafkaConsumerEvent] = []
  private var run: [KafkaMessage] = []
  private var topics: [OpaquePointer: String] = [:]
  private var last: (topic: OpaquePointer, source: TopicPartition)?
  private(set) var messageCount = 0
  var ends: Set<TopicPartition> = []
  var isEnded = false

  var isEmpty: Bool { messageCount == 0 && events.isEmpty && ends.isEmpty }

  mutating func append(_ event: KafkaConsumerEvent) {
    closeRun()
    events.append(event)
  }

  mutating func append(message: UnsafePointer<rd_kafka_message_t>) {
    let native = message.pointee
    guard native.err == RD_KAFKA_RESP_ERR_NO_ERROR else {
      append(.error(KafkaError(native.err, String(cString: rd_kafka_message_errstr(message)))))
      return
    }
    run.append(KafkaMessage(message, source: source(of: native)))
    messageCount += 1
  }

  mutating func finish() -> [KafkaConsumerEvent] {
    closeRun()
    return events
  }

  private mutating func closeRun() {
    guard !run.isEmpty else { return }
    events.append(.messages(run))
    run = []
  }

  /// Reads each topic's name once per drain; a topic's handle outlives the drain, because an
  /// assignment can't change before the rebalance that ends it.
  private mutating func source(of message: rd_kafka_message_t) -> TopicPartition {
    let topic = message.rkt!
    if let last, last.topic == topic, last.source.partition == message.partition {
      return last.source
    }
    let name = topics[topic] ?? String(cString: rd_kafka_topic_name(topic))
    topics[topic] = name
    let source = TopicPartition(topic: name, partition: message.partition)
    last = (topic, source)
    return source
  }
}

extension KafkaMessage {
  /// Copies everything; the native message stays its event's.
  init(_ message: UnsafePointer<rd_kafka_message_t>, source: TopicPartition) {
    let native = message.pointee
    var timestampType = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
    let timestamp = rd_kafka_message_timestamp(message, &timestampType)
    self.init(
      source: source, offset: native.offset,
      timestampMilliseconds: timestampType == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? nil : timestamp,
      key: bytes(native.key, native.key_len), value: bytes(native.payload, native.len),
      headers: readHeaders(message))
  }
}

private func readHeaders(_ message: UnsafePointer<rd_kafka_message_t>) -> [KafkaHeader] {
  var list: OpaquePointer?
  guard rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else {
    return []
  }
  let count = rd_kafka_header_cnt(list)
  return (0..<count).compactMap { index in
    var name: UnsafePointer<CChar>?
    var value: UnsafeRawPointer?
    var size = 0
    guard rd_kafka_header_get_all(list, index, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR,
      let name
    else { return nil }
    return KafkaHeader(name: String(cString: name), value: bytes(value, size))
  }
}

private func bytes(_ start: UnsafeRawPointer?, _ count: Int) -> [UInt8]? {
  start.map { [UInt8](UnsafeRawBufferPointer(start: $0, count: count)) }
}
