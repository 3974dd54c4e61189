import Glibc
import Subprocess
import Synchronization

/// How a process ended.
package enum ProcessTermination: Hashable, Sendable, CustomStringConvertible {
  /// With this exit code.
  case exited(Int32)
  /// Killed by this signal.
  case signalled(Int32)

  init(_ status: TerminationStatus) {
    switch status {
    case .exited(let code): self = .exited(code)
    case .signaled(let signal): self = .signalled(signal)
    }
  }

  package var description: String {
    switch self {
    case .exited(let code): "exit code \(code)"
    case .signalled(let signal): "signal \(signal)"
    }
  }
}

/// A process that runs on after the call which started it.
final class DetachedProcess: Sendable {
  let identity: ProcessIdentity
  private let outcome: Outcome
  private let task: Task<ProcessTermination, any Error>

  /// How it ended; nil while it runs.
  var exitStatus: ProcessTermination? { outcome.status.withLock { $0 } }

  /// Returns when the process has ended; a cancelled caller gets a CancellationError at once.
  func wait() async throws -> ProcessTermination {
    let (ends, continuation) = AsyncThrowingStream<ProcessTermination, any Error>.makeStream()
    Task { [task] in
      do {
        continuation.yield(try await task.value)
      } catch {
        continuation.finish(throwing: error)
      }
    }
    for try await status in ends { return status }
    throw CancellationError()
  }

  /// Subprocess ties a process to the scope that runs it. This gives that scope a task of its own, and
  /// returns as soon as `body` called its argument with the new process.
  init(
    _ body:
      @escaping @Sendable (_ started: @Sendable (ProcessIdentity) -> Void) async throws ->
      TerminationStatus
  ) async throws {
    let (starts, continuation) = AsyncThrowingStream<ProcessIdentity, any Error>.makeStream()
    let outcome = Outcome()
    self.outcome = outcome
    task = Task.detached {
      do {
        let status = ProcessTermination(try await body { continuation.yield($0) })
        outcome.status.withLock { $0 = status }
        continuation.finish()
        return status
      } catch {
        continuation.finish(throwing: error)
        throw error
      }
    }
    // In a task of its own: a cancelled caller must not lose sight of a process that came to be.
    identity = try await Task.detached {
      for try await identity in starts { return identity }
      throw LocalServerError("the process ended while it was being started")
    }.value
  }

  private final class Outcome: Sendable {
    let status = Mutex<ProcessTermination?>(nil)
  }
}

extension ProcessIdentifier {
  /// The identity of a process that was just spawned and not yet reaped.
  func identity(of executable: String) throws -> ProcessIdentity {
    guard let identity = ProcessIdentity(value) else {
      throw LocalServerError("\(executable) was killed while it was being started")
    }
    return identity
  }
}

extension Environment {
  /// These variables and no others.
  init(exactly variables: [String: String]) {
    self = .custom(
      Dictionary(uniqueKeysWithValues: variables.map { (Environment.Key(rawValue: $0)!, $1) }))
  }
}
