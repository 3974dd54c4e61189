import Contracts
package import Kafka
package import Logging
import Metrics
package import Postgres
import ServiceLifecycle

/// Publishes the outbox: in order per key, with any number of replicas, each row at least once.
///
/// A bucket has one holder, by session advisory lock on the relay's own connection; the rows are read
/// and deleted on that connection too, so that a holder who lost the lock can no longer delete.
/// No transaction is open while the relay waits for the broker.
package struct OutboxRelay: Service {
  package struct Options: Sendable {
    /// Where so many wait: the broker's acknowledgements are waited for once in a batch.
    package var batchSize = 8_000
    /// Of the messages of a batch together.
    package var batchBytes = 16 << 20
    /// How often the rows of other replicas are looked for.
    package var pollInterval: Duration = .milliseconds(10)
    /// How often free buckets are taken and depth and age are measured.
    package var upkeepInterval: Duration = .seconds(1)
    /// How long the broker may take for the rest after shutdown has begun.
    package var drainLimit: Duration = .seconds(4)

    package init() {}
  }

  private let pool: PostgresPool
  private let producer: KafkaProducer
  private let topicPrefix: String
  private let signal: WakeSignal
  private let logger: Logger
  private let options: Options

  /// - Parameters:
  ///   - producer: nobody else's; it is closed when the broker does not take the rest in time.
  ///   - signal: woken by whoever in this process commits outbox rows.
  package init(
    pool: PostgresPool, producer: KafkaProducer, topicPrefix: String, signal: WakeSignal,
    logger: Logger, options: Options = Options()
  ) {
    self.pool = pool
    self.producer = producer
    self.topicPrefix = topicPrefix
    self.signal = signal
    self.logger = logger
    self.options = options
  }

  /// Runs until graceful shutdown, then publishes what is left in its buckets.
  package func run() async throws {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await endWaiting() }
      group.addTask { await measure() }
      await publish()
      group.cancelAll()
    }
  }

  /// A broker that is gone would keep `send` waiting for minutes. What it did not acknowledge stays
  /// in the outbox.
  private func endWaiting() async {
    do {
      try await gracefulShutdown()
      try await Task.sleep(for: options.drainLimit)
    } catch { return }
    await producer.close(within: .seconds(1))
  }

  private func publish() async {
    await cancelWhenGracefulShutdown {
      var backoff = Backoff()
      while !Task.isCancelled {
        let start = ContinuousClock.now
        do {
          try await pool.withSession { session in
            // What a crash of the database brings back is published once more.
            try await session.execute("SET synchronous_commit = off")
            try await relay(on: session)
          }
        } catch is CancellationError {
          break
        } catch {
          if ContinuousClock.now - start > .seconds(10) { backoff.reset() }
          logger.warning(
            "outbox relay interrupted; trying again", metadata: ["error": "\(error)"])
          try? await Task.sleep(for: backoff.next())
        }
      }
    }
  }

  private func relay(on session: PostgresSession) async throws {
    let clock = ContinuousClock()
    var buckets: [Int16] = []
    var nextUpkeep = clock.now
    while !Task.isCancelled {
      if clock.now >= nextUpkeep {
        buckets = try await BucketLocks.acquire(from: buckets, on: session)
        nextUpkeep = clock.now + options.upkeepInterval
      }
      let published = buckets.isEmpty ? 0 : try await publishBatch(buckets: buckets, on: session)
      if published < options.batchSize { await signal.wait(for: options.pollInterval) }
    }
    // On the same connection, which still holds the buckets.
    while !buckets.isEmpty, try await publishBatch(buckets: buckets, on: session) > 0 {}
  }

  /// Returns how many rows left the outbox.
  private func publishBatch(buckets: [Int16], on session: PostgresSession) async throws -> Int {
    let rows = try await OutboxRow.select(
      buckets: buckets, limit: options.batchSize, bytes: options.batchBytes, on: session)
    guard !rows.isEmpty else { return 0 }
    let results = await producer.send(rows.map { $0.record(topicPrefix: topicPrefix) })
    FailPoint.relayAfterProduce.hit()
    let settlement = OutboxSettlement(rows: rows, results: results)
    if let undeliverable = settlement.undeliverable {
      try await OutboxRow.setAside(undeliverable.row, because: undeliverable.reason, on: session)
      logger.error(
        "the broker will never take this message; it is in outbox_undeliverable",
        metadata: [
          "outboxId": "\(undeliverable.row.id)", "topic": "\(undeliverable.row.topic)",
          "reason": "\(undeliverable.reason)",
        ])
      Counter(label: "sluice_outbox_undeliverable_total").increment()
    }
    try await OutboxRow.delete(settlement.delivered, on: session)
    Counter(label: "sluice_outbox_published_total").increment(by: settlement.delivered.count)
    if let error = settlement.firstFailure {
      logger.warning("not published yet", metadata: ["error": "\(error)"])
      throw error
    }
    return settlement.delivered.count + (settlement.undeliverable == nil ? 0 : 1)
  }

  /// Beside the publishing, which stands still while the broker is gone: that is when depth and age
  /// are wanted.
  private func measure() async {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        let rows = try? await pool.query(
          """
          SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8
          FROM (SELECT created_at FROM outbox ORDER BY id LIMIT 1000000) AS waiting
          """)
        if let row = rows?.first, let depth = try? row.decode(0, as: Int64.self),
          let age = try? row.decode(1, as: Double.self)
        {
          Gauge(label: "sluice_outbox_depth").record(depth)
          Gauge(label: "sluice_outbox_age_seconds").record(age)
        }
        try? await Task.sleep(for: options.upkeepInterval)
      }
    }
  }
}

/// Which rows of a batch may leave the outbox. Pure.
///
/// In each bucket only the rows before the first failure: what follows is sent again, so that no
/// reader sees a later message of a key without the earlier one.
struct OutboxSettlement {
  var delivered: [Int64] = []
  /// The first row that the broker will never take; its bucket goes on behind it next time.
  var undeliverable: (row: OutboxRow, reason: String)?
  var firstFailure: KafkaError?

  init(rows: [OutboxRow], results: [Result<KafkaDelivery, KafkaError>]) {
    var blocked: Set<Int16> = []
    for (row, result) in zip(rows, results) where !blocked.contains(row.bucket) {
      switch result {
      case .success:
        delivered.append(row.id)
      case .failure(let error):
        blocked.insert(row.bucket)
        if error.isPermanentForRecord {
          if undeliverable == nil { undeliverable = (row, error.description) }
        } else if firstFailure == nil {
          firstFailure = error
        }
      }
    }
  }
}
