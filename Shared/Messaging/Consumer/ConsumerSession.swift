import Contracts
import Kafka
import Logging
import Postgres
import Synchronization

/// One membership of the group, from joining to leaving. Anything unexpected ends the session; the
/// loop joins again and takes the positions from PostgreSQL.
final class ConsumerSession: Sendable {
  let membership: ConsumerLoop.Membership
  let pool: PostgresPool
  let outboxSignal: WakeSignal?
  let status: ConsumerStatus
  let stop: StopFlag
  let logger: Logger
  let options: ConsumerLoop.Options
  let metrics: ConsumerMetrics
  let routes: [String: (topic: Topic, handler: any BatchHandler)]

  let partitions = Mutex<[TopicPartition: PartitionState]>([:])
  let workSignals: [WakeSignal]
  let progress = WakeSignal()
  let isLeaving = Atomic(false)
  private let assignments = Atomic<UInt64>(0)

  init(
    membership: ConsumerLoop.Membership, handlers: [any BatchHandler], pool: PostgresPool,
    outboxSignal: WakeSignal?, status: ConsumerStatus, stop: StopFlag, logger: Logger,
    options: ConsumerLoop.Options
  ) {
    self.membership = membership
    self.pool = pool
    self.outboxSignal = outboxSignal
    self.status = status
    self.stop = stop
    self.logger = logger
    self.options = options
    self.metrics = ConsumerMetrics(group: membership.group)
    self.workSignals = (0..<max(1, options.workers)).map { _ in WakeSignal() }
    var routes: [String: (topic: Topic, handler: any BatchHandler)] = [:]
    for handler in handlers {
      for topic in handler.topics {
        routes[topic.name(prefix: membership.topicPrefix)] = (topic, handler)
      }
    }
    self.routes = routes
  }

  func run() async throws {
    var kafka = membership.kafka
    // Messages that are gone must not be jumped over: the error ends the session, and the next one
    // finds the stored offset outside the log.
    kafka.overrides["auto.offset.reset"] = "error"
    let consumer = try KafkaConsumer(
      kafka, group: membership.group, instanceID: membership.instanceID, logger: logger)
    do {
      let clusterID = try await consumer.clusterID(timeout: .seconds(10))
      let store = OffsetStore(clusterID: clusterID, group: membership.group)
      try await consumer.subscribe(routes.keys.sorted())
      status.set(trouble: nil)
      logger.info("joined", metadata: ["group": "\(membership.group)", "cluster": "\(clusterID)"])
      try await consume(consumer, store)
    } catch {
      await leave(consumer)
      throw error
    }
    await leave(consumer)
  }

  private func leave(_ consumer: KafkaConsumer) async {
    await consumer.close(within: .seconds(4))
    let held = partitions.withLock { state in
      defer { state = [:] }
      return Array(state.keys)
    }
    for partition in held { metrics.forget(partition) }
    status.set(stopped: [:])
    status.set(retrying: [:])
  }

  private func consume(_ consumer: KafkaConsumer, _ store: OffsetStore) async throws {
    try await withThrowingTaskGroup(of: Side.self) { group in
      for worker in workSignals.indices {
        group.addTask {
          do { try await self.work(worker, store) } catch is CancellationError {}
          return .work
        }
      }
      group.addTask {
        defer { self.leaveWork() }
        try await self.poll(consumer, store)
        return .poll
      }
      do {
        while let ended = try await group.next() {
          // What has not finished within the drain's time is given up; the fence keeps it right.
          if ended == .poll { group.cancelAll() }
        }
      } catch {
        leaveWork()
        group.cancelAll()
        throw error
      }
    }
    try await commit(consumer)
  }

  private enum Side { case poll, work }

  private func leaveWork() {
    isLeaving.store(true, ordering: .releasing)
    for signal in workSignals { signal.wake() }
  }

  // MARK: The poll side

  private func poll(_ consumer: KafkaConsumer, _ store: OffsetStore) async throws {
    let clock = ContinuousClock()
    var nextUpkeep = clock.now
    var nextCommit = clock.now
    var joiningSince: ContinuousClock.Instant? = clock.now
    while !stop.isSet {
      try Task.checkCancellation()
      for event in await consumer.poll(
        upTo: min(options.batchSize, 2_000), waiting: .milliseconds(100))
      {
        switch event {
        case .messages(let messages): receive(messages)
        case .assigned(let assigned):
          try await take(assigned, consumer, store)
          joiningSince = nil
        case .revoked(let revoked, let lost):
          try await give(revoked, lost: lost, consumer)
          joiningSince = clock.now
        case .error(let error):
          if error.isFatal || error.code == .noPosition { throw error }
          logger.warning("broker reports", metadata: ["error": "\(error)"])
        }
      }
      // A join that was under way when the broker went may never be answered.
      if let joiningSince, clock.now - joiningSince > options.joinLimit / 2 {
        guard clock.now - joiningSince < options.joinLimit else { throw NotAssigned() }
        status.set(trouble: "the group has not answered a join yet")
      }
      try await applyBackPressure(consumer)
      if clock.now >= nextCommit {
        try await commit(consumer)
        nextCommit = clock.now + .milliseconds(200)
      }
      if clock.now >= nextUpkeep {
        try await keepUp(consumer, store, clock.now)
        nextUpkeep = clock.now + .seconds(1)
      }
    }
    await finishInFlight(within: .seconds(6))
  }

  private func receive(_ messages: [KafkaMessage]) {
    partitions.withLock { states in
      for message in messages {
        states[message.source]?.receive(ConsumedMessage(message))
      }
    }
    for signal in workSignals { signal.wake() }
  }

  /// Answers an assignment: positions from PostgreSQL, checked against what the broker has.
  private func take(
    _ assigned: [TopicPartition], _ consumer: KafkaConsumer, _ store: OffsetStore
  ) async throws {
    metrics.rebalance("assigned")
    var watermarks: [TopicPartition: Watermarks] = [:]
    for partition in assigned {
      watermarks[partition] = try await consumer.queryWatermarks(
        of: partition, timeout: .seconds(10))
    }
    let stored = try await store.load(
      assigned, startingAt: watermarks.mapValues(\.low), from: pool)
    var positions: [TopicPartition: KafkaPosition] = [:]
    var states: [TopicPartition: PartitionState] = [:]
    let assignment = assignments.wrappingAdd(1, ordering: .relaxed).newValue
    for partition in assigned {
      guard let route = routes[partition.topic], let offset = stored[partition],
        let marks = watermarks[partition]
      else { continue }
      var state = PartitionState(topic: route.topic, assignment: assignment, stored: offset)
      if offset.nextOffset < marks.low || offset.nextOffset > marks.high {
        state.stopReason =
          "the stored offset \(offset.nextOffset) lies outside the log, "
          + "which holds \(marks.low) to \(marks.high)"
      }
      states[partition] = state
      let check = offset.lastEventID != nil && offset.nextOffset > marks.low ? 1 as Int64 : 0
      positions[partition] = .offset(
        state.stopReason == nil ? offset.nextOffset - check : marks.high)
    }
    partitions.withLock { $0.merge(states) { _, new in new } }
    try await consumer.assign(positions)
    status.set(trouble: nil)
    // A pause outlives the assignment that it was made in.
    if !positions.isEmpty { try await consumer.resume(Array(positions.keys)) }
    logger.info(
      "partitions assigned",
      metadata: ["partitions": "\(assigned.sorted().map(\.description).joined(separator: " "))"])
    reportStopped()
  }

  /// Answers a revocation: lets the batches under way finish, so that the next owner repeats nothing.
  private func give(_ revoked: [TopicPartition], lost: Bool, _ consumer: KafkaConsumer) async throws
  {
    metrics.rebalance(lost ? "lost" : "revoked")
    partitions.withLock { states in
      for partition in revoked { states[partition]?.clear() }
    }
    if !lost {
      await finishInFlight(of: Set(revoked), within: .seconds(5))
      try await commit(consumer)
    }
    partitions.withLock { states in
      for partition in revoked { states[partition] = nil }
    }
    for partition in revoked { metrics.forget(partition) }
    try await consumer.unassign()
    reportStopped()
  }

  private func finishInFlight(of chosen: Set<TopicPartition>? = nil, within: Duration) async {
    let deadline = ContinuousClock.now + within
    while ContinuousClock.now < deadline, !Task.isCancelled {
      let busy = partitions.withLock { states in
        states.contains { $0.value.isInFlight && chosen?.contains($0.key) != false }
      }
      if !busy { return }
      await progress.wait(for: .milliseconds(20))
    }
  }

  private func applyBackPressure(_ consumer: KafkaConsumer) async throws {
    var pause: [TopicPartition] = []
    var resume: [TopicPartition] = []
    partitions.withLock { states in
      let share = options.bufferBytes / max(1, states.count)
      for (partition, state) in states {
        let isFull =
          state.buffer.count >= options.bufferLimit || state.bufferedBytes >= share
        let hasRoom =
          state.buffer.count < options.bufferLimit / 2 && state.bufferedBytes <= share / 2
        if !state.isPaused, isFull {
          states[partition]?.isPaused = true
          pause.append(partition)
        } else if state.isPaused, hasRoom {
          states[partition]?.isPaused = false
          resume.append(partition)
        }
      }
    }
    if !pause.isEmpty { try await consumer.pause(pause) }
    if !resume.isEmpty { try await consumer.resume(resume) }
  }

  private func commit(_ consumer: KafkaConsumer) async throws {
    let next = partitions.withLock { states in
      var next: [TopicPartition: Int64] = [:]
      for (partition, state) in states where state.uncommitted {
        next[partition] = state.nextOffset
        states[partition]?.uncommitted = false
      }
      return next
    }
    guard !next.isEmpty else { return }
    FailPoint.consumerBeforeKafkaCommit.hit()
    await consumer.commit(next)
  }
}
