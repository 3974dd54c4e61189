import Contracts
import Kafka
import Logging
import Messaging
import Postgres

/// Not yet, and why; the rebuild follows the log further and tries again.
struct SwitchDeferred: Error, CustomStringConvertible {
  var description: String
  /// The filled tables know more than those that serve.
  var isAhead = false

  init(_ description: String, isAhead: Bool = false) {
    self.description = description
    self.isAhead = isAhead
  }
}

extension RebuildRun {
  /// As much is applied at most while the serving consumer waits.
  private static let lastBatch = 5_000

  /// Keeps up with the serving consumer, never ahead of it, until the switch succeeds.
  ///
  /// So the filled tables stand, at the moment of the switch, where those stood that served: no figure
  /// goes back, and the serving consumer finds the offsets that it left.
  func followTheLog() async throws {
    try checkpoint(.rebuildBeforeSwitch)
    var reader = try await RebuildReader(log, from: try await livePositions())
    do {
      var pace = Pace()
      var ranges = try await log.ranges(of: log.topics)
      var goals = try await goals(in: ranges)
      while true {
        try Task.checkCancellation()
        try await reader.poll()
        if pace.shouldAskBroker { ranges = try await log.ranges(of: log.topics) }
        guard Set(ranges.keys).isSubset(of: reader.positions.keys) else {
          throw RebuildFailure("a topic has more partitions now; ask for the rebuild again")
        }
        if pace.shouldAskDatabase { goals = try await self.goals(in: ranges) }
        try await apply(&reader, upTo: goals)
        let isReady = reader.hasReached(goals, patience: patience)
        if pace.heartbeat.isDue {
          try await ledger.touch(request.id, isReady ? .switching : .filling, note: pace.note)
        }
        guard isReady, pace.mayTry else { continue }
        do {
          try await switchOver(reader, waited: pace.hasWaited(patience))
          break
        } catch let deferral as SwitchDeferred {
          pace.deferred(deferral)
        }
      }
      await reader.close()
    } catch {
      await reader.close()
      throw error
    }
  }

  private func livePositions() async throws -> [TopicPartition: Int64] {
    let topics = Set(log.topics)
    return try await positions().filter { topics.contains($0.key.topic) }
  }

  /// How far each partition is to be applied: to where the serving consumer stands, or to the log's
  /// end where that has no place in the log and goes no further by itself.
  private func goals(in ranges: [TopicPartition: Watermarks]) async throws -> [TopicPartition:
    Int64]
  {
    let serving = try await session.transaction { transaction in
      try store.positions(in: schemas.live, transaction)
    }
    return ranges.reduce(into: [:]) { goals, entry in
      let (partition, range) = entry
      goals[partition] = serving[partition].flatMap { $0 >= range.low ? $0 : nil } ?? range.high
    }
  }

  /// One transaction: keeps the serving consumer and all readers out, applies what the former did
  /// meanwhile, checks, and exchanges the tables.
  private func switchOver(_ reader: RebuildReader, waited: Bool) async throws {
    let now = Instant.now()
    try await session.transaction { transaction in
      do {
        try schemas.lock(in: transaction)
      } catch let error as PostgresError where error.isRetriable && error.sqlState != nil {
        throw SwitchDeferred("waits for transactions that use the tables: \(error.message)")
      }
      try enter(transaction)
      var applied = 0
      var deadLetters = 0
      let serving = try store.positions(in: schemas.live, transaction)
      for (partition, position) in reader.positions.sorted(by: { $0.key < $1.key }) {
        guard let goal = serving[partition] else { continue }
        if goal < position, !waited {
          throw SwitchDeferred(
            "waits for the serving consumer to reach offset \(position) of \(partition)",
            isAhead: true)
        }
        let rest = reader.next(RebuildRun.lastBatch, of: partition, before: goal)
        guard reader.holdsAll(of: partition, before: goal, patience: patience) else {
          throw SwitchDeferred("waits for messages that the serving consumer has")
        }
        applied += rest.count
        guard applied <= RebuildRun.lastBatch else {
          throw SwitchDeferred("is still behind the serving consumer")
        }
        deadLetters += try project(
          rest, of: partition, from: position, in: transaction, now: now)
      }
      try ledger.count(
        request.id, messages: applied, deadLetters: deadLetters, in: transaction)
      try checkCompleteness(in: transaction)
      try OffsetStore.settle(
        rebuilt: schemas.rebuilt, live: schemas.live, topics: log.topics, in: transaction)
      try ledger.switched(request.id, in: transaction)
      try schemas.exchange(in: transaction)
      try checkpoint(.rebuildInSwitch)
    }
    log.logger.info("projections switched", metadata: ["rebuild": "\(request.id)"])
  }

  /// A log that lost events would make tables that lack deals, or what happened to them.
  private func checkCompleteness(in transaction: borrowing PostgresTransaction) throws {
    guard request.source == .log else { return }
    let live = RebuildSchemas.list(["current_stage"], of: schemas.live)
    let rows = try transaction.query(
      """
      SELECT count(*), count(*) FILTER (WHERE old.epoch IS NOT NULL
        AND (new.epoch IS NULL OR (new.epoch, new.sequence) < (old.epoch, old.sequence)))
      FROM \(live) AS old LEFT JOIN current_stage AS new USING (opportunity_id)
      """)
    guard let row = rows.first, case let lacking = try row.decode(1, as: Int64.self), lacking > 0
    else { return }
    throw RebuildFailure(
      "the log does not hold everything: it lacks events of \(lacking) of "
        + "\(try row.decode(0, as: Int64.self)) deals that the tables know. Rebuild from the "
        + "history: sluice rebuild forecasting --from history")
  }
}

/// When to look, to try and to give a sign.
private struct Pace {
  var heartbeat = Heartbeat(every: .seconds(1))
  private(set) var note: String?
  private var broker = Heartbeat(every: .seconds(5))
  private var database = Heartbeat(every: .milliseconds(200))
  private var nextTry = ContinuousClock.now
  private var aheadSince: ContinuousClock.Instant?
  private var backoff = Backoff(cap: .seconds(2))

  var shouldAskBroker: Bool { mutating get { broker.isDue } }

  /// Where the serving consumer stands changes all the time.
  var shouldAskDatabase: Bool { mutating get { database.isDue } }

  var mayTry: Bool { ContinuousClock.now >= nextTry }

  mutating func deferred(_ deferral: SwitchDeferred) {
    note = deferral.description
    aheadSince = deferral.isAhead ? aheadSince ?? .now : nil
    nextTry = .now + backoff.next()
    database = Heartbeat(every: .milliseconds(200))
  }

  /// For a consumer that stands still, because its place is not in the log or it does not run. One
  /// that runs loses its fence and goes on from the filled tables' offsets.
  func hasWaited(_ patience: Duration) -> Bool {
    aheadSince.map { ContinuousClock.now - $0 > patience } ?? false
  }
}
