import Foundation
import Glibc
import LocalServers
import Logging

/// One installation on this machine: PostgreSQL, Kafka and the services, each a process of its own.
actor Installation {
  struct Settings: Sendable {
    /// The folder of the executables.
    var bin: String
    var state: StateDirectory
    /// Where data lives that outlasts a stop; nil without one.
    var dataDirectory: String?
    var kafka: KafkaPlan
    var environment: [String: String]
  }

  nonisolated let settings: Settings
  nonisolated let console: Console
  /// The servers' own messages are in their logs; ours go to the console.
  let logger = Logger(label: "local-supervisor") { _ in SwiftLogNoOpLogHandler() }

  var postgres: PrivatePostgres?
  var kafka: RunningKafka?
  var services: [String: ChildProcess] = [:]
  /// Receives the demo's webhooks.
  var webhookListener: ChildProcess?
  var ports: [String: Int] = [:]
  var tokens: [String: String] = [:]
  /// From the first readiness on run.json is kept up to date.
  private var isPublished = false

  init(_ settings: Settings, console: Console) {
    self.settings = settings
    self.console = console
  }

  /// Starts everything and returns when every service is ready.
  func start() async throws {
    try await waitForEarlierRun()
    try await startPostgres()
    let passwords = try await createDatabaseRoles()
    try await startKafka()
    try settings.state.ensureKeyFile()
    ports = try settings.state.ports(
      for: ServiceDescription.all.flatMap { [$0.httpPortName, $0.adminPortName] }
        + [Self.webhookPort])
    for service in ServiceDescription.all {
      environments[service.name] = environment(
        of: service, password: passwords[service.databaseRole]!)
      _ = try await startService(service)
    }
    for service in ServiceDescription.all { try await waitUntilReady(service) }
    tokens = try await makeTokens()
    isPublished = true
    try publish()
  }

  /// Ends everything that runs, users before what they use.
  func stop() async {
    isPublished = false
    unlink(settings.state.runFile)
    _ = try? await webhookListener?.terminate()
    await withTaskGroup { group in
      for service in services.values { group.addTask { _ = try? await service.terminate() } }
    }
    await kafka?.stop()
    await postgres?.stop()
    unlink(settings.state.processesFile)
  }

  /// The environments of the services, by name.
  private var environments: [String: [String: String]] = [:]

  func startService(_ service: ServiceDescription) async throws -> ChildProcess {
    let process = try await ChildProcess(
      .init(
        executable: "\(settings.bin)/\(service.name)", environment: environments[service.name],
        logPath: settings.state.log(service.name)))
    services[service.name] = process
    try publish()
    return process
  }

  /// Writes down which processes there are, and run.json once everything is ready.
  func publish() throws {
    var lines: [(ProcessIdentity, String)] = []
    for (name, process) in services { lines.append((process.identity, name)) }
    if let webhookListener { lines.append((webhookListener.identity, "webhooks")) }
    if let identity = kafka?.identity { lines.append((identity, "kafka")) }
    if let postgres { lines.append((postgres.identity, "postgres")) }
    let text = lines.map { "\($0.processID) \($0.startTicks) \($1)\n" }.joined()
    try StateDirectory.write(Data(text.utf8), to: settings.state.processesFile)
    if isPublished, let file = runFile() {
      try StateDirectory.write(try file.json(), to: settings.state.runFile)
    }
  }

  func runFile() -> RunFile? {
    guard let postgres, let kafka else { return nil }
    var members: [String: RunFile.Service] = [:]
    for service in ServiceDescription.all {
      guard let process = services[service.name] else { continue }
      members[service.key] = RunFile.Service(
        url: url(of: service), adminUrl: "http://127.0.0.1:\(ports[service.adminPortName]!)",
        pid: process.processID, logPath: settings.state.log(service.name))
    }
    return RunFile(
      services: members,
      kafka: .init(
        bootstrapServers: kafka.bootstrapServers, kind: settings.kafka.kind,
        pid: kafka.identity?.processID),
      postgres: .init(url: postgres.url, pid: postgres.processID),
      webUrl: members["stageService"]?.url, tokens: tokens,
      operator: .init(databaseUrl: postgres.url, jwtKeyFile: settings.state.keyFile),
      supervisor: .init(pid: getpid()))
  }

  func showSummary(demo: Bool) {
    guard let file = runFile() else { return }
    console.say(
      file.summary(
        bin: settings.bin, runFile: settings.state.runFile,
        logs: "\(settings.state.path)/logs", demo: demo))
  }

  func url(of service: ServiceDescription) -> String {
    "http://127.0.0.1:\(ports[service.httpPortName]!)"
  }
}

extension ServiceDescription {
  var httpPortName: String { name }
  var adminPortName: String { "\(name)-admin" }
}
