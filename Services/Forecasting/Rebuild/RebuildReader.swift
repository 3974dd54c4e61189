import Kafka
import Messaging

/// Reads partitions ahead of what is applied, in no group, so that nobody's partitions move.
struct RebuildReader: Sendable {
  /// Messages of one partition in memory before it is paused; it resumes below half of that.
  static let limit = 6_000

  /// The offset that each partition is applied up to.
  private(set) var positions: [TopicPartition: Int64]
  private(set) var ahead: [TopicPartition: [ConsumedMessage]] = [:]
  private let consumer: KafkaConsumer
  private var heard: [TopicPartition: ContinuousClock.Instant] = [:]
  private var paused: Set<TopicPartition> = []

  init(_ log: RebuildLog, from positions: [TopicPartition: Int64]) async throws {
    var kafka = log.kafka
    // Messages that are gone must not be jumped over.
    kafka.overrides["auto.offset.reset"] = "error"
    consumer = try KafkaConsumer(kafka, group: log.group + "-rebuild", logger: log.logger)
    self.positions = positions
    do {
      try await consumer.assign(positions.mapValues { .offset($0) })
    } catch {
      await consumer.close(within: .seconds(2))
      throw error
    }
    for partition in positions.keys { heard[partition] = .now }
  }

  func close() async { await consumer.close(within: .seconds(4)) }

  /// Takes what has come, waiting a moment for the first.
  mutating func poll() async throws {
    try await applyBackPressure()
    for event in await consumer.poll(upTo: RebuildReader.limit, waiting: .milliseconds(50)) {
      switch event {
      case .messages(let messages):
        for message in messages where message.offset >= positions[message.source] ?? .max {
          ahead[message.source, default: []].append(ConsumedMessage(message))
          heard[message.source] = .now
        }
      case .error(let error) where error.code == .noPosition:
        throw RebuildFailure(
          "Kafka deleted messages before they were read: \(error). Rebuild from the history: "
            + "sluice rebuild forecasting --from history")
      case .error(let error) where error.isFatal || error.code == .closed:
        throw error
      case .error, .assigned, .revoked: break
      }
    }
  }

  private mutating func applyBackPressure() async throws {
    let full = ahead.filter { $0.value.count >= RebuildReader.limit }.keys
    let pause = full.filter { !paused.contains($0) }
    let resume = paused.filter { ahead[$0]?.count ?? 0 < RebuildReader.limit / 2 }
    if !pause.isEmpty { try await consumer.pause(pause) }
    if !resume.isEmpty { try await consumer.resume(Array(resume)) }
    paused = paused.subtracting(resume).union(pause)
  }

  /// The next messages of a partition before an offset.
  func next(_ limit: Int, of partition: TopicPartition, before goal: Int64) -> [ConsumedMessage] {
    guard let messages = ahead[partition] else { return [] }
    return Array(messages.prefix(limit).prefix { $0.offset < goal })
  }

  /// The first so many are applied.
  mutating func advance(_ partition: TopicPartition, past messages: [ConsumedMessage]) {
    guard let last = messages.last else { return }
    ahead[partition]?.removeFirst(messages.count)
    positions[partition] = last.offset + 1
  }

  /// Whether everything before the goals is applied.
  func hasReached(_ goals: [TopicPartition: Int64], patience: Duration) -> Bool {
    goals.allSatisfy { partition, goal in
      guard let position = positions[partition], position < goal else { return true }
      return ahead[partition]?.first.map { $0.offset >= goal }
        ?? isSilent(partition, patience: patience)
    }
  }

  /// Whether everything before the goal is applied or waits here.
  func holdsAll(
    of partition: TopicPartition, before goal: Int64, patience: Duration
  ) -> Bool {
    guard let last = ahead[partition]?.last else {
      return hasReached([partition: goal], patience: patience)
    }
    return last.offset >= goal - 1 || isSilent(partition, patience: patience)
  }

  /// Offsets that hold no message (markers of transactions, what compaction took) are passed by when
  /// nothing has come for a while.
  private func isSilent(_ partition: TopicPartition, patience: Duration) -> Bool {
    guard !paused.contains(partition) else { return false }
    return heard[partition].map { ContinuousClock.now - $0 > patience } ?? true
  }
}
