import Contracts
package import Kafka
package import Logging
package import Postgres
import ServiceLifecycle
import Synchronization

/// A consumer group whose offsets live in PostgreSQL beside the effect.
///
/// Each batch of one partition is one transaction: the stored offset moves only if it is where this
/// consumer left it, the handler writes, outbox and dead letters follow, commit. A crash anywhere
/// leaves both or neither; a zombie's transaction moves no offset and is rolled back. After the
/// commit the offset also goes to Kafka, for those who watch the lag there.
///
/// The loop survives a lost broker and a lost database; it ends at graceful shutdown, when the
/// batches under way are done.
package struct ConsumerLoop: Service {
  package struct Options: Sendable {
    /// Where so many wait. What a batch counts or overwrites several times is written once, so that
    /// a large one costs less for each message.
    package var batchSize = 4_000
    /// Keys, values and headers of a batch together; a larger message is a batch of its own.
    package var batchBytes = 16 << 20
    /// Messages of one partition in memory before it is paused; it resumes below half of that.
    package var bufferLimit = 4_000
    /// Bytes of all partitions in memory; each is paused when it has its share, and resumes below half
    /// of that.
    package var bufferBytes = 32 << 20
    /// Batches processed at the same time; each worker has its own set of partitions.
    package var workers = 2
    /// A batch under way for longer than this makes the process unhealthy.
    package var stallLimit: Duration = .seconds(120)
    /// Without an answer of the group for longer than this, the consumer leaves it and joins again.
    /// Longer than any rebalance lasts that waits for a dead member.
    package var joinLimit: Duration = .seconds(30)

    package init() {}
  }

  /// Where and as whom to consume.
  package struct Membership: Sendable {
    package var kafka: KafkaConfiguration
    package var group: String
    /// Static membership; nil for the dynamic one.
    package var instanceID: String?
    package var topicPrefix: String

    package init(
      kafka: KafkaConfiguration, group: String, instanceID: String? = nil, topicPrefix: String
    ) {
      self.kafka = kafka
      self.group = group
      self.instanceID = instanceID
      self.topicPrefix = topicPrefix
    }
  }

  package let status = ConsumerStatus()
  private let membership: Membership
  private let handlers: [any BatchHandler]
  private let pool: PostgresPool
  private let outboxSignal: WakeSignal?
  private let logger: Logger
  private let options: Options

  /// - Parameter outboxSignal: woken after a commit that wrote outbox rows.
  package init(
    _ membership: Membership, handlers: [any BatchHandler], pool: PostgresPool,
    outboxSignal: WakeSignal? = nil, logger: Logger, options: Options = Options()
  ) {
    self.membership = membership
    self.handlers = handlers
    self.pool = pool
    self.outboxSignal = outboxSignal
    self.logger = logger
    self.options = options
  }

  package func run() async throws {
    let stop = StopFlag()
    await withGracefulShutdownHandler {
      var backoff = Backoff()
      while !stop.isSet, !Task.isCancelled {
        let session = ConsumerSession(
          membership: membership, handlers: handlers, pool: pool, outboxSignal: outboxSignal,
          status: status, stop: stop, logger: logger, options: options)
        let start = ContinuousClock.now
        do {
          try await session.run()
        } catch is CancellationError {
          break
        } catch {
          if ContinuousClock.now - start > .seconds(10) { backoff.reset() }
          status.set(trouble: "consumer interrupted: \(error)")
          logger.warning("consumer interrupted; joining again", metadata: ["error": "\(error)"])
          try? await Task.sleep(for: backoff.next())
        }
      }
    } onGracefulShutdown: {
      stop.set()
    }
  }
}

/// Set once, at graceful shutdown.
final class StopFlag: Sendable {
  private let flag = Atomic(false)

  var isSet: Bool { flag.load(ordering: .acquiring) }

  func set() { flag.store(true, ordering: .releasing) }
}
