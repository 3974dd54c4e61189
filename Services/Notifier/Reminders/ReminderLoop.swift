import Contracts
import Logging
import Messaging
import Postgres
import ServiceLifecycle

/// Gives the notice when a follow-up deadline has passed, in every replica.
struct ReminderLoop: Service {
  struct Options: Sendable {
    var pollInterval: Duration = .milliseconds(500)
    /// Seconds after a deadline, and after a broker or a database that was away, until the log's end is
    /// asked for: time for what happened before to arrive on the topic.
    var grace: Double = 60
  }

  let reminders: Reminders
  /// Asks for the ends of these partitions of stage-changes, as they are now.
  let logEnd: @Sendable ([Int32]) async throws -> LogEnd
  /// Woken when notices are in the outbox, and deliveries are due.
  let made: [WakeSignal]
  let now: @Sendable () -> Instant
  let logger: Logger
  var options = Options()

  func run() async throws {
    await cancelWhenGracefulShutdown {
      var backoff = Backoff()
      // What was away while this process was is not known.
      var troubled = now()
      while !Task.isCancelled {
        do {
          if troubled.adding(seconds: options.grace) <= now() { try await giveDue() }
          backoff.reset()
          try await Task.sleep(for: options.pollInterval)
        } catch is CancellationError {
          return
        } catch {
          troubled = now()
          logger.warning("reminders wait", metadata: ["error": "\(error)"])
          try? await Task.sleep(for: backoff.next())
        }
      }
    }
  }

  /// One round: everything that is due and whose partition has been read up to now.
  func giveDue() async throws {
    let deadline = now().adding(seconds: -options.grace)
    let partitions = try await reminders.duePartitions(before: deadline)
    guard !partitions.isEmpty else { return }
    // Asked for after the deadlines: what was on the topic by then is before these ends.
    let log = try await logEnd(partitions)
    var given: Int
    repeat {
      given = try await reminders.give(before: deadline, log, now: now())
      guard given > 0 else { return }
      NotifierMetrics.reminders(given)
      for signal in made { signal.wake() }
    } while given == Reminders.batch
  }
}
