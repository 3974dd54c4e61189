import Contracts
import Kafka
import Logging
import Messaging
import Postgres
import ServiceKit
import ServiceLifecycle

/// Looks once a second whether an operator asked for a rebuild, and carries it out. Every replica has
/// one; a session advisory lock lets one of them work. All writing of a rebuild goes over the
/// connection that holds the lock.
struct RebuildWorker: Service {
  let pool: PostgresPool
  /// The schema that serves.
  let schema: String
  let log: RebuildLog
  private let interval: Duration
  private let patience: Duration
  private let checkpoint: @Sendable (FailPoint) throws -> Void

  init(
    pool: PostgresPool, schema: String, log: RebuildLog, interval: Duration = .seconds(1),
    patience: Duration = .seconds(30),
    checkpoint: @escaping @Sendable (FailPoint) throws -> Void = { $0.hit() }
  ) {
    self.pool = pool
    self.schema = schema
    self.log = log
    self.interval = interval
    self.patience = patience
    self.checkpoint = checkpoint
  }

  init(
    _ configuration: ServiceConfiguration, projections: [any BatchHandler], pool: PostgresPool,
    logger: Logger
  ) {
    self.init(
      pool: pool, schema: configuration.schemaPrefix + "forecasting",
      log: RebuildLog(
        kafka: KafkaConfiguration(
          bootstrapServers: configuration.kafkaBootstrapServers, clientID: configuration.service,
          overrides: configuration.kafkaSettings),
        group: configuration.consumerGroup, topicPrefix: configuration.topicPrefix,
        handlers: projections, logger: logger))
  }

  private var schemas: RebuildSchemas { RebuildSchemas(live: schema) }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      var backoff = Backoff(cap: .seconds(10))
      while !Task.isCancelled {
        do {
          if try await hasWork() { try await work() }
          backoff.reset()
          try await Task.sleep(for: interval)
        } catch is CancellationError {
          return
        } catch {
          log.logger.warning("rebuilds interrupted; trying again", metadata: ["error": "\(error)"])
          try? await Task.sleep(for: backoff.next())
        }
      }
    }
  }

  /// A rebuild that is under way, or what one that was called off has left.
  private func hasWork() async throws -> Bool {
    try await pool.query(
      """
      SELECT EXISTS (SELECT FROM rebuilds
          WHERE state IN ('requested', 'filling', 'switching', 'dropping'))
        OR EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)
      """, schemas.rebuilt
    ).first?.decode(0) ?? false
  }

  /// One look, and whatever follows from it.
  func work() async throws {
    try await pool.withSession { session in
      let lock = try await session.query(
        "SELECT pg_try_advisory_lock(hashtextextended($1, 0))", "sluice rebuild of \(schema)")
      guard try lock.first?.decode(0, as: Bool.self) == true else { return }
      let ledger = RebuildLedger(session: session, schema: schema)
      guard let request = try await ledger.underWay() else {
        return try await schemas.dropRebuilt(on: session)
      }
      try await carryOut(request, ledger)
    }
  }

  private func carryOut(_ request: RebuildRequest, _ ledger: RebuildLedger) async throws {
    let metadata: Logger.Metadata = ["rebuild": "\(request.id)"]
    do {
      let clusterID = try await log.clusterID()
      try await RebuildRun(
        patience: patience, request: request, schemas: schemas, session: ledger.session, pool: pool,
        log: log,
        store: OffsetStore(clusterID: clusterID, group: log.group), checkpoint: checkpoint
      ).run()
    } catch is RebuildCancelled {
      log.logger.info("rebuild was called off", metadata: metadata)
      try await clearUp(after: request, on: ledger.session)
    } catch {
      guard let failure = RebuildFailure(error) else {
        try? await ledger.interrupt(request.id, "interrupted: \(error)")
        throw error
      }
      log.logger.error(
        "rebuild failed", metadata: metadata.merging(["reason": "\(failure)"]) { $1 })
      try await ledger.fail(request.id, failure.description)
      try await clearUp(after: request, on: ledger.session)
    }
  }

  private func clearUp(after request: RebuildRequest, on session: PostgresSession) async throws {
    try await schemas.dropRebuilt(on: session)
    if case .history(let replay) = request.source { _ = await log.delete(topic: replay.topic) }
  }
}
