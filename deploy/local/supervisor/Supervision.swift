import LocalServers

extension Installation {
  /// Starts again whatever dies, until the task is cancelled. Returns only by an error: when the
  /// embedded broker died, which takes with it what only it held.
  func supervise() async throws {
    try await withThrowingTaskGroup { group in
      for service in ServiceDescription.all {
        group.addTask { try await self.keepAlive(service) }
      }
      if let postgres {
        group.addTask {
          try await self.keepAlive(
            "PostgreSQL", wait: postgres.wait, restart: postgres.restart)
        }
      }
      switch kafka {
      case .kafkaHome(let broker):
        group.addTask {
          try await self.keepAlive("Kafka", wait: broker.wait, restart: broker.restart)
        }
      case .embedded(let broker):
        group.addTask {
          let status = try await broker.wait()
          try Task.checkCancellation()
          throw LocalServerError(
            "the embedded broker ended with \(status) and what it held is lost: stopping everything"
          )
        }
      case .external, nil: break
      }
      try await group.waitForAll()
    }
  }

  private func keepAlive(_ service: ServiceDescription) async throws {
    try await keepAlive(
      service.name, wait: { try await self.services[service.name]!.wait() },
      restart: { _ = try await self.startService(service) })
  }

  /// `wait` returns when the process has ended; `restart` starts it again.
  private nonisolated func keepAlive(
    _ name: String, wait: @Sendable () async throws -> ProcessTermination,
    restart: @Sendable () async throws -> Void
  ) async throws {
    var backoff = Backoff()
    while true {
      let start = ContinuousClock.now
      let status = try await wait()
      try Task.checkCancellation()
      var delay = backoff.delay(after: ContinuousClock.now - start)
      console.say("\(name) ended with \(status); starting it again in \(delay)")
      while true {
        try await Task.sleep(for: delay)
        do {
          try await restart()
          break
        } catch {
          try Task.checkCancellation()
          delay = backoff.delay(after: .zero)
          console.say("\(name) does not start, next try in \(delay): \(error)")
        }
      }
      try await publish()
      console.say("\(name) runs again")
    }
  }
}
