import CRdKafka
package import Logging
import Synchronization

/// An idempotent producer (`acks=all`).
///
/// Safe to use from any task. A fatal error (librdkafka can report a false one) fails the records
/// under way; the next `send` works on a new handle.
package final class KafkaProducer: Sendable {
  private struct State {
    var handle: ProducerHandle?
  }
  private let configuration: KafkaConfiguration
  private let logger: Logger
  private let sender = SerialQueue("kafka-producer")
  private let state: Mutex<State>

  /// Connects in the background: an unreachable broker shows in `send`, not here.
  package init(_ configuration: KafkaConfiguration, logger: Logger) throws(KafkaError) {
    self.configuration = configuration
    self.logger = logger
    state = Mutex(State(handle: try ProducerHandle(configuration, logger: logger)))
  }

  deinit {
    guard let handle = state.withLock({ $0.handle }) else { return }
    logger.warning("a Kafka producer was dropped without close(within:)")
    handle.abort(KafkaError(.purgedFromQueue, "the Kafka producer was dropped"))
  }

  /// Writes records in the order given, also relative to earlier calls, waiting while the local
  /// queue is full. Returns one result per record, in the same order, once every record has its
  /// delivery report; that is at the latest after `message.timeout.ms` (five minutes).
  ///
  /// A record that failed does not stop those after it.
  package func send(_ records: [KafkaRecord]) async -> [Result<KafkaDelivery, KafkaError>] {
    guard !records.isEmpty else { return [] }
    return await withCheckedContinuation { continuation in
      let batch = SendBatch(count: records.count, continuation: continuation)
      sender.enqueue { [self] in enqueue(records, in: batch) }
    }
  }

  /// Records handed over and not reported yet, those of a failed handle not counted.
  package var recordsUnderWay: Int {
    state.withLock { $0.handle }.map { Int(rd_kafka_outq_len($0.client.native)) } ?? 0
  }

  /// The id of the cluster that this producer writes to.
  package func clusterID(timeout: Duration) async throws(KafkaError) -> String {
    let client = try currentHandle().client
    return try await onOwnThread(within: timeout, "cluster id") { () throws(KafkaError) in
      try client.clusterID(timeout: timeout)
    }
  }

  /// Waits for the records under way, fails those that are not acknowledged in time, and frees the
  /// handle. Returns at the deadline even if librdkafka does not.
  package func close(within limit: Duration) async {
    let deadline = ContinuousClock.now + limit
    let destroyed = await drain(within: limit)
    guard let destroyed else { return }
    if await destroyed.value(within: deadline - .now) == nil {
      logger.warning("the Kafka producer is still closing in the background")
    }
  }

  /// Raises a fatal error in librdkafka as if it had found one, to try the recovery.
  package func simulateFatalError() throws(KafkaError) {
    try currentHandle().simulateFatalError()
  }

  private func drain(within limit: Duration) async -> Promise<Void>? {
    let handle = state.withLock { state -> ProducerHandle? in
      defer { state.handle = nil }
      return state.handle
    }
    guard let handle else { return nil }
    handle.retire()
    // A share of the time is kept for what comes after a purge.
    if await handle.drained.value(within: limit * 3 / 4) == nil {
      handle.abort(KafkaError(.purgedFromQueue, "the Kafka producer was closed"))
      _ = await handle.drained.value(within: limit / 8)
    }
    return handle.client.destroyed
  }

  /// On the sending thread. All of a batch goes to one handle: records behind a failed handle must
  /// not overtake those that failed with it.
  private func enqueue(_ records: [KafkaRecord], in batch: SendBatch) {
    do {
      let handle = try currentHandle { $0.beginSending() }
      defer { handle.endSending() }
      for (index, record) in records.enumerated() {
        let opaque = batch.opaque(at: index)
        do throws(KafkaError) {
          try handle.produce(record, opaque: opaque)
        } catch {
          SendBatch.complete(opaque, with: .failure(error))
        }
      }
    } catch {
      for index in records.indices {
        SendBatch.complete(batch.opaque(at: index), with: .failure(error))
      }
    }
  }

  /// The handle, renewed if it broke.
  /// - Parameter use: called before the handle can be retired by anybody else.
  private func currentHandle(
    use: (ProducerHandle) -> Void = { _ in }
  ) throws(KafkaError) -> ProducerHandle {
    try state.withLock { state throws(KafkaError) in
      guard let handle = state.handle else {
        throw KafkaError(.closed, "the Kafka producer is closed")
      }
      // A broken one frees itself once its last report is served.
      let usable =
        handle.abortReason == nil ? handle : try ProducerHandle(configuration, logger: logger)
      state.handle = usable
      use(usable)
      return usable
    }
  }
}
