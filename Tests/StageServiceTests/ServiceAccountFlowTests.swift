import Contracts
import Foundation
import FoundationNetworking
import Hummingbird
import Kafka
import Logging
import Postgres
import ServiceKit
import ServiceLifecycle
import ServiceWiring
import TestSupport
import Testing

@testable import StageService

/// A service account from its making to its revocation, over the topic, at another service.
@Suite struct ServiceAccountFlowTests {
  @Test(.timeLimit(.minutes(3)))
  func anAccountWorksAtEveryServiceUntilItIsRevoked() async throws {
    try await withTestDatabase { database in
      let site = try await Site(database)
      defer { site.removeKey() }
      let first = try await site.stageService()
      let second = try await site.otherService()
      try await site.run(first.services + second.services) {
        let stages = try await first.url
        let other = try await second.url
        let made = try await site.send(
          "POST", "\(stages)/v1/service-accounts",
          ["name": "crm", "roles": ["rep"], "rateLimit": 50],
          token: site.admin)
        try #require(made.status == 201, "\(made.body)")
        let token = try #require(made.body["token"].text)
        try await eventually("the other service knows the account") {
          let answer = try await site.send("GET", "\(other)/who", token: token)
          // Until then it is refused, never let in as somebody else.
          try #require([200, 401].contains(answer.status), "\(answer)")
          return answer.status == 200 && answer.body == "service:crm 50.0"
        }
        #expect(try await site.send("GET", "\(stages)/v1/pipelines", token: token).status == 200)

        let path = "\(stages)/v1/service-accounts/\(try #require(made.body["id"].text))"
        #expect(try await site.send("DELETE", path, token: site.admin).status == 204)
        for url in ["\(other)/who", "\(stages)/v1/pipelines"] {
          try await eventually("\(url) refuses the token") {
            let answer = try await site.send("GET", url, token: token)
            return answer.status == 401 && answer.body["code"] == "invalid-token"
          }
        }
        try await eventually("both are ready") {
          let reports = (await first.readiness.report(), await second.readiness.report())
          return reports.0.isHealthy && reports.1.isHealthy
        }
      }
      try await site.dropSchemas()
    }
  }
}

/// One installation of two services, with topics, schemas and a key of its own.
private struct Site: Sendable {
  struct Running: Sendable {
    let services: [any Service]
    let readiness: Readiness
    let addresses: AsyncStream<ListenAddress>

    var url: String {
      get async throws {
        var iterator = addresses.makeAsyncIterator()
        return "http://\(try #require(await iterator.next()))"
      }
    }
  }

  struct Answer {
    let status: Int
    let body: JSONValue
  }

  let admin: String
  private let database: TestDatabase
  private let schemaPrefix: String
  private let keyFile: String
  private let environment: [String: String]
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  init(_ database: TestDatabase) async throws {
    self.database = database
    let topicPrefix = TestKafka.uniqueName("accounts") + "."
    schemaPrefix = String(database.schema.prefix(20)) + "_"
    keyFile = FileManager.default.temporaryDirectory.appending(path: "key-\(UUID())").path()
    try TokenIssuer.createKeyFile(at: keyFile)
    admin = try TokenIssuer(keyFile: keyFile).token(
      subject: "chen.admin", roles: [.admin], expiresIn: .seconds(600))
    for topic in [Topic.stageCommands, .importCommands, .directory] {
      try await TestKafka.createTopic(topic.name(prefix: topicPrefix), partitions: 1)
    }
    let kafka = try await TestKafka.configuration()
    var environment = [
      "SLUICE_DATABASE_URL": database.url, "SLUICE_SCHEMA_PREFIX": schemaPrefix,
      "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrapServers, "SLUICE_TOPIC_PREFIX": topicPrefix,
      "SLUICE_JWT_KEY_FILE": keyFile, "SLUICE_HTTP_ADDRESS": "127.0.0.1:0",
      "SLUICE_ADMIN_ADDRESS": "127.0.0.1:0",
    ]
    for (name, value) in kafka.overrides {
      environment["SLUICE_KAFKA_CONF_" + name.uppercased().replacing(".", with: "_")] = value
    }
    self.environment = environment
  }

  func removeKey() { try? FileManager.default.removeItem(atPath: keyFile) }

  func stageService() async throws -> Running {
    let (addresses, continuation) = AsyncStream.makeStream(of: ListenAddress.self)
    let application = try await buildStageService(
      try ServiceConfiguration(service: "stage-service", environment: environment),
      registry: PrometheusRegistry(), logger: logger
    ) { continuation.yield($0) }
    return Running(
      services: application.services, readiness: application.readiness, addresses: addresses)
  }

  /// A service with nothing of its own but a route that says who calls.
  func otherService() async throws -> Running {
    let (addresses, continuation) = AsyncStream.makeStream(of: ListenAddress.self)
    let configuration = try ServiceConfiguration(service: "other", environment: environment)
    let backbone = try await Backbone(
      configuration, schema: "other", migrations: MigrationSet("other", []),
      registry: PrometheusRegistry(), logger: logger
    ) { _ in [] }
    let router = makeServiceRouter()
    router.group("")
      .add(middleware: AuthenticationMiddleware(backbone.authenticator))
      .get("who") { _, context in
        let caller = try context.require(.rep)
        return try json("\(caller.subject) \(caller.rateLimit ?? 0)")
      }
    let server = HTTPServer(
      address: configuration.httpAddress, router: router, logger: logger
    ) { continuation.yield($0) }
    return Running(
      services: backbone.services(and: [server]), readiness: backbone.readiness,
      addresses: addresses)
  }

  func run(_ services: [any Service], _ body: () async throws -> Void) async throws {
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(services: services, logger: logger))
    async let end: Void = group.run()
    do {
      try await body()
    } catch {
      await group.triggerGracefulShutdown()
      throw error
    }
    await group.triggerGracefulShutdown()
    try await end
  }

  func dropSchemas() async throws {
    for schema in ["stage_service", "other"] {
      try await database.pool.execute(
        "DROP SCHEMA \(quoteIdentifier(schemaPrefix + schema)) CASCADE")
    }
  }

  func send(
    _ method: String, _ url: String, _ body: JSONValue? = nil, token: String
  ) async throws -> Answer {
    var request = URLRequest(url: try #require(URL(string: url)))
    request.httpMethod = method
    request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
    if let body {
      request.httpBody = Data(try JSONCoding.encode(body))
      request.setValue("application/json", forHTTPHeaderField: "Content-Type")
    }
    let (data, response) = try await URLSession.shared.data(for: request)
    let status = try #require(response as? HTTPURLResponse).statusCode
    return Answer(
      status: status,
      body: data.isEmpty ? .null : try JSONDecoder().decode(JSONValue.self, from: data))
  }
}
