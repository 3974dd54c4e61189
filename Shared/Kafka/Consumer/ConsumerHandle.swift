import CRdKafka
import Logging
import Synchronization

/// A consuming `rd_kafka_t` with its queue.
///
/// Thread: `poll` and `leave` run on the consumer's poll queue, one at a time; everything else may
/// come from any thread.
final class ConsumerHandle: Sendable {
  let client: ClientHandle
  let queue: EventQueue
  let logger: Logger
  /// The partitions of an unanswered revocation; a cooperative answer has to name them.
  private let revoking = Mutex<[TopicPartition]?>(nil)

  init(
    _ configuration: KafkaConfiguration, role: KafkaConfiguration.Role, group: String,
    instanceID: String?, logger: Logger
  ) throws(KafkaError) {
    var settings = try configuration.settings(for: role)
    settings["group.id"] = group
    if let instanceID { settings["group.instance.id"] = instanceID }
    client = try ClientHandle(
      RD_KAFKA_CONSUMER, settings: settings,
      events: RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT | RD_KAFKA_EVENT_ERROR
        | RD_KAFKA_EVENT_LOG,
      configuration: configuration, logger: logger)
    queue = try .consumer(of: client)
    self.logger = logger
  }

  private var isCooperative: Bool {
    rd_kafka_rebalance_protocol(client.native).map { String(cString: $0) } == "COOPERATIVE"
  }

  func subscribe(_ topics: [String]) throws(KafkaError) {
    let list = PartitionList(
      topics.map { TopicPartition(topic: $0, partition: shim_partition_unassigned) })
    try KafkaError.check(rd_kafka_subscribe(client.native, list.native))
  }

  func assign(_ positions: [TopicPartition: KafkaPosition]) throws(KafkaError) {
    let list = PartitionList(
      positions.sorted { $0.key < $1.key }.map { ($0.key, $0.value.nativeOffset) })
    if isCooperative {
      if let error = rd_kafka_incremental_assign(client.native, list.native) {
        throw KafkaError(consuming: error)
      }
    } else {
      try KafkaError.check(rd_kafka_assign(client.native, list.native))
    }
  }

  func unassign() throws(KafkaError) {
    let revoked = revoking.withLock { revoking in
      defer { revoking = nil }
      return revoking
    }
    if isCooperative, let revoked {
      let list = PartitionList(revoked)
      if let error = rd_kafka_incremental_unassign(client.native, list.native) {
        throw KafkaError(consuming: error)
      }
    } else {
      try KafkaError.check(rd_kafka_assign(client.native, nil))
    }
  }

  func pause(_ partitions: [TopicPartition]) throws(KafkaError) {
    let list = PartitionList(partitions)
    try KafkaError.check(rd_kafka_pause_partitions(client.native, list.native))
    try list.check()
  }

  func resume(_ partitions: [TopicPartition]) throws(KafkaError) {
    let list = PartitionList(partitions)
    try KafkaError.check(rd_kafka_resume_partitions(client.native, list.native))
    try list.check()
  }

  func commit(_ next: [TopicPartition: Int64]) throws(KafkaError) {
    let list = PartitionList(next.map { ($0.key, $0.value) })
    try KafkaError.check(rd_kafka_commit(client.native, list.native, 1))
  }

  func cachedWatermarks(of source: TopicPartition) -> Watermarks? {
    var marks = Watermarks(low: 0, high: 0)
    let code = rd_kafka_get_watermark_offsets(
      client.native, source.topic, source.partition, &marks.low, &marks.high)
    // Negative: nothing was fetched of this partition yet.
    return code == RD_KAFKA_RESP_ERR_NO_ERROR && marks.high >= 0 && marks.low >= 0 ? marks : nil
  }

  /// A rebalance event as ours. The event stays the caller's.
  func rebalance(_ event: OpaquePointer) -> KafkaConsumerEvent {
    let partitions = PartitionList.sources(rd_kafka_event_topic_partition_list(event))
    switch rd_kafka_event_error(event) {
    case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
      return .assigned(partitions.sorted())
    case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
      revoking.withLock { $0 = partitions }
      return .revoked(partitions.sorted(), lost: rd_kafka_assignment_lost(client.native) != 0)
    case let code:
      // librdkafka asks for the assignment to be dropped, so that the group can start afresh.
      try? unassign()
      return .error(KafkaError(code))
    }
  }

  /// Leaves the group and answers its last rebalance, up to the deadline.
  func leave(until deadline: ContinuousClock.Instant) throws(KafkaError) {
    if let error = rd_kafka_consumer_close_queue(client.native, queue.native) {
      throw KafkaError(consuming: error)
    }
    while rd_kafka_consumer_closed(client.native) == 0 {
      guard ContinuousClock.now < deadline else {
        throw KafkaError(.timedOut, "the consumer could not leave its group in time")
      }
      try queue.poll(timeoutMilliseconds: 50) { event throws(KafkaError) in
        guard let event, rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE else { return }
        _ = rebalance(event)
        try unassign()
      }
    }
  }
}
