import AsyncHTTPClient
import Contracts
import Foundation
import Kafka
import Messaging
import NIOCore
import NIOHTTP1
import Postgres
import ServiceKit
import ServiceLifecycle
import TestSupport
import Testing

@testable import Notifier

/// The process as it is built for production, on a real database and a broker.
@Suite struct ServiceTests {
  @Test(.timeLimit(.minutes(3)))
  func eventsOnKafkaBecomeWebhooks() async throws {
    try await withTestDatabase { database in
      let installation = try await Installation(database)
      defer { installation.removeKey() }
      try await withEndpoint { endpoint in
        try await installation.run { api, application in
          let made = try await installation.call(
            .POST, "\(api)/v1/subscriptions", #"{"url":"\#(endpoint.url)"}"#)
          let secret = try #require(made["secret"].text)
          // A move in time cancels the reminder of the first stage; the second stage's is missed.
          var story = Story(1, at: .now())
          story.create()
          story.dueAt = story.now.adding(seconds: 1)
          story.change()
          story.move(to: "offer")
          story.dueAt = story.now.adding(seconds: 2)
          let last = story.change()
          try await installation.produce(story.events)
          try await eventually("the events and the reminder are received") {
            Set(endpoint.received.map(\.webhookID)).count >= 5
          }
          let types = endpoint.received.compactMap {
            (try? JSONCoding.decode(JSONValue.self, from: $0.body))?["type"].text
          }
          #expect(
            Set(types)
              == Set(story.events.map(\.type.rawValue) + [NoticeType.followUpMissed.rawValue]))
          #expect(types.count { $0 == NoticeType.followUpMissed.rawValue } == 1)
          let key = try #require(Data(base64Encoded: String(secret.dropFirst(6))))
          for received in endpoint.received {
            let seconds = try #require(Int64(received.headers["webhook-timestamp"] ?? ""))
            #expect(
              received.headers["webhook-signature"]
                == WebhookSignature.sign(
                  id: received.webhookID, seconds: seconds, body: received.body,
                  with: WebhookSecret(key: Array(key))))
          }
          try await eventually("the log has them all") {
            let log = try await installation.call(.GET, "\(api)/v1/deliveries?status=delivered")
            return log["items"].items.count == 5
          }
          let due = try await installation.call(.GET, "\(api)/v1/follow-ups?overdue=true")
          #expect(due["items"].items.map(\.["dueAt"].text) == [last.followUpDueAt?.description])
          try await eventually("the notice is on its topic, and was not delivered twice") {
            try await installation.messages(on: .notices) == 1
          }
          try await eventually("the process is ready") {
            await application.readiness.report().isHealthy
          }
        }
      }
      try await database.pool.execute(
        "DROP SCHEMA \(quoteIdentifier(installation.schemaPrefix + "notifier")) CASCADE")
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

  init(_ database: TestDatabase) async throws {
    topicPrefix = TestKafka.uniqueName("notifier") + "."
    schemaPrefix = String(database.schema.prefix(20)) + "_"
    keyFile = FileManager.default.temporaryDirectory.appending(path: "key-\(UUID())").path()
    try TokenIssuer.createKeyFile(at: keyFile)
    kafka = try await TestKafka.configuration()
    for topic in [Topic.stageChanges, .notices, .directory, .deadLetters] {
      try await TestKafka.createTopic(
        topic.name(prefix: topicPrefix), partitions: topic == .stageChanges ? 4 : 1)
    }
    var environment = [
      "SLUICE_DATABASE_URL": database.url, "SLUICE_SCHEMA_PREFIX": schemaPrefix,
      "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrapServers, "SLUICE_TOPIC_PREFIX": topicPrefix,
      "SLUICE_JWT_KEY_FILE": keyFile, "SLUICE_HTTP_ADDRESS": "127.0.0.1:0",
      "SLUICE_ADMIN_ADDRESS": "127.0.0.1:0", "SLUICE_WEBHOOK_PRIVATE_ADDRESSES": "allow",
      "SLUICE_REMINDER_GRACE": "1",
    ]
    for (name, value) in kafka.overrides {
      environment["SLUICE_KAFKA_CONF_" + name.uppercased().replacing(".", with: "_")] = value
    }
    configuration = try ServiceConfiguration(service: "notifier", environment: environment)
  }

  func removeKey() { try? FileManager.default.removeItem(atPath: keyFile) }

  func produce(_ events: [StageEvent]) async throws {
    let producer = try KafkaProducer(kafka, logger: silent)
    let results = await producer.send(
      try events.map { event in
        let wire = try event.wireMessage(source: "/sluice/stage-service")
        return KafkaRecord(
          topic: Topic.stageChanges.name(prefix: topicPrefix), key: wire.key, value: wire.value,
          headers: wire.headers.map { KafkaHeader(name: $0.name, value: $0.value) })
      })
    await producer.close(within: .seconds(5))
    for result in results { _ = try result.get() }
  }

  /// How many messages a topic of one partition has.
  func messages(on topic: Topic) async throws -> Int64 {
    let admin = try KafkaAdmin(kafka, logger: silent)
    let source = TopicPartition(topic: topic.name(prefix: topicPrefix), partition: 0)
    let marks = try await admin.watermarks(of: [source])
    await admin.close(within: .seconds(5))
    return marks[source]?.high ?? 0
  }

  /// Runs the service while `body` runs, and shuts it down as SIGTERM would.
  func run(_ body: (String, NotifierApplication) async throws -> Void) async throws {
    let (addresses, continuation) = AsyncStream.makeStream(of: ListenAddress.self)
    let application = try await buildNotifier(
      configuration, registry: PrometheusRegistry(), logger: silent
    ) { continuation.yield($0) }
    try await running(application.services) {
      var iterator = addresses.makeAsyncIterator()
      let address = try #require(await iterator.next())
      try await body("http://\(address)", application)
    }
  }

  /// The JSON of an answer, whatever its status.
  func call(
    _ method: HTTPMethod, _ url: String, _ body: String? = nil
  ) async throws -> JSONValue {
    var request = HTTPClientRequest(url: url)
    request.method = method
    let token = try TokenIssuer(keyFile: keyFile).token(
      subject: "test", roles: [.manager], expiresIn: .seconds(600))
    request.headers = ["authorization": "Bearer \(token)", "content-type": "application/json"]
    if let body { request.body = .bytes(Array(body.utf8)) }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
    let bytes = try await response.body.collect(upTo: 1 << 20)
    return try JSONCoding.decode(JSONValue.self, from: Array(bytes.readableBytesView))
  }
}
