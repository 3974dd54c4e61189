import Foundation
import Glibc
import LocalServers
import Logging
import Testing

private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
/// A test's data need not survive a power cut.
private let quick = ["fsync": "off", "shared_buffers": "16MB"]

@Suite struct PrivatePostgresTests {
  @Test func servesUntilItIsStopped() async throws {
    let postgres = try await PrivatePostgres.start(settings: quick, logger: logger)
    #expect(postgres.url.hasPrefix("postgresql://sluice:"))
    #expect(postgres.url.hasSuffix("@127.0.0.1:\(postgres.port)/sluice"))
    try await postgres.run(sql: "CREATE TABLE deal (id int); INSERT INTO deal VALUES (1)")
    let server = postgres.identity
    await postgres.stop()
    #expect(!postgres.isRunning)
    #expect(!server.isAlive)
    #expect(!FileManager.default.fileExists(atPath: postgres.logPath))
  }

  @Test func sqlErrorsAreReported() async throws {
    let postgres = try await PrivatePostgres.start(settings: quick, logger: logger)
    let error = await #expect(throws: LocalServerError.self) {
      try await postgres.run(sql: "SELECT * FROM missing")
    }
    #expect(error?.description.contains("\"missing\" does not exist") == true)
    await postgres.stop()
  }

  @Test func keepsPortAndDataOverRestarts() async throws {
    let postgres = try await PrivatePostgres.start(settings: quick, logger: logger)
    let (url, first) = (postgres.url, postgres.processID)
    try await postgres.run(sql: "CREATE TABLE deal (id int)")
    try await postgres.restart()
    #expect(postgres.processID != first)
    #expect(postgres.url == url)
    try await postgres.run(sql: "INSERT INTO deal VALUES (1)")

    try await postgres.kill9()
    #expect(!postgres.isRunning)
    try await postgres.restart()
    try await postgres.run(sql: "SELECT 1 / count(*) FROM deal")
    await postgres.stop()
  }

  @Test func takesUpADataFolderAgain() async throws {
    try await withTemporaryFolder { folder in
      let data = "\(folder)/postgres"
      let first = try await PrivatePostgres.start(
        dataDirectory: data, settings: quick, logger: logger)
      try await first.run(sql: "CREATE TABLE deal (id int)")
      // The lock file of a server that was killed is no obstacle.
      try await first.kill9()
      #expect(FileManager.default.fileExists(atPath: "\(data)/cluster/postmaster.pid"))

      let second = try await PrivatePostgres.start(
        dataDirectory: data, settings: quick, logger: logger)
      try await second.run(sql: "INSERT INTO deal VALUES (1)")
      await second.stop()
      #expect(FileManager.default.fileExists(atPath: "\(data)/cluster/PG_VERSION"))
    }
  }

  @Test func refusesAFolderThatIsServed() async throws {
    try await withTemporaryFolder { folder in
      let data = "\(folder)/postgres"
      let first = try await PrivatePostgres.start(
        dataDirectory: data, settings: quick, logger: logger)
      let error = await #expect(throws: LocalServerError.self) {
        try await PrivatePostgres.start(dataDirectory: data, settings: quick, logger: logger)
      }
      #expect(error?.description.contains("process id \(first.processID) already serves") == true)
      #expect(first.isRunning)
      await first.stop()
    }
  }

  @Test func aBadSettingShowsTheServersOwnWords() async throws {
    let error = await #expect(throws: LocalServerError.self) {
      try await PrivatePostgres.start(settings: ["no_such_setting": "1"], logger: logger)
    }
    #expect(error?.description.contains("no_such_setting") == true)
  }

  @Test(.enabled(if: geteuid() == 0)) func refusesAFolderThatItsUserCannotEnter() async throws {
    try await withTemporaryFolder { folder in
      chmod(folder, 0o700)
      let error = await #expect(throws: LocalServerError.self) {
        try await PrivatePostgres.start(dataDirectory: "\(folder)/postgres", logger: logger)
      }
      #expect(error?.description.contains("cannot enter") == true)
    }
  }

  @Test func saysWhatToInstall() {
    let error = #expect(throws: LocalServerError.self) {
      try PostgresTools.find(searchPath: "/nowhere", packages: "/nowhere")
    }
    #expect(error?.description.contains("apt-get install postgresql") == true)
  }

  @Test func takesTheNewestVersion() async throws {
    try await withTemporaryFolder { folder in
      for version in ["9.6", "15", "17"] {
        let bin = "\(folder)/\(version)/bin"
        try FileManager.default.createDirectory(
          atPath: bin, withIntermediateDirectories: true)
        for tool in version == "17" ? ["psql"] : ["initdb", "postgres", "psql"] {
          _ = FileManager.default.createFile(
            atPath: "\(bin)/\(tool)", contents: nil, attributes: [.posixPermissions: 0o755])
        }
      }
      // 17 holds a client only.
      let tools = try PostgresTools.find(searchPath: "", packages: folder)
      #expect(tools.directory == "\(folder)/15/bin")
    }
  }
}
