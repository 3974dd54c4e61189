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

@testable import ActivityIngest

/// The process as it is built for production, on a real database and a broker.
@Suite struct ServiceTests {
  @Test(.timeLimit(.minutes(3)))
  func activitiesBecomeCommandsAndResultsComeBack() async throws {
    try await withTestDatabase { database in
      let installation = try await Installation(database)
      defer { installation.removeKey() }
      var deal = History(1, externalID: "CRM-1")
      deal.create(in: "proposal", fields: ["email": "a@b.cn"])
      try await installation.produce(
        [try Ladder.published.wireMessage(source: "test")], to: .pipelines)
      try await installation.produce(
        try deal.events.map { try $0.wireMessage(source: "test") }, to: .stageChanges)
      let poison = CloudEvent(id: "x", source: "/mail", type: ObservedActivity.type)
        .binary(key: "k", data: [0xFF])
      let onTopic = try ObservedActivity.mail("topic", deal: deal.id).wireMessage(source: "/mail")
      try await installation.produce([poison, onTopic, onTopic], to: .activities)

      try await installation.run { url in
        try await eventually("the process knows the deal") {
          try await installation.standing(of: "topic", at: url)["state"] == "matched"
        }
        let accepted = try await installation.post(
          "\(url)/v1/activities", API.event("http", data: ["kind": "call", "externalId": "CRM-1"]),
          type: "application/cloudevents+json")
        #expect(accepted["accepted"] == 1)
        try await eventually("both activities are commanded to be recorded") {
          try await installation.commands().count == 2
        }
        try await eventually("the poison is on the topic of dead letters") {
          try await installation.messages(on: .deadLetters).count == 1
        }
        let results = try await installation.commands().map { $0.accepted(sequence: 2) }
        try await installation.produce(
          try results.map { try $0.wireMessage(source: "test") }, to: .commandResults)
        for id in ["topic", "http"] {
          try await eventually("the activity \(id) is recorded") {
            try await installation.standing(of: id, at: url)["state"] == "recorded"
          }
        }
      }
      try await database.pool.execute(
        "DROP SCHEMA \(quoteIdentifier(installation.schemaPrefix + "activity_ingest")) CASCADE")
    }
  }
}

/// Topics, schema and key of one test.
private struct Installation: Sendable {
  let schemaPrefix: String
  private let topicPrefix: String
  private let keyFile: String
  private let kafka: KafkaConfiguration
  private let configuration: ServiceConfiguration
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  init(_ database: TestDatabase) async throws {
    topicPrefix = TestKafka.uniqueName("ingest") + "."
    schemaPrefix = String(database.schema.prefix(20)) + "_"
    keyFile = FileManager.default.temporaryDirectory.appending(path: "key-\(UUID())").path()
    try TokenIssuer.createKeyFile(at: keyFile)
    kafka = try await TestKafka.configuration()
    for topic in Topic.all {
      try await TestKafka.createTopic(
        topic.name(prefix: topicPrefix),
        partitions: [.activities, .stageChanges].contains(topic) ? 4 : 1)
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
    configuration = try ServiceConfiguration(service: "activity-ingest", environment: environment)
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

  func commands() async throws -> [StageCommand] {
    try await messages(on: .stageCommands).compactMap {
      if case .payload(let command, _) = try StageCommand.read($0) { command } else { nil }
    }
  }

  /// What a topic of one partition holds.
  func messages(on topic: Topic) async throws -> [WireMessage] {
    let partition = TopicPartition(topic: topic.name(prefix: topicPrefix), partition: 0)
    let consumer = try KafkaConsumer(
      kafka, group: TestKafka.uniqueName("look"), instanceID: nil, logger: logger)
    let end = try await consumer.queryWatermarks(of: partition, timeout: .seconds(10)).high
    try await consumer.assign([partition: .beginning])
    var messages: [WireMessage] = []
    while messages.count < end {
      for case .messages(let read) in await consumer.poll(upTo: 100, waiting: .milliseconds(100)) {
        messages += read.map { message in
          WireMessage(
            key: message.key, value: message.value,
            headers: message.headers.map { .init($0.name, $0.value) })
        }
      }
    }
    await consumer.close(within: .seconds(5))
    return messages
  }

  /// Runs the service while `body` runs, and shuts it down as SIGTERM would.
  func run(_ body: (String) async throws -> Void) async throws {
    let (addresses, continuation) = AsyncStream.makeStream(of: ListenAddress.self)
    let application = try await buildActivityIngest(
      configuration, registry: PrometheusRegistry(), logger: logger
    ) { continuation.yield($0) }
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(services: application.services, logger: logger))
    async let end: Void = group.run()
    do {
      var iterator = addresses.makeAsyncIterator()
      let address = try #require(await iterator.next())
      try await body("http://\(address)")
    } catch {
      await group.triggerGracefulShutdown()
      throw error
    }
    await group.triggerGracefulShutdown()
    try await end
  }

  func standing(of id: String, at url: String) async throws -> JSONValue {
    try await send(
      URLRequest(url: try #require(URL(string: "\(url)/v1/activities?source=/mail&id=\(id)"))))
  }

  func post(_ url: String, _ body: JSONValue, type: String) async throws -> JSONValue {
    var request = URLRequest(url: try #require(URL(string: url)))
    request.httpMethod = "POST"
    request.httpBody = Data(try JSONCoding.encode(body))
    request.setValue(type, forHTTPHeaderField: "Content-Type")
    return try await send(request)
  }

  /// The JSON of an answer, whatever its status.
  private func send(_ request: URLRequest) async throws -> JSONValue {
    var request = request
    let token = try TokenIssuer(keyFile: keyFile).token(
      subject: "test", roles: [.rep], expiresIn: .seconds(600))
    request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
    let (data, _) = try await URLSession.shared.data(for: request)
    return try JSONDecoder().decode(JSONValue.self, from: data)
  }
}
