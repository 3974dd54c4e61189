import LocalServers
import Postgres
import TestSupport
import Testing

@Suite struct RestartTests {
  @Test func restartedServerIsFoundAgain() async throws {
    let server = try await PrivatePostgres.start(logger: quietLogger)
    let pool = PostgresPool(
      try PostgresConfiguration(url: server.url, applicationName: "test"), size: 2,
      logger: quietLogger)
    #expect(await pool.ping(timeout: .seconds(30)))
    try await pool.execute("CREATE TABLE kept AS SELECT 1 AS a")

    try await server.restart()
    // The idle connection is dead; neither call notices more than a new one.
    #expect(try await pool.query("SELECT a FROM kept")[0].decode(0, as: Int.self) == 1)
    #expect(await pool.ping(timeout: .seconds(30)))

    try await server.kill9()
    let error = await #expect(throws: PostgresError.self) {
      try await pool.transaction { _ = try $0.query("SELECT a FROM kept") }
    }
    #expect(error?.isRetriable == true)
    #expect(await pool.ping(timeout: .seconds(30)) == false)

    try await server.restart()
    try await eventually("the pool finds the server again") {
      await pool.ping(timeout: .seconds(5))
    }
    let value = try await pool.transaction { transaction in
      try transaction.query("SELECT a FROM kept")[0].decode(0, as: Int.self)
    }
    #expect(value == 1)
    await pool.close()
    await server.stop()
  }
}
