import Contracts
import Kafka
import Logging
import Postgres
import Synchronization

/// An operator chose another offset for a partition that had stopped.
struct PositionChosen: Error {
  let partition: TopicPartition
}

/// The group has left this member without an assignment for too long.
struct NotAssigned: Error, CustomStringConvertible {
  var description: String { "the group did not answer a join" }
}

/// What a session measures and says once a second.
extension ConsumerSession {
  func keepUp(
    _ consumer: KafkaConsumer, _ store: OffsetStore, _ clockNow: ContinuousClock.Instant
  ) async throws {
    let now = Instant.now()
    let measured = partitions.withLock { states in
      var lags: [TopicPartition: (messages: Int64, seconds: Double)] = [:]
      for partition in states.keys {
        let high = consumer.cachedWatermarks(of: partition)?.high
        lags[partition] = states[partition]?.lag(high: high, now: now)
      }
      let stalled = states.values.contains {
        $0.inFlightSince.map { clockNow - $0 > options.stallLimit } ?? false
      }
      return (lags, stalled)
    }
    var total = ConsumerStatus.Lag()
    for (partition, lag) in measured.0 {
      metrics.lag(partition, messages: lag.messages, seconds: lag.seconds)
      total.messages += lag.messages
      total.seconds = max(total.seconds, lag.seconds)
    }
    status.set(lag: total, isStalled: measured.1)
    reportStopped()
    try await lookForChosenPositions(store)
    if let rows = try? await pool.query("SELECT count(*) FROM parked_events"),
      let count = try? rows.first?.decode(0, as: Int64.self)
    {
      metrics.parked(count)
    }
  }

  func reportStopped() {
    let stopped = partitions.withLock { $0.compactMapValues(\.stopReason) }
    let hint =
      "; nothing is skipped: look with `sluice offsets show`, then choose with `sluice offsets set`"
    let known = status.stopped
    for (partition, reason) in stopped {
      metrics.stopped(partition)
      if known[partition] != nil { continue }
      logger.error(
        "partition stopped: \(reason)\(hint)",
        metadata: ["group": "\(membership.group)", "partition": "\(partition)"])
    }
    status.set(stopped: stopped.mapValues { $0 + hint })
    status.set(retrying: partitions.withLock { $0.compactMapValues(\.retryReason) })
  }

  /// A partition that has stopped processes nothing and so meets no fence: its row is looked at.
  private func lookForChosenPositions(_ store: OffsetStore) async throws {
    let stopped = partitions.withLock { $0.filter { $0.value.stopReason != nil } }
    guard !stopped.isEmpty,
      let stored = try? await store.load(Array(stopped.keys), startingAt: [:], from: pool)
    else { return }
    for (partition, state) in stopped {
      let position = StoredOffset(
        nextOffset: state.nextOffset, lastEventID: state.expectedEventID)
      if let chosen = stored[partition], chosen != position {
        throw PositionChosen(partition: partition)
      }
    }
  }
}
