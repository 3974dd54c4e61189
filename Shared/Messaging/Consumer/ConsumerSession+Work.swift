import Contracts
import Kafka
import Synchronization

/// The work side of a session: batches of the partitions, one under way per partition.
extension ConsumerSession {
  func work(_ worker: Int, _ store: OffsetStore) async throws {
    while !Task.isCancelled {
      guard let job = nextJob(for: worker) else {
        if isLeaving.load(ordering: .acquiring) { return }
        await workSignals[worker].wait(for: .seconds(1))
        continue
      }
      let runner = BatchRunner(
        session: self, store: store, partition: job.partition, assignment: job.assignment)
      defer { progress.wake() }
      try await runner.run(job.messages)
    }
  }

  private struct Job {
    var partition: TopicPartition
    var assignment: UInt64
    var messages: [ConsumedMessage]
  }

  private func nextJob(for worker: Int) -> Job? {
    guard !isLeaving.load(ordering: .acquiring), !stop.isSet else { return nil }
    return partitions.withLock { states in
      // The partition whose next message is the oldest, so that none starves.
      let candidates = states.filter { partition, state in
        abs(Int(partition.partition)) % workSignals.count == worker && !state.isInFlight
          && state.stopReason == nil && !state.buffer.isEmpty
      }
      let oldest = candidates.min { left, right in
        let never = Instant(microseconds: 0)
        return (left.value.buffer[0].timestamp ?? never, left.key)
          < (right.value.buffer[0].timestamp ?? never, right.key)
      }
      guard let (partition, state) = oldest,
        let messages = states[partition]?.take(
          upTo: options.batchSize, bytes: options.batchBytes, now: .now)
      else { return nil }
      return Job(partition: partition, assignment: state.assignment, messages: messages)
    }
  }

  /// Changes what is known of a partition, unless it has been revoked since that assignment.
  @discardableResult
  func update<Value: Sendable>(
    _ partition: TopicPartition, of assignment: UInt64,
    _ body: (inout PartitionState) -> Value
  ) -> Value? {
    partitions.withLock { states in
      guard states[partition]?.assignment == assignment else { return nil }
      return body(&states[partition]!)
    }
  }
}
