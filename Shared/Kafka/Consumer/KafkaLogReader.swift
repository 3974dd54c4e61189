package import Logging

/// Reads what partitions hold at present, in no group, and then ends.
///
/// It knows the end of a partition from the broker, not from a message: a log may end with
/// transaction markers, or with messages that were compacted away or aborted, which nobody ever
/// receives. Used from one task.
package final class KafkaLogReader {
  /// Where reading begins, and the offset at which it ends: both are offsets, not counts.
  package typealias Ranges = [TopicPartition: Range<Int64>]

  /// Nil where there is nothing to read.
  private let consumer: KafkaConsumer?
  private let patience: Duration
  private var ends: [TopicPartition: Int64]
  private var heardAt = ContinuousClock.now

  /// Partitions that the broker did not deliver within the patience; known once `next` returns nil.
  package private(set) var unanswered: Set<TopicPartition> = []

  /// - Parameters:
  ///   - isSample: only the first messages are wanted, so little is fetched ahead.
  ///   - patience: how long the broker may be silent.
  package init(
    _ configuration: KafkaConfiguration, ranges: Ranges, isSample: Bool = false,
    patience: Duration = .seconds(15), logger: Logger
  ) async throws(KafkaError) {
    self.patience = patience
    let held = ranges.filter { !$0.value.isEmpty }
    ends = held.mapValues(\.upperBound)
    guard !held.isEmpty else {
      consumer = nil
      return
    }
    // A group name is required of a consumer; this one neither joins nor commits.
    let consumer = try KafkaConsumer(
      configuration, role: .reader(isSample: isSample),
      group: "\(configuration.clientID)-reader", logger: logger)
    self.consumer = consumer
    do throws(KafkaError) {
      try await consumer.assign(held.mapValues { .offset($0.lowerBound) })
    } catch {
      await consumer.close(within: .seconds(1))
      throw error
    }
  }

  /// The next messages in the order of arrival, only such as lie in the ranges; nil when all has
  /// been read or the patience is over.
  package func next() async throws(KafkaError) -> [KafkaMessage]? {
    guard let consumer else { return nil }
    while !ends.isEmpty {
      let polled = try await consumer.pollWithEnds(upTo: 1_000, waiting: .milliseconds(100))
      var found: [KafkaMessage] = []
      for event in polled.events {
        switch event {
        case .messages(let messages): found += messages.filter(take)
        case .error(let error) where error.isFatal || error.code == .closed: throw error
        case .error, .assigned, .revoked: break
        }
      }
      for source in polled.ends { ends[source] = nil }
      if !polled.ends.isEmpty || !found.isEmpty { heardAt = .now }
      if !found.isEmpty { return found }
      if ContinuousClock.now - heardAt > patience {
        unanswered = Set(ends.keys)
        ends = [:]
      }
    }
    return nil
  }

  /// Nothing more is wanted of this partition.
  package func skip(_ source: TopicPartition) { ends[source] = nil }

  package func close() async { await consumer?.close(within: .seconds(2)) }

  private func take(_ message: KafkaMessage) -> Bool {
    guard let end = ends[message.source] else { return false }
    if message.offset >= end - 1 { ends[message.source] = nil }
    return message.offset < end
  }
}
