import Contracts
import Foundation
import FoundationNetworking
import Kafka
import Logging
import Messaging
import Postgres
import ServiceKit
import ServiceLifecycle
import TestSupport
import Testing

@testable import Forecasting

/// The process as it is built for production, on a real database and a broker.
@Suite struct ServiceTests {
  @Test(.timeLimit(.minutes(3)))
  func eventsOnKafkaBecomeFigures() async throws {
    try await withTestDatabase { database in
      let installation = try await Installation(database)
      defer { installation.removeKey() }
      var histories = (1...30).map { History($0) }
      for index in histories.indices {
        histories[index].create()
        if index % 3 == 0 { histories[index].move(to: "offer") }
      }
      try await installation.produce(
        [try Ladder.published.wireMessage(source: "test")], to: .pipelines)
      let poison = WireMessage.event(type: StageEventType.moved.rawValue, value: [0xFF])
      try await installation.produce(
        [poison] + histories.flatMap(\.events).map { try $0.wireMessage(source: "test") },
        to: .stageChanges)

      try await installation.run { url, application in
        try await eventually("all events are in the funnel") {
          let funnel = try await installation.get("\(url)/v1/funnel")
          let counts = funnel["stages"].items.map { $0["count"] }
          return counts == [20, 10, 0, 0, 0] && funnel["freshness"]["behind"] == 0
        }
        let timeline = try await installation.get(
          "\(url)/v1/opportunities/\(histories[0].id)/timeline")
        #expect(timeline["items"].items.count == 2)
        try await eventually("the poison is on the topic of dead letters") {
          try await installation.messages(on: .deadLetters) == 1
        }
        try await eventually("the process is ready") {
          await application.readiness.report().isHealthy
        }
      }
      try await database.pool.execute(
        "DROP SCHEMA \(quoteIdentifier(installation.schemaPrefix + "forecasting")) CASCADE")
    }
  }
}

/// Topics, schema and key of one test.
private struct Installation: Sendable {
  let schemaPrefix: String
  let topicPrefix: String
  private let keyFile: String
  private let kafka: KafkaConfiguration
  private let configuration: ServiceConfiguration
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  init(_ database: TestDatabase) async throws {
    topicPrefix = TestKafka.uniqueName("forecasting") + "."
    schemaPrefix = String(database.schema.prefix(20)) + "_"
    keyFile = FileManager.default.temporaryDirectory.appending(path: "key-\(UUID())").path()
    try TokenIssuer.createKeyFile(at: keyFile)
    kafka = try await TestKafka.configuration()
    for topic in [Topic.stageChanges, .pipelines, .directory, .deadLetters] {
      try await TestKafka.createTopic(
        topic.name(prefix: topicPrefix), partitions: topic == .stageChanges ? 4 : 1)
    }
    var environment = [
      "SLUICE_DATABASE_URL": database.url, "SLUICE_SCHEMA_PREFIX": schemaPrefix,
      "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrapServers, "SLUICE_TOPIC_PREFIX": topicPrefix,
      "SLUICE_JWT_KEY_FILE": keyFile, "SLUICE_HTTP_ADDRESS": "127.0.0.1:0",
      "SLUICE_ADMIN_ADDRESS": "127.0.0.1:0",
    ]
    for (name, value) in kafka.overrides {
      environment["SLUICE_KAFKA_CONF_" + name.uppercased().replacing(".", with: "_")] = value
    }
    configuration = try ServiceConfiguration(service: "forecasting", environment: environment)
  }

  func removeKey() { try? FileManager.default.removeItem(atPath: keyFile) }

  func produce(_ messages: [WireMessage], to topic: Topic) async throws {
    let producer = try KafkaProducer(kafka, logger: logger)
    let results = await producer.send(
      messages.map { message in
        KafkaRecord(
          topic: topic.name(prefix: topicPrefix), key: message.key, value: message.value,
          headers: message.headers.map { KafkaHeader(name: $0.name, value: $0.value) })
      })
    await producer.close(within: .seconds(5))
    for result in results { _ = try result.get() }
  }

  /// How many messages a topic of one partition has.
  func messages(on topic: Topic) async throws -> Int64 {
    let consumer = try KafkaConsumer(
      kafka, group: TestKafka.uniqueName("look"), instanceID: nil, logger: logger)
    let marks = try await consumer.queryWatermarks(
      of: TopicPartition(topic: topic.name(prefix: topicPrefix), partition: 0),
      timeout: .seconds(10))
    await consumer.close(within: .seconds(5))
    return marks.high
  }

  /// Runs the service while `body` runs, and shuts it down as SIGTERM would.
  func run(_ body: (String, ForecastingApplication) async throws -> Void) async throws {
    let (addresses, continuation) = AsyncStream.makeStream(of: ListenAddress.self)
    let application = try await buildForecasting(
      configuration, registry: PrometheusRegistry(), logger: logger
    ) { continuation.yield($0) }
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(services: application.services, logger: logger))
    async let end: Void = group.run()
    do {
      var iterator = addresses.makeAsyncIterator()
      let address = try #require(await iterator.next())
      try await body("http://\(address)", application)
    } catch {
      await group.triggerGracefulShutdown()
      throw error
    }
    await group.triggerGracefulShutdown()
    try await end
  }

  /// The JSON of an answer, whatever its status.
  func get(_ url: String) async throws -> JSONValue {
    var request = URLRequest(url: try #require(URL(string: url)))
    let token = try TokenIssuer(keyFile: keyFile).token(
      subject: "test", roles: [.viewer], expiresIn: .seconds(600))
    request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
    let (data, _) = try await URLSession.shared.data(for: request)
    return try JSONDecoder().decode(JSONValue.self, from: data)
  }
}
