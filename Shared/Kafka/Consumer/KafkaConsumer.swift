package import Logging
import Synchronization

/// A consumer, in a group through `subscribe` or alone through `assign`.
///
/// Safe to use from any task, though one loop should do the polling: a rebalance is answered with
/// `assign` or `unassign` before the next poll. Offsets are never stored or committed on its own
/// account; the position is the one given to `assign`.
package final class KafkaConsumer: Sendable {
  private let handle: Mutex<ConsumerHandle?>
  private let logger: Logger
  private let polling = SerialQueue("kafka-consumer-poll")
  private let control = SerialQueue("kafka-consumer-control")

  /// - Parameter instanceID: makes the membership static; two living members with the same id throw
  ///   each other out with a fatal error.
  package convenience init(
    _ configuration: KafkaConfiguration, group: String, instanceID: String? = nil, logger: Logger
  ) throws(KafkaError) {
    try self.init(
      configuration, role: .consumer, group: group, instanceID: instanceID, logger: logger)
  }

  init(
    _ configuration: KafkaConfiguration, role: KafkaConfiguration.Role, group: String,
    instanceID: String? = nil, logger: Logger
  ) throws(KafkaError) {
    self.logger = logger
    handle = Mutex(
      try ConsumerHandle(
        configuration, role: role, group: group, instanceID: instanceID, logger: logger))
  }

  deinit {
    guard handle.withLock({ $0 != nil }) else { return }
    logger.warning("a Kafka consumer was dropped without close(within:); its group waits for it")
  }

  package func subscribe(_ topics: [String]) async throws(KafkaError) {
    let handle = try current()
    try await control.run { () throws(KafkaError) in try handle.subscribe(topics) }
  }

  /// Waits up to `waiting` for one event on the consumer's own thread, then drains without waiting
  /// up to `upTo` messages; a rebalance ends a drain. Runs of messages come as one `.messages` in
  /// the order of arrival, so messages from before a rebalance stand before it. Empty when nothing
  /// came; `[.error(.closed)]` after `close`.
  package func poll(upTo limit: Int, waiting: Duration) async -> [KafkaConsumerEvent] {
    do {
      return try await pollWithEnds(upTo: limit, waiting: waiting).events
    } catch {
      return [.error(error)]
    }
  }

  /// As `poll`; also tells which partitions were read to their end, where `enable.partition.eof` is
  /// set.
  func pollWithEnds(
    upTo limit: Int, waiting: Duration
  ) async throws(KafkaError) -> (events: [KafkaConsumerEvent], ends: Set<TopicPartition>) {
    let handle = try current()
    return try await polling.run { handle.poll(upTo: limit, waiting: waiting) }
  }

  /// Reads these partitions from these positions: instead of those held so far, or, with a
  /// cooperative strategy, besides them.
  package func assign(_ positions: [TopicPartition: KafkaPosition]) async throws(KafkaError) {
    let handle = try current()
    try await control.run { () throws(KafkaError) in try handle.assign(positions) }
  }

  /// Gives up all partitions; with a cooperative strategy, those of the last `.revoked`. Messages of
  /// theirs that wait in the prefetch queue are dropped.
  package func unassign() async throws(KafkaError) {
    let handle = try current()
    try await control.run { () throws(KafkaError) in try handle.unassign() }
  }

  /// Stops the delivery of messages of these partitions; nothing is skipped.
  package func pause(_ partitions: [TopicPartition]) async throws(KafkaError) {
    let handle = try current()
    try await control.run { () throws(KafkaError) in try handle.pause(partitions) }
  }

  package func resume(_ partitions: [TopicPartition]) async throws(KafkaError) {
    let handle = try current()
    try await control.run { () throws(KafkaError) in try handle.resume(partitions) }
  }

  /// Tells the broker the next offsets to consume, without waiting. For lag monitors only: the truth
  /// is elsewhere, so a failure is logged and nothing more.
  package func commit(_ next: [TopicPartition: Int64]) async {
    guard !next.isEmpty else { return }
    do {
      let handle = try current()
      try await control.run { () throws(KafkaError) in try handle.commit(next) }
    } catch {
      logger.warning("offset commit failed", metadata: ["error": "\(error)"])
    }
  }

  /// What the last fetch said, nil before the first; never blocks.
  package func cachedWatermarks(of source: TopicPartition) -> Watermarks? {
    handle.withLock { $0 }?.cachedWatermarks(of: source)
  }

  /// Asks the broker.
  package func queryWatermarks(
    of source: TopicPartition, timeout: Duration
  ) async throws(KafkaError) -> Watermarks {
    let client = try current().client
    return try await onOwnThread(within: timeout, "watermarks of \(source)") {
      () throws(KafkaError) in try client.queryWatermarks(of: source, timeout: timeout)
    }
  }

  /// The id of the cluster that this consumer reads from.
  package func clusterID(timeout: Duration) async throws(KafkaError) -> String {
    let client = try current().client
    return try await onOwnThread(within: timeout, "cluster id") { () throws(KafkaError) in
      try client.clusterID(timeout: timeout)
    }
  }

  /// Leaves the group, so that the others take over at once, and frees the handle. Returns at the
  /// deadline even if librdkafka hangs; then a thread of its own goes on trying.
  package func close(within limit: Duration) async {
    let deadline = ContinuousClock.now + limit
    guard let destroyed = await leave(until: deadline) else { return }
    if await destroyed.value(within: deadline - .now) == nil {
      logger.warning("the Kafka consumer is still closing in the background")
    }
  }

  private func leave(until deadline: ContinuousClock.Instant) async -> Promise<Void>? {
    let handle = handle.withLock { handle in
      defer { handle = nil }
      return handle
    }
    guard let handle else { return nil }
    handle.queue.wake()
    let left = Promise<Result<Void, KafkaError>>()
    polling.enqueue {
      left.fulfil(Result { () throws(KafkaError) in try handle.leave(until: deadline) })
    }
    // Leaving ends by itself at the deadline, unless librdkafka blocks inside one call.
    if case .failure(let error)? = await left.value(within: deadline - .now) {
      logger.warning("leaving the Kafka group", metadata: ["error": "\(error)"])
    }
    return handle.client.destroyed
  }

  private func current() throws(KafkaError) -> ConsumerHandle {
    guard let handle = handle.withLock({ $0 }) else {
      throw KafkaError(.closed, "the Kafka consumer is closed")
    }
    return handle
  }
}
