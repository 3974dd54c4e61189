package import LocalServers

/// PostgreSQL for the clusters: one server that they share, each with schemas of its own.
package actor Databases {
  package static let shared = Databases()
  private var running: Task<PrivatePostgres, any Error>?

  package func server() async throws -> PrivatePostgres {
    let task = running ?? Task { try await Self.start() }
    running = task
    return try await task.value
  }

  package static let settings = ["fsync": "off", "max_connections": "200"]

  package static func start(
    _ settings: [String: String] = settings
  ) async throws -> PrivatePostgres {
    try await PrivatePostgres.start(settings: settings, logger: quietLogger)
  }
}
