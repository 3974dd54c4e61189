import Synchronization

/// Wakes one waiting loop inside the process; a wake while nobody waits is kept for the next wait.
package final class WakeSignal: Sendable {
  private struct State {
    var isPending = false
    var waiter: (id: UInt64, continuation: CheckedContinuation<Void, Never>)?
    var nextID: UInt64 = 0
  }

  private let state = Mutex(State())

  package init() {}

  package func wake() {
    let waiter = state.withLock { state in
      state.isPending = state.waiter == nil
      defer { state.waiter = nil }
      return state.waiter?.continuation
    }
    waiter?.resume()
  }

  /// Returns at the next wake, after `timeout`, or when the task is cancelled.
  package func wait(for timeout: Duration) async {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    let timer = Mutex<Task<Void, Never>?>(nil)
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let resumeNow = state.withLock { state in
          if state.isPending || Task.isCancelled {
            state.isPending = false
            return true
          }
          state.waiter = (id, continuation)
          return false
        }
        guard !resumeNow else { return continuation.resume() }
        timer.withLock {
          $0 = Task {
            try? await Task.sleep(for: timeout)
            end(id)
          }
        }
      }
    } onCancel: {
      end(id)
    }
    timer.withLock { $0 }?.cancel()
  }

  private func end(_ id: UInt64) {
    let waiter = state.withLock { state in
      guard state.waiter?.id == id else { return nil as CheckedContinuation<Void, Never>? }
      defer { state.waiter = nil }
      return state.waiter?.continuation
    }
    waiter?.resume()
  }
}
