import Contracts
import Kafka
import Logging
import TestSupport
import Testing

@testable import Sluice

/// The channel on a real client, with a stage-service that accepts everything.
@Suite struct ImportTestsKafka {
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  @Test(.timeLimit(.minutes(2))) func commandsGoOutAndOnlyNewResultsComeBack() async throws {
    let prefix = TestKafka.uniqueName("import") + "."
    let commandTopic = Topic.importCommands.name(prefix: prefix)
    let resultTopic = Topic.commandResults.name(prefix: prefix)
    try await TestKafka.createTopic(commandTopic, partitions: 3)
    try await TestKafka.createTopic(resultTopic, partitions: 3)
    let configuration = try await TestKafka.configuration()
    let plan = DemoPlan(seed: 3, deals: 40, now: Instant("2026-05-05T09:00:00Z")!)

    let service = FakeStageService(
      configuration, from: commandTopic, to: resultTopic, logger: logger)
    // An old result that the channel must not read.
    try await service.answer([plan.commands[0]], duplicate: true)
    let worker = Task { try await service.run(until: plan.commands.count) }
    let channel = KafkaCommandChannel(
      configuration, topicPrefix: prefix, source: "/test", logger: logger)
    let outcome = try await CommandDelivery(channel: channel, batch: 50, window: 100)
      .deliver(plan.commands)
    let seen = try await worker.value
    #expect(outcome.accepted == plan.commands.count && outcome.alreadyThere == 0)
    for (id, commands) in Dictionary(grouping: plan.commands, by: \.opportunityId) {
      #expect(seen.filter { $0.opportunityId == id } == commands)
    }
  }

  @Test(.timeLimit(.minutes(2))) func missingTopicsAreNamed() async throws {
    let channel = KafkaCommandChannel(
      try await TestKafka.configuration(), topicPrefix: TestKafka.uniqueName("none") + ".",
      source: "/test", logger: logger)
    let failure = await #expect(throws: OperatorFailure.self) { try await channel.open() }
    #expect(failure?.status == .unavailable)
    #expect(failure?.message.contains("sluice topics ensure") == true)
  }

  @Test(.timeLimit(.minutes(2))) func unreachableBrokerIsUnavailable() async throws {
    let channel = KafkaCommandChannel(
      KafkaConfiguration(bootstrapServers: "127.0.0.1:1", clientID: "test"), topicPrefix: "x.",
      source: "/test", logger: logger)
    let error = await #expect(throws: KafkaError.self) { try await channel.open() }
    #expect(error?.status == .unavailable)
    #expect(error?.explanation.contains("KAFKA_BOOTSTRAP_SERVERS") == true)
  }
}

private struct FakeStageService: Sendable {
  let configuration: KafkaConfiguration
  let commandTopic: String
  let resultTopic: String
  let logger: Logger

  init(_ configuration: KafkaConfiguration, from: String, to: String, logger: Logger) {
    self.configuration = configuration
    commandTopic = from
    resultTopic = to
    self.logger = logger
  }

  /// Answers until that many commands were read, and returns them in the order they came.
  func run(until count: Int) async throws -> [StageCommand] {
    let consumer = try KafkaConsumer(
      configuration, group: TestKafka.uniqueName("fake"), logger: logger)
    try await consumer.assign(
      Dictionary(
        uniqueKeysWithValues: (0..<3).map {
          (TopicPartition(topic: commandTopic, partition: $0), KafkaPosition.beginning)
        }))
    var seen: [StageCommand] = []
    while seen.count < count {
      for case .messages(let messages) in await consumer.poll(upTo: 500, waiting: .seconds(1)) {
        let commands = try messages.compactMap { message -> StageCommand? in
          let wire = WireMessage(
            key: message.key, value: message.value,
            headers: message.headers.map { WireMessage.Header($0.name, $0.value) })
          guard case .payload(let command, _) = try StageCommand.read(wire) else { return nil }
          return command
        }
        try await answer(commands, duplicate: false)
        seen += commands
      }
    }
    await consumer.close(within: .seconds(5))
    return seen
  }

  func answer(_ commands: [StageCommand], duplicate: Bool) async throws {
    let producer = try KafkaProducer(configuration, logger: logger)
    let records = try commands.map { command in
      let result = CommandResult(
        commandId: command.id, opportunityId: command.opportunityId, outcome: .accepted,
        sequence: 1, duplicate: duplicate)
      let wire = try result.wireMessage(source: "/fake")
      return KafkaRecord(
        topic: resultTopic, key: wire.key, value: wire.value,
        headers: wire.headers.map { KafkaHeader(name: $0.name, value: $0.value) })
    }
    for result in await producer.send(records) { _ = try result.get() }
    await producer.close(within: .seconds(5))
  }
}
