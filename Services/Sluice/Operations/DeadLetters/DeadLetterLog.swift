import Contracts
import Kafka
import Logging

/// Reads `dead-letters.v1`.
struct DeadLetterLog: Sendable {
  let configuration: KafkaConfiguration
  let topicPrefix: String
  let logger: Logger
  /// How long the broker may be silent.
  var patience = Duration.seconds(15)

  var topic: String { Topic.deadLetters.name(prefix: topicPrefix) }

  init(_ configuration: KafkaConfiguration, topicPrefix: String, logger: Logger) {
    self.configuration = configuration
    self.topicPrefix = topicPrefix
    self.logger = logger
  }

  init(_ context: OperatorContext) throws {
    self.init(
      try context.kafkaConfiguration(), topicPrefix: try context.topicPrefix,
      logger: context.logger)
  }

  /// Everything there is, without the values.
  func box() async throws -> DeadLetterBox {
    let ranges = try await ranges()
    var box = DeadLetterBox()
    box.ranges = Dictionary(uniqueKeysWithValues: ranges.map { ($0.key.partition, $0.value) })
    try await read(ranges.mapValues { $0.low..<$0.high }) { messages in
      for message in messages { box.add(message) }
    }
    return box
  }

  /// Hands over the messages at these positions in runs, in the order of each partition.
  func messages(
    at positions: Set<LetterPosition>, _ body: ([KafkaMessage]) async throws -> Void
  ) async throws {
    let ranges = Dictionary(grouping: positions, by: \.partition).map { partition, positions in
      let offsets = positions.map(\.offset)
      return (
        TopicPartition(topic: topic, partition: partition),
        (offsets.min() ?? 0)..<((offsets.max() ?? 0) + 1)
      )
    }
    try await read(Dictionary(uniqueKeysWithValues: ranges)) { messages in
      let wanted = messages.filter { positions.contains(LetterPosition($0)) }
      if !wanted.isEmpty { try await body(wanted) }
    }
  }

  /// The message at one position.
  func message(at position: LetterPosition) async throws -> KafkaMessage {
    var found: KafkaMessage?
    try await messages(at: [position]) { found = $0.first }
    guard let found else {
      throw OperatorFailure.unavailable("the dead letter \(position) was deleted meanwhile")
    }
    return found
  }

  private func ranges() async throws -> [TopicPartition: Watermarks] {
    let admin = try KafkaAdmin(configuration, logger: logger)
    do {
      let name = topic
      guard let metadata = try await admin.metadata()[name] else {
        throw OperatorFailure.unavailable(
          "Kafka has no topic \(name); sluice topics ensure makes it")
      }
      let ranges = try await admin.watermarks(
        of: (0..<Int32(metadata.partitions)).map { TopicPartition(topic: name, partition: $0) })
      await admin.close(within: .seconds(5))
      return ranges
    } catch {
      await admin.close(within: .seconds(5))
      throw error
    }
  }

  private func read(
    _ ranges: KafkaLogReader.Ranges, _ body: ([KafkaMessage]) async throws -> Void
  ) async throws {
    let reader = try await KafkaLogReader(
      configuration, ranges: ranges, patience: patience, logger: logger)
    do {
      while let messages = try await reader.next() { try await body(messages) }
      await reader.close()
    } catch {
      await reader.close()
      throw error
    }
    guard reader.unanswered.isEmpty else {
      let silent = reader.unanswered.sorted().map(\.description).joined(separator: ", ")
      throw OperatorFailure.unavailable(
        "Kafka delivered nothing of \(silent) for \(patience); is its leader up?")
    }
  }
}
