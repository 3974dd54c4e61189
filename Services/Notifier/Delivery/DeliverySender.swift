import Contracts
import Logging
import Messaging
import Postgres
import ServiceLifecycle
import Synchronization

/// Sends what is due, in every replica.
///
/// A delivery is claimed with a lease, sent outside of any transaction, and recorded in a short one. A
/// crash in between ends the lease, and the attempt is repeated under the same webhook-id.
struct DeliverySender: Service {
  struct Options: Sendable {
    /// How often it is looked for deliveries that nobody announced in this process.
    var pollInterval: Duration = .milliseconds(200)
    /// How long attempts under way may go on after shutdown has begun.
    var drainLimit: Duration = .seconds(6)
  }

  let queue: DeliveryQueue
  let courier: Courier
  /// Woken by whoever in this process makes a delivery due.
  let signal: WakeSignal
  let now: @Sendable () -> Instant
  let logger: Logger
  var options = Options()

  private let busy = Busy()

  init(
    queue: DeliveryQueue, courier: Courier, signal: WakeSignal,
    now: @escaping @Sendable () -> Instant, logger: Logger, options: Options = Options()
  ) {
    self.queue = queue
    self.courier = courier
    self.signal = signal
    self.now = now
    self.logger = logger
    self.options = options
  }

  func run() async throws {
    let isStopping = Flag()
    await withGracefulShutdownHandler {
      await withDiscardingTaskGroup { group in
        await claimAndSend(until: isStopping, in: &group)
        let deadline = ContinuousClock.now + options.drainLimit
        while !busy.isIdle, !Task.isCancelled, ContinuousClock.now < deadline {
          await signal.wait(for: .milliseconds(50))
        }
        group.cancelAll()
      }
    } onGracefulShutdown: {
      isStopping.set()
      signal.wake()
    }
    await courier.clients.close()
  }

  private func claimAndSend(
    until isStopping: Flag, in group: inout DiscardingTaskGroup
  ) async {
    var backoff = Backoff()
    while !isStopping.isSet, !Task.isCancelled {
      do {
        let claimed = try await queue.claim(busy: busy.counts, now: now())
        backoff.reset()
        for delivery in claimed {
          busy.begin(delivery.subscriptionID)
          group.addTask { await send(delivery) }
        }
        if claimed.isEmpty { await signal.wait(for: options.pollInterval) }
      } catch {
        logger.warning("deliveries not claimed", metadata: ["error": "\(error)"])
        await signal.wait(for: backoff.next())
      }
    }
  }

  private func send(_ delivery: ClaimedDelivery) async {
    defer {
      busy.end(delivery.subscriptionID)
      signal.wake()
    }
    let clock = ContinuousClock()
    let start = clock.now
    let startedAt = now()
    do {
      let outcome = try await courier.attempt(delivery, at: startedAt)
      FailPoint.notifierBeforeRecord.hit()
      let took = clock.now - start
      await record(
        Attempt(at: startedAt, milliseconds: Int(took / .milliseconds(1)), outcome: outcome),
        of: delivery)
    } catch {
      await giveBack(delivery)
    }
  }

  /// Shutdown cut the attempt short: another process need not wait for the lease's end.
  private func giveBack(_ delivery: ClaimedDelivery) async {
    do {
      try await queue.release(delivery)
    } catch {
      logger.debug("a lease ends by itself", metadata: ["error": "\(error)"])
    }
  }

  /// Until the database has it; were the lease to end meanwhile, the attempt would be repeated.
  private func record(_ attempt: Attempt, of delivery: ClaimedDelivery) async {
    let now = now()
    let verdict = Verdict.of(
      attempt.outcome, failures: delivery.failures, now: now, random: .random(in: -1...1))
    var backoff = Backoff()
    while true {
      do {
        let recorded = try await queue.record(attempt, verdict, of: delivery, now: now)
        return report(attempt, verdict, recorded, delivery)
      } catch {
        logger.warning(
          "an attempt is not recorded yet",
          metadata: ["delivery": "\(delivery.id)", "error": "\(error)"])
        if Task.isCancelled { return }
        try? await Task.sleep(for: backoff.next())
      }
    }
  }

  private func report(
    _ attempt: Attempt, _ verdict: Verdict, _ recorded: Recorded, _ delivery: ClaimedDelivery
  ) {
    NotifierMetrics.attempt(attempt, verdict, recorded)
    var metadata: Logger.Metadata = [
      "delivery": "\(delivery.id)", "subscription": "\(delivery.subscriptionID)",
    ]
    if let error = attempt.outcome.error { metadata["error"] = "\(error)" }
    logger.debug("attempt made", metadata: metadata)
    if verdict.isFinal { logger.warning("a delivery failed for good", metadata: metadata) }
    if case .disabled(let reason) = recorded {
      metadata["reason"] = "\(reason)"
      logger.error("a subscription was disabled", metadata: metadata)
    }
  }
}

/// Set once, at graceful shutdown.
private final class Flag: Sendable {
  private let flag = Atomic(false)

  var isSet: Bool { flag.load(ordering: .acquiring) }

  func set() { flag.store(true, ordering: .releasing) }
}

/// What this process is sending, by subscription.
private final class Busy: Sendable {
  private let state = Mutex<[EntityID: Int]>([:])

  var counts: [EntityID: Int] { state.withLock { $0 } }
  var isIdle: Bool { state.withLock { $0.isEmpty } }

  func begin(_ id: EntityID) { state.withLock { $0[id, default: 0] += 1 } }

  func end(_ id: EntityID) {
    state.withLock { state in
      let rest = (state[id] ?? 1) - 1
      state[id] = rest == 0 ? nil : rest
    }
  }
}
