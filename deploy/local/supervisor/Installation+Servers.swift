import Contracts
import Foundation
import LocalServers

extension Installation {
  /// The processes of a run whose supervisor was killed end by themselves; until they have, their data
  /// is in use.
  func waitForEarlierRun() async throws {
    let text = try? String(contentsOfFile: settings.state.processesFile, encoding: .utf8)
    let earlier = (text ?? "").split(separator: "\n").compactMap { line -> ProcessIdentity? in
      let fields = line.split(separator: " ")
      guard fields.count > 1, let processID = Int32(fields[0]),
        let identity = ProcessIdentity(processID), "\(identity.startTicks)" == fields[1]
      else { return nil }
      return identity
    }
    let gone = try await poll(timeout: .seconds(30)) { () -> Bool? in
      earlier.contains(where: \.isAlive) ? nil : true
    }
    guard gone != nil else {
      throw LocalServerError(
        "processes of an earlier run are still here; stop them with deploy/local/down")
    }
  }

  func startPostgres() async throws {
    let directory = try await databaseDirectory()
    let server = try await PrivatePostgres.start(dataDirectory: directory, logger: logger)
    postgres = server
    try publish()
    console.say("PostgreSQL is up on 127.0.0.1:\(server.port), data in \(directory)")
  }

  /// Data that outlasts a stop is in the data folder. Other data would not fit the empty broker of the
  /// next run: it is cleared here, where its folder is taken up again.
  private func databaseDirectory() async throws -> String {
    if let data = settings.dataDirectory { return "\(data)/postgres" }
    let state = settings.state
    let inside = "\(state.path)/postgres"
    state.removeOutsideData()
    if let account = try UserAccount.forPostgres(),
      try await !account.canEnter(state.path)
    {
      let outside = FileManager.default.temporaryDirectory
        .appending(path: "sluice-\(randomSecret().prefix(12))").path
      try StateDirectory.write(Data("\(outside)\n".utf8), to: state.outsideDataFile)
      return outside
    }
    try? FileManager.default.removeItem(atPath: inside)
    return inside
  }

  /// A role for each service, which creates its own schema; returns the passwords by role. They are
  /// new at every start.
  func createDatabaseRoles() async throws -> [String: String] {
    var passwords: [String: String] = [:]
    var statements: [String] = []
    for role in ServiceDescription.all.map(\.databaseRole) {
      let password = randomSecret()
      passwords[role] = password
      statements += [
        """
        DO $$ BEGIN
          IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '\(role)') THEN
            CREATE ROLE \(role);
          END IF;
        END $$;
        """,
        "ALTER ROLE \(role) LOGIN PASSWORD '\(password)';",
        "GRANT CONNECT, CREATE ON DATABASE sluice TO \(role);",
      ]
    }
    try await postgres!.run(sql: statements.joined(separator: "\n"))
    return passwords
  }

  func startKafka() async throws {
    switch settings.kafka {
    case .external(let servers):
      kafka = .external(bootstrapServers: servers)
    case .kafkaHome(let home):
      console.say("Kafka is starting from \(home)")
      let directory = "\(settings.dataDirectory ?? settings.state.path)/kafka"
      if settings.dataDirectory == nil { try? FileManager.default.removeItem(atPath: directory) }
      kafka = .kafkaHome(
        try await PrivateKafka.start(
          KafkaInstallation(home: home), dataDirectory: directory, logger: logger))
    case .embedded:
      let prefix = settings.environment["SLUICE_TOPIC_PREFIX"] ?? "sluice."
      kafka = .embedded(
        try await EmbeddedKafkaProcess(
          executable: "\(settings.bin)/embedded-kafka",
          topics: Topic.all.map { $0.name(prefix: prefix) },
          logPath: settings.state.log("kafka")))
    }
    try publish()
    console.say("Kafka (\(settings.kafka.kind)) is up on \(kafka!.bootstrapServers)")
    if settings.kafka != .embedded { try await ensureTopics() }
  }
}
