import Hummingbird
import Synchronization

/// Cancels a handler that takes too long and answers in its place once it has stopped.
///
/// A handler that does not heed cancellation keeps its connection: answering over its head would
/// let two tasks read one body.
final class DeadlineMiddleware: RouterMiddleware {
  typealias Context = ServiceRequestContext

  private let limit: Duration
  private let sweeper: DeadlineSweeper

  init(limit: Duration) {
    self.limit = limit
    self.sweeper = DeadlineSweeper(interval: min(limit / 4, .seconds(1)))
  }

  func handle(
    _ request: Request, context: ServiceRequestContext,
    next: (Request, ServiceRequestContext) async throws -> Response
  ) async throws -> Response {
    try await withoutActuallyEscaping(next) { next in
      nonisolated(unsafe) let next = next
      let task = Task { try await next(request, context) }
      let entry = sweeper.add(deadline: .now + limit) { task.cancel() }
      defer { sweeper.remove(entry) }
      do {
        return try await withTaskCancellationHandler {
          try await task.value
        } onCancel: {
          task.cancel()
        }
      } catch {
        throw sweeper.hasFired(entry) ? Problem.timedOut(after: limit) : error
      }
    }
  }
}

/// Deadlines of many short tasks, watched by one task that runs only while there are any.
final class DeadlineSweeper: Sendable {
  private struct Entry {
    let deadline: ContinuousClock.Instant
    let fire: @Sendable () -> Void
    var hasFired = false
  }

  private struct State {
    var entries: [UInt64: Entry] = [:]
    var last: UInt64 = 0
    var isSweeping = false
  }

  private let state = Mutex(State())
  private let interval: Duration

  init(interval: Duration) { self.interval = interval }

  func add(
    deadline: ContinuousClock.Instant, _ fire: @escaping @Sendable () -> Void
  ) -> UInt64 {
    let (id, isFirst) = state.withLock { state in
      state.last += 1
      state.entries[state.last] = Entry(deadline: deadline, fire: fire)
      defer { state.isSweeping = true }
      return (state.last, !state.isSweeping)
    }
    if isFirst { Task.detached { await self.sweep() } }
    return id
  }

  func remove(_ id: UInt64) { state.withLock { _ = $0.entries.removeValue(forKey: id) } }

  func hasFired(_ id: UInt64) -> Bool { state.withLock { $0.entries[id]?.hasFired ?? false } }

  private func sweep() async {
    while true {
      try? await Task.sleep(for: interval)
      let now = ContinuousClock.now
      let due: [@Sendable () -> Void]? = state.withLock { state in
        if state.entries.isEmpty {
          state.isSweeping = false
          return nil
        }
        var due: [@Sendable () -> Void] = []
        for (id, entry) in state.entries where entry.deadline <= now && !entry.hasFired {
          state.entries[id]?.hasFired = true
          due.append(entry.fire)
        }
        return due
      }
      guard let due else { return }
      for fire in due { fire() }
    }
  }
}
