import LocalServers

/// PostgreSQL for the clusters: one server that they share, each with schemas of its own.
actor Databases {
  static let shared = Databases()
  private var running: Task<PrivatePostgres, any Error>?

  func server() async throws -> PrivatePostgres {
    let task = running ?? Task { try await Self.start() }
    running = task
    return try await task.value
  }

  static func start() async throws -> PrivatePostgres {
    try await PrivatePostgres.start(
      settings: ["fsync": "off", "max_connections": "200"], logger: quietLogger)
  }
}
