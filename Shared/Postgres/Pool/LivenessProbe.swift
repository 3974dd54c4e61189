internal import Logging
internal import Synchronization

/// Asks the server for a sign of life over a connection of its own.
final class LivenessProbe: Sendable {
  private let connection: PostgresConnection
  /// The question under way. A server that hangs is not asked again until it has answered.
  private let question = Mutex<Task<Bool, Never>?>(nil)

  init(_ configuration: PostgresConfiguration, logger: Logger) {
    connection = PostgresConnection(configuration, reconnects: true, logger: logger)
  }

  func ask(timeout: Duration) async -> Bool {
    let question = self.question.withLock { current in
      if let current { return current }
      let new = Task { await self.answer() }
      current = new
      return new
    }
    // No task group: it would wait for the question, which a hanging server never ends.
    return await withCheckedContinuation { continuation in
      let race = Race(continuation)
      let timer = Task {
        try? await Task.sleep(for: timeout)
        race.finish(false)
      }
      Task {
        race.finish(await question.value)
        timer.cancel()
      }
    }
  }

  func close() async { await connection.close() }

  private func answer() async -> Bool {
    defer { question.withLock { $0 = nil } }
    do {
      _ = try await connection.run("SELECT 1", [])
      return true
    } catch {
      return false
    }
  }
}

/// The first answer counts.
private final class Race: Sendable {
  private let continuation: Mutex<CheckedContinuation<Bool, Never>?>

  init(_ continuation: CheckedContinuation<Bool, Never>) {
    self.continuation = Mutex(continuation)
  }

  func finish(_ answer: Bool) {
    let waiting = continuation.withLock { continuation in
      defer { continuation = nil }
      return continuation
    }
    waiting?.resume(returning: answer)
  }
}
