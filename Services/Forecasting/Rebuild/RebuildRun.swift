import Contracts
import Kafka
import Logging
import Messaging
import Postgres

/// Carries one rebuild from where it stands to its end, over the connection that holds the worker's
/// lock. Whatever ends it on the way, the next one goes on from the stored offsets.
struct RebuildRun: Sendable {
  static let batchSize = 2_000
  /// How long offsets without a message are waited for, and a serving consumer that lies behind. Both
  /// are rare; longer than a broker may take to answer.
  let patience: Duration

  let request: RebuildRequest
  let schemas: RebuildSchemas
  let session: PostgresSession
  /// Of the schema that serves.
  let pool: PostgresPool
  let log: RebuildLog
  let store: OffsetStore
  /// Where a test ends the work as a crash would.
  var checkpoint: @Sendable (FailPoint) throws -> Void = { $0.hit() }

  var ledger: RebuildLedger { RebuildLedger(session: session, schema: schemas.live) }

  func run() async throws {
    if request.state != .dropping {
      try await prepare()
      try await replayHistory()
      try await followTheLog()
    }
    try checkpoint(.rebuildAfterSwitch)
    try await finish()
  }

  /// Makes the tables, unless those of an earlier attempt can be filled further.
  private func prepare() async throws {
    if case .history(let replay) = request.source { try log.check(replay, store.clusterID) }
    if request.state != .requested, try await schemas.isCurrent(on: session) {
      log.logger.info("rebuild goes on", metadata: ["rebuild": "\(request.id)"])
      return
    }
    let plan = try await log.plan(for: request.source, clusterID: store.clusterID)
    try await schemas.create(on: session, pool: pool, logger: log.logger)
    try await session.transaction { transaction in
      try enter(transaction)
      try store.begin(plan.starts, in: transaction)
      try ledger.begin(request.id, total: plan.total, in: transaction)
    }
    log.logger.info(
      "rebuild begins", metadata: ["rebuild": "\(request.id)", "messages": "\(plan.total)"])
  }

  /// What the transaction names without a schema are the tables that are being filled.
  func enter(_ transaction: borrowing PostgresTransaction) throws {
    try transaction.execute("SET LOCAL search_path = \(quoteIdentifier(schemas.rebuilt))")
  }

  /// The filled tables' own positions.
  func positions() async throws -> [TopicPartition: Int64] {
    try await session.transaction { transaction in
      try store.positions(in: schemas.rebuilt, transaction)
    }
  }

  private func replayHistory() async throws {
    guard case .history(let replay) = request.source else { return }
    let positions = try await positions().filter { $0.key.topic == replay.topic }
    let goals = positions.keys.reduce(into: [TopicPartition: Int64]()) { goals, partition in
      goals[partition] = replay.ends[safe: partition.partition]
    }
    var reader = try await RebuildReader(log, from: positions)
    do {
      var heartbeat = Heartbeat(every: .seconds(1))
      while !reader.hasReached(goals, patience: patience) {
        try Task.checkCancellation()
        try await reader.poll()
        try await apply(&reader, upTo: goals)
        if heartbeat.isDue { try await ledger.touch(request.id, .filling, note: nil) }
      }
      await reader.close()
    } catch {
      await reader.close()
      throw error
    }
  }

  /// Applies what was read, up to the goals, and gives each batch a transaction.
  func apply(
    _ reader: inout RebuildReader, upTo goals: [TopicPartition: Int64]
  ) async throws {
    for (partition, goal) in goals.sorted(by: { $0.key < $1.key }) {
      while let position = reader.positions[partition] {
        let messages = reader.next(RebuildRun.batchSize, of: partition, before: goal)
        if messages.isEmpty { break }
        try Task.checkCancellation()
        try await apply(messages, of: partition, from: position)
        reader.advance(partition, past: messages)
        try checkpoint(.rebuildAfterBatch)
      }
    }
  }

  /// Halves a batch that the database refuses until the message stands alone that is to blame, as the
  /// serving consumer does.
  private func apply(
    _ messages: [ConsumedMessage], of partition: TopicPartition, from position: Int64
  ) async throws {
    do {
      try await commit(messages, of: partition, from: position)
    } catch {
      guard case .message(let failure) = Blame(error) else { throw error }
      guard messages.count > 1 else {
        return try await commit(messages, of: partition, from: position, burying: failure)
      }
      let middle = messages.count / 2
      try await apply(Array(messages[..<middle]), of: partition, from: position)
      try await apply(
        Array(messages[middle...]), of: partition, from: messages[middle - 1].offset + 1)
    }
  }

  private func commit(
    _ messages: [ConsumedMessage], of partition: TopicPartition, from position: Int64,
    burying failure: MessageFailure? = nil
  ) async throws {
    let now = Instant.now()
    try await session.transaction { transaction in
      try enter(transaction)
      let deadLetters = try project(
        messages, of: partition, from: position, burying: failure, in: transaction, now: now)
      try ledger.count(
        request.id, messages: messages.count, deadLetters: deadLetters, in: transaction)
    }
  }

  /// Moves the offset and applies the messages; returns how many of them are dead letters. Those stand
  /// on their topic since the serving consumer met them.
  func project(
    _ messages: [ConsumedMessage], of partition: TopicPartition, from position: Int64,
    burying failure: MessageFailure? = nil, in transaction: borrowing PostgresTransaction,
    now: Instant
  ) throws -> Int {
    guard let last = messages.last, let route = log.route(of: partition.topic) else { return 0 }
    try store.advance(
      partition, from: position, to: StoredOffset(after: last), in: transaction)
    if failure != nil { return messages.count }
    let batch = ConsumedBatch(
      topic: route.topic, partition: partition.partition, messages: messages)
    return try route.handler.handle(batch, in: transaction, now: now).deadLetters.count
  }

  /// Counts both sets of tables and drops the former.
  private func finish() async throws {
    let tables = try await session.transaction { transaction in
      try RebuildSchemas.tables(of: schemas.former, in: transaction)
    }
    if !tables.isEmpty {
      var result = RebuildResult(tables: [])
      for table in tables where table != "consumer_offsets" {
        result.tables.append(
          RebuildResult.Table(
            table: table, before: try await count(table, in: schemas.former),
            after: try await count(table, in: schemas.live)))
      }
      try await ledger.record(request.id, result)
    }
    var note = await deleteReplay()
    do {
      try await schemas.dropFormer(on: session)
    } catch let error as PostgresError where error.sqlState == "2BP01" {
      let kept =
        "the former tables are still in the schema \(schemas.former), because something stands on "
        + "them (\(error.message)); make it anew on the new ones and drop the schema"
      note = [note, kept].compactMap(\.self).joined(separator: "; ")
    }
    try await ledger.finish(request.id, note: note)
    log.logger.info("rebuild is done", metadata: ["rebuild": "\(request.id)"])
  }

  /// The topic that was written for this rebuild; returns why it is still there.
  @discardableResult
  func deleteReplay() async -> String? {
    guard case .history(let replay) = request.source else { return nil }
    return await log.delete(topic: replay.topic)
  }

  private func count(_ table: String, in schema: String) async throws -> Int64 {
    let rows = try await session.query(
      "SELECT count(*) FROM \(RebuildSchemas.list([table], of: schema))")
    return try rows.first?.decode(0) ?? 0
  }
}

/// Says every so often that it is time, at once for the first time.
struct Heartbeat {
  private let interval: Duration
  private var next = ContinuousClock.now

  init(every interval: Duration) { self.interval = interval }

  var isDue: Bool {
    mutating get {
      guard ContinuousClock.now >= next else { return false }
      next = .now + interval
      return true
    }
  }
}
