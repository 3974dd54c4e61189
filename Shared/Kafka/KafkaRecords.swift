/// One partition of a topic.
package struct TopicPartition: Hashable, Sendable, Comparable, CustomStringConvertible {
  package var topic: String
  package var partition: Int32

  package init(topic: String, partition: Int32) {
    self.topic = topic
    self.partition = partition
  }

  package static func < (a: Self, b: Self) -> Bool {
    (a.topic, a.partition) < (b.topic, b.partition)
  }

  package var description: String { "\(topic)[\(partition)]" }
}

package struct KafkaHeader: Hashable, Sendable {
  package var name: String
  /// nil is a null value, distinct from an empty one.
  package var value: [UInt8]?

  package init(name: String, value: [UInt8]?) {
    self.name = name
    self.value = value
  }
}

/// A record to be written.
package struct KafkaRecord: Sendable {
  package var topic: String
  /// nil: any partition. Equal keys go to the same partition.
  package var key: [UInt8]?
  /// nil is a tombstone, distinct from an empty value.
  package var value: [UInt8]?
  package var headers: [KafkaHeader]
  /// nil leaves the choice to the partitioner.
  package var partition: Int32?
  /// Milliseconds since 1970 UTC; nil is the time of sending.
  package var timestampMilliseconds: Int64?

  package init(
    topic: String, key: [UInt8]?, value: [UInt8]?, headers: [KafkaHeader] = [],
    partition: Int32? = nil, timestampMilliseconds: Int64? = nil
  ) {
    self.topic = topic
    self.key = key
    self.value = value
    self.headers = headers
    self.partition = partition
    self.timestampMilliseconds = timestampMilliseconds
  }
}

/// A record as it was read.
package struct KafkaMessage: Hashable, Sendable {
  package var source: TopicPartition
  package var offset: Int64
  /// Milliseconds since 1970 UTC; nil when the broker gave none.
  package var timestampMilliseconds: Int64?
  package var key: [UInt8]?
  /// nil is a tombstone, distinct from an empty value.
  package var value: [UInt8]?
  package var headers: [KafkaHeader]

  package init(
    source: TopicPartition, offset: Int64, timestampMilliseconds: Int64? = nil, key: [UInt8]?,
    value: [UInt8]?, headers: [KafkaHeader] = []
  ) {
    self.source = source
    self.offset = offset
    self.timestampMilliseconds = timestampMilliseconds
    self.key = key
    self.value = value
    self.headers = headers
  }
}

/// Where an acknowledged record lies.
package struct KafkaDelivery: Hashable, Sendable {
  package var partition: Int32
  package var offset: Int64

  package init(partition: Int32, offset: Int64) {
    self.partition = partition
    self.offset = offset
  }
}

/// Where to begin reading a partition.
package enum KafkaPosition: Hashable, Sendable {
  case beginning
  case end
  /// The offset of the next message to read.
  case offset(Int64)
}

/// The range of offsets that a partition holds.
package struct Watermarks: Hashable, Sendable {
  /// The offset of the oldest message still kept.
  package var low: Int64
  /// The offset that the next written message will get.
  package var high: Int64

  package init(low: Int64, high: Int64) {
    self.low = low
    self.high = high
  }
}
