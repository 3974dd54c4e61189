import Foundation
import LocalServers
import Logging
package import Postgres

/// A schema of its own on a real server, for one test.
package struct TestDatabase: Sendable {
  /// The server's; selects no schema.
  package let url: String
  package let schema: String
  /// Small, and with nothing but `schema` in its search path.
  package let pool: PostgresPool
}

/// Lends a fresh schema to `body` and drops it afterwards. Tests in parallel do not see each other.
///
/// The server is the one that `SLUICE_TEST_DATABASE_URL` names (its user must be allowed to create
/// schemas), or else a private one that all tests of this process share and that ends with it.
package func withTestDatabase<Result>(
  _ body: (TestDatabase) async throws -> Result
) async throws -> Result {
  let url = try await TestServer.shared.url()
  let schema = "test_" + UUID().uuidString.lowercased().replacing("-", with: "")
  let pool = PostgresPool(
    try PostgresConfiguration(url: url, applicationName: "sluice-test", searchPath: schema),
    size: 4, acquireTimeout: .seconds(30), logger: testLogger)
  try await pool.execute("CREATE SCHEMA \(quoteIdentifier(schema))")
  let result: Result
  do {
    result = try await body(TestDatabase(url: url, schema: schema, pool: pool))
  } catch {
    // The test's own error is the one to report.
    try? await drop(schema, pool)
    await pool.close()
    throw error
  }
  try await drop(schema, pool)
  await pool.close()
  return result
}

private func drop(_ schema: String, _ pool: PostgresPool) async throws {
  try await pool.transaction { transaction in
    // A transaction that a test left open is an error to see, not a reason to hang.
    try transaction.execute("SET LOCAL lock_timeout = '10s'")
    try transaction.execute("DROP SCHEMA \(quoteIdentifier(schema)) CASCADE")
  }
}

private let testLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// The server of this process, started when it is first asked for.
private actor TestServer {
  static let shared = TestServer()
  private var start: Task<String, any Error>?

  func url() async throws -> String {
    if let given = ProcessInfo.processInfo.environment["SLUICE_TEST_DATABASE_URL"] { return given }
    let start = self.start ?? Task { try await Self.startPrivateServer() }
    self.start = start
    return try await start.value
  }

  private static func startPrivateServer() async throws -> String {
    try await PrivatePostgres.start(
      settings: ["fsync": "off", "max_connections": "500"], logger: testLogger
    ).url
  }
}
