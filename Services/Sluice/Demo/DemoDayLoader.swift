import Contracts
import Kafka
import Logging

/// Puts the demo's day into an installation with all four services.
struct DemoDayLoader: Sendable {
  let day: DemoDay
  let stageService: ServiceClient
  let activityIngest: ServiceClient
  let kafka: KafkaConfiguration
  let topicPrefix: String
  let loader: CommandLoader
  let logger: Logger

  init(_ context: OperatorContext, now: Instant) throws {
    day = DemoDay(now: now)
    stageService = try context.stageService()
    activityIngest = try context.activityIngest()
    kafka = try context.kafkaConfiguration()
    topicPrefix = try context.topicPrefix
    loader = try CommandLoader(context, source: "/sluice/demo")
    logger = context.logger
  }

  /// A rule whose proposals wait for a person, beside the ready-made ones that move by themselves.
  private static let rule: JSONValue = .object([
    "key": "budget-approved",
    "name": .object(["zh": "预算获批", "en": "Budget approved"]),
    "intent": "budget-approved", "mode": "review",
    "keywords": .array(["预算批下来了", "预算通过了", "budget approved"]),
    "transitions": .array([
      .object(["from": .array(["needs-analysis"]), "to": "proposal"])
    ]),
  ])

  private struct Publication: Encodable {
    var key: String
    var template: String
  }

  /// - Returns: false when the day was there already; then nothing is sent again.
  func load() async throws -> Bool {
    try await publishPipeline()
    _ = try await activityIngest.post("/v1/rules", Self.rule)
    let result = try await loader.load(
      pipelines: [], commands: day.commands, title: "Making today's deals")
    guard result.accepted > 0 else { return false }
    _ = try await activityIngest.post(
      "/v1/activities", day.activities, contentType: "application/cloudevents-batch+json")
    try await sendPoison()
    return true
  }

  private func publishPipeline() async throws {
    do {
      _ = try await stageService.post(
        "/v1/pipelines", Publication(key: DemoDay.pipeline, template: "general"))
    } catch let refusal as ServiceRefusal where refusal.code == "pipeline-exists" {
      // An installation that is older than the template of today has its own.
    }
  }

  private func sendPoison() async throws {
    let producer = try KafkaProducer(kafka, logger: logger)
    let wire = day.poison
    let results = await producer.send([
      KafkaRecord(
        topic: Topic.activities.name(prefix: topicPrefix), key: wire.key, value: wire.value,
        headers: wire.headers.map { KafkaHeader(name: $0.name, value: $0.value) })
    ])
    await producer.close(within: .seconds(5))
    for result in results { _ = try result.get() }
  }
}
