import CRdKafka

/// Owns a `rd_kafka_topic_partition_list_t` for the length of one call.
struct PartitionList: ~Copyable {
  let native: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

  init<S: Sequence>(_ entries: S) where S.Element == (TopicPartition, Int64) {
    native = rd_kafka_topic_partition_list_new(Int32(entries.underestimatedCount))
    for (source, offset) in entries {
      rd_kafka_topic_partition_list_add(native, source.topic, source.partition).pointee.offset =
        offset
    }
  }

  init(_ partitions: [TopicPartition]) {
    self.init(partitions.map { ($0, Int64(RD_KAFKA_OFFSET_INVALID)) })
  }

  deinit { rd_kafka_topic_partition_list_destroy(native) }

  /// The first error that librdkafka noted for one of the partitions.
  func check() throws(KafkaError) {
    for entry in PartitionList.entries(native) where entry.err != RD_KAFKA_RESP_ERR_NO_ERROR {
      let source = PartitionList.source(entry)
      throw KafkaError(entry.err, "\(source): \(String(cString: rd_kafka_err2str(entry.err)))")
    }
  }

  /// Reads a list that somebody else owns.
  static func entries(
    _ list: UnsafePointer<rd_kafka_topic_partition_list_t>?
  ) -> UnsafeBufferPointer<rd_kafka_topic_partition_t> {
    guard let list else { return UnsafeBufferPointer(start: nil, count: 0) }
    return UnsafeBufferPointer(start: list.pointee.elems, count: Int(list.pointee.cnt))
  }

  static func source(_ entry: rd_kafka_topic_partition_t) -> TopicPartition {
    TopicPartition(topic: String(cString: entry.topic), partition: entry.partition)
  }

  static func sources(
    _ list: UnsafePointer<rd_kafka_topic_partition_list_t>?
  ) -> [TopicPartition] {
    entries(list).map(source)
  }
}

extension KafkaPosition {
  var nativeOffset: Int64 {
    switch self {
    case .beginning: Int64(RD_KAFKA_OFFSET_BEGINNING)
    case .end: Int64(RD_KAFKA_OFFSET_END)
    case .offset(let offset): offset
    }
  }
}
