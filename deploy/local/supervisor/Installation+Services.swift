import Foundation
import Glibc
import LocalServers

extension Installation {
  static let roles = ["rep", "manager", "admin", "viewer", "publisher"]

  /// What `sluice` and the services both need: our own environment, so that `SLUICE_KAFKA_CONF_*` and
  /// the like reach them, with this installation's places in it.
  private func commonEnvironment(databaseURL: String) -> [String: String] {
    var environment = settings.environment
    // Tokens are checked with our own key, and a name of one replica is not for all of them.
    environment["SLUICE_JWKS_URL"] = nil
    environment["SLUICE_INSTANCE_ID"] = nil
    // The up script's own.
    environment["SLUICE_BUILD_CONFIGURATION"] = nil
    environment["KAFKA_BOOTSTRAP_SERVERS"] = kafka!.bootstrapServers
    environment.merge(kafka!.clientEnvironment) { ours, _ in ours }
    environment["SLUICE_DATABASE_URL"] = databaseURL
    environment["SLUICE_JWT_KEY_FILE"] = settings.state.keyFile
    environment["SLUICE_ISSUER"] = "sluice"
    environment["SLUICE_AUDIENCE"] = "sluice"
    return environment
  }

  func environment(of service: ServiceDescription, password: String) -> [String: String] {
    var environment = commonEnvironment(
      databaseURL:
        "postgresql://\(service.databaseRole):\(password)@127.0.0.1:\(postgres!.port)/sluice")
    // Whoever tries webhooks here receives them on this machine.
    if environment["SLUICE_WEBHOOK_PRIVATE_ADDRESSES"] == nil {
      environment["SLUICE_WEBHOOK_PRIVATE_ADDRESSES"] = "allow"
    }
    // On one machine what happened has arrived.
    if environment["SLUICE_REMINDER_GRACE"] == nil { environment["SLUICE_REMINDER_GRACE"] = "2" }
    environment["SLUICE_HTTP_ADDRESS"] = "127.0.0.1:\(ports[service.httpPortName]!)"
    environment["SLUICE_ADMIN_ADDRESS"] = "127.0.0.1:\(ports[service.adminPortName]!)"
    return environment
  }

  private func operatorEnvironment() -> [String: String] {
    var environment = commonEnvironment(databaseURL: postgres!.url)
    for service in ServiceDescription.all where ports[service.httpPortName] != nil {
      let name = service.name.uppercased().replacing("-", with: "_")
      environment["SLUICE_\(name)_URL"] = url(of: service)
    }
    environment["SLUICE_TOKEN"] = tokens["admin"]
    return environment
  }

  private var sluice: String { "\(settings.bin)/sluice" }

  func makeTokens() async throws -> [String: String] {
    var tokens: [String: String] = [:]
    for role in Self.roles {
      tokens[role] = try await Tool.run(
        sluice, ["token", "--role", role, "--subject", "demo-\(role)", "--days", "30"],
        environment: operatorEnvironment()
      ).trimmingCharacters(in: .whitespacesAndNewlines)
    }
    return tokens
  }

  /// A cluster that others run may have topics with other settings; that is shown, and up to them.
  func ensureTopics() async throws {
    let status = try await Tool.run(
      sluice, ["topics", "ensure"], environment: operatorEnvironment()
    ) { [console] in console.say($0) }
    guard [.exited(0), .exited(1)].contains(status) else {
      throw LocalServerError("sluice topics ensure ended with \(status)")
    }
  }

  /// A receiver of webhooks on this machine, with a subscription to everything that today's deals and
  /// those of whoever tries it do.
  private func startWebhookListener() async throws {
    webhookListener = try await ChildProcess(
      .init(
        executable: sluice,
        arguments: [
          "webhooks", "listen", "--keep", "--address", "127.0.0.1:\(ports[Self.webhookPort]!)",
          "--pipeline", "general",
        ], environment: operatorEnvironment(), logPath: settings.state.log("webhooks")))
    try publish()
    let log = settings.state.log("webhooks")
    _ = try await poll(timeout: .seconds(20)) { () -> Bool? in
      let text = try? String(contentsOfFile: log, encoding: .utf8)
      return text?.contains("Listening on") == true || webhookListener?.exitStatus != nil
        ? true : nil
    }
  }

  static let webhookPort = "webhooks"

  /// Loads the demo with its output shown; that it fails is said, and the installation goes on.
  func loadDemo() async throws {
    console.say("Loading the demo")
    try await startWebhookListener()
    let status =
      isatty(STDOUT_FILENO) == 1
      ? try await Tool.runOnTerminal(sluice, ["load", "demo"], environment: operatorEnvironment())
      : try await Tool.run(sluice, ["load", "demo"], environment: operatorEnvironment()) {
        [console] in console.say($0)
      }
    try Task.checkCancellation()
    if status != .exited(0) {
      console.say("The demo was not loaded (\(status)); everything else runs")
    }
  }

  func waitUntilReady(_ service: ServiceDescription) async throws {
    let process = services[service.name]!
    let port = ports[service.adminPortName]!
    var lastAnswer: HTTPProbe.Answer?
    let ready = try await poll(timeout: .seconds(120), every: .milliseconds(50)) { () -> Bool? in
      if let status = process.exitStatus { throw process.failure("ended with \(status)") }
      lastAnswer = await HTTPProbe.get(port: port, path: "/readyz")
      return lastAnswer?.status == 200 ? true : nil
    }
    guard ready != nil else {
      let reason = lastAnswer.map { "/readyz says \($0.status) \($0.body)" } ?? "no answer"
      throw process.failure("was not ready after two minutes (\(reason))")
    }
    console.say("\(service.name) is ready on \(url(of: service))")
  }
}
