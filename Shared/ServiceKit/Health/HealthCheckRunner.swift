import Synchronization

/// Runs one check with a time limit, and never a second time while the first run is stuck.
final class HealthCheckRunner: Sendable {
  let name: String
  private let timeout: Duration
  private let check: Readiness.Check
  private let isRunning = Atomic(false)

  init(name: String, timeout: Duration, check: @escaping Readiness.Check) {
    self.name = name
    self.timeout = timeout
    self.check = check
  }

  /// Answers in time even when the check does not heed cancellation.
  func run() async -> CheckResult {
    guard !isRunning.exchange(true, ordering: .acquiringAndReleasing) else {
      return .failing("no answer yet to an earlier check")
    }
    return await withCheckedContinuation { continuation in
      let answer = FirstAnswer(continuation)
      let work = Task {
        let result = await check()
        isRunning.store(false, ordering: .releasing)
        answer.give(result)
      }
      let timer = Task {
        try await Task.sleep(for: timeout)
        answer.give(.failing("no answer within \(timeout)"))
        work.cancel()
      }
      answer.whenGiven { timer.cancel() }
    }
  }
}

/// Resumes a continuation once, whoever comes first.
private final class FirstAnswer: Sendable {
  private struct State {
    var continuation: CheckedContinuation<CheckResult, Never>?
    var cleanUp: (@Sendable () -> Void)?
  }

  private let state: Mutex<State>

  init(_ continuation: CheckedContinuation<CheckResult, Never>) {
    state = Mutex(State(continuation: continuation))
  }

  func give(_ result: CheckResult) {
    let taken = state.withLock { state in
      defer { state.continuation = nil }
      return (state.continuation, state.cleanUp)
    }
    taken.0?.resume(returning: result)
    taken.1?()
  }

  /// Runs `cleanUp` after the answer, at once when it was given already.
  func whenGiven(_ cleanUp: @escaping @Sendable () -> Void) {
    let isGiven = state.withLock { state in
      state.cleanUp = cleanUp
      return state.continuation == nil
    }
    if isGiven { cleanUp() }
  }
}
