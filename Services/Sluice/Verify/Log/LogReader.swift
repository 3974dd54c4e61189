import Contracts
import Kafka
import Logging

/// Reads the whole of `stage-changes.v1`, from its beginning to where it ended when the reading
/// began.
struct LogReader: Sendable {
  let configuration: KafkaConfiguration
  let topicPrefix: String
  let logger: Logger
  /// How long the broker may be silent.
  var patience = Duration.seconds(15)
  /// Reads only so many of the last messages of each partition; nil reads all.
  var last: Int64?

  /// Hands every record to `body` and returns the range of each partition.
  func read(_ body: (LogRecord, _ total: Int) -> Void) async throws -> [Int32: Watermarks] {
    let ranges = try await self.ranges()
    let total = ranges.values.reduce(0) { $0 + Int($1.high - $1.low) }
    let held = ranges.filter { $0.value.low < $0.value.high }
    if !held.isEmpty {
      let consumer = try KafkaConsumer(
        configuration, group: "\(topicPrefix)sluice-verify", logger: logger)
      do {
        try await consumer.assign(held.mapValues { .offset($0.low) })
        try await read(held, from: consumer) { body($0, total) }
        await consumer.close(within: .seconds(5))
      } catch {
        await consumer.close(within: .seconds(5))
        throw error
      }
    }
    return Dictionary(uniqueKeysWithValues: ranges.map { ($0.key.partition, $0.value) })
  }

  private func ranges() async throws -> [TopicPartition: Watermarks] {
    let admin = try KafkaAdmin(configuration, logger: logger)
    do {
      let topic = Topic.stageChanges.name(prefix: topicPrefix)
      guard let metadata = try await admin.metadata()[topic] else {
        throw OperatorFailure.unavailable(
          "Kafka has no topic \(topic); sluice topics ensure makes it")
      }
      let ranges = try await admin.watermarks(
        of: (0..<Int32(metadata.partitions)).map { TopicPartition(topic: topic, partition: $0) })
      await admin.close(within: .seconds(5))
      guard let last else { return ranges }
      return ranges.mapValues { Watermarks(low: max($0.low, $0.high - last), high: $0.high) }
    } catch {
      await admin.close(within: .seconds(5))
      throw error
    }
  }

  private func read(
    _ ranges: [TopicPartition: Watermarks], from consumer: KafkaConsumer,
    _ body: (LogRecord) -> Void
  ) async throws {
    var open = ranges.mapValues(\.high)
    var heardAt = ContinuousClock.now
    while !open.isEmpty {
      for event in await consumer.poll(upTo: 5_000, waiting: .milliseconds(200)) {
        switch event {
        case .messages(let messages):
          heardAt = .now
          for message in messages {
            guard let end = open[message.source] else { continue }
            if message.offset < end { body(LogRecord(message)) }
            if message.offset >= end - 1 { open[message.source] = nil }
          }
        case .error(let error) where error.isFatal || error.code == .closed: throw error
        case .error, .assigned, .revoked: break
        }
      }
      guard ContinuousClock.now - heardAt > patience else { continue }
      // What was deleted meanwhile can no longer be waited for.
      for (partition, end) in open {
        let range = try await consumer.queryWatermarks(of: partition, timeout: .seconds(10))
        if range.low >= end { open[partition] = nil }
      }
      guard open.isEmpty else {
        let silent = open.keys.sorted().map(\.description).joined(separator: ", ")
        throw OperatorFailure.unavailable(
          "Kafka delivered nothing of \(silent) for \(patience); is its leader up?")
      }
    }
  }
}

extension LogRecord {
  init(_ message: KafkaMessage) {
    self.init(
      partition: message.source.partition, offset: message.offset,
      wire: WireMessage(
        key: message.key, value: message.value,
        headers: message.headers.map { WireMessage.Header($0.name, $0.value) }))
  }
}
