import Contracts
import Kafka
import Logging
import Synchronization

/// `import-commands.v1` and `command-results.v1` on a Kafka cluster.
///
/// The results are read from where the topic ended when the channel was opened, in no group, so
/// that nothing is left behind on the cluster.
final class KafkaCommandChannel: CommandChannel {
  private let configuration: KafkaConfiguration
  private let topicPrefix: String
  /// The CloudEvents source.
  private let source: String
  private let logger: Logger
  private let clients = Mutex<Clients?>(nil)

  private struct Clients {
    var producer: KafkaProducer
    var consumer: KafkaConsumer
  }

  init(_ configuration: KafkaConfiguration, topicPrefix: String, source: String, logger: Logger) {
    // Somebody waits at a terminal; the producer's own five minutes are too long for that.
    var configuration = configuration
    configuration.overrides.merge(["message.timeout.ms": "60000"]) { given, _ in given }
    self.configuration = configuration
    self.topicPrefix = topicPrefix
    self.source = source
    self.logger = logger
  }

  convenience init(_ context: OperatorContext, source: String) throws {
    self.init(
      try context.kafkaConfiguration(), topicPrefix: try context.topicPrefix, source: source,
      logger: context.logger)
  }

  func open() async throws {
    let positions = try await endOfResults()
    let consumer = try KafkaConsumer(
      configuration, group: "\(topicPrefix)sluice-import", logger: logger)
    let producer: KafkaProducer
    do {
      producer = try KafkaProducer(configuration, logger: logger)
      try await consumer.assign(positions)
    } catch {
      await consumer.close(within: .seconds(5))
      throw error
    }
    clients.withLock { $0 = Clients(producer: producer, consumer: consumer) }
  }

  func send(_ commands: [StageCommand]) async throws {
    let topic = Topic.importCommands.name(prefix: topicPrefix)
    let records = try commands.map { command in
      let wire = try command.wireMessage(source: source)
      return KafkaRecord(
        topic: topic, key: wire.key, value: wire.value,
        headers: wire.headers.map { KafkaHeader(name: $0.name, value: $0.value) })
    }
    let results = try opened().producer
    for result in await results.send(records) {
      if case .failure(let error) = result {
        throw OperatorFailure.unavailable(
          "Kafka did not take a command on \(topic): \(error); repeating is safe")
      }
    }
  }

  func results(waiting: Duration) async throws -> [CommandResult] {
    var results: [CommandResult] = []
    for event in try await opened().consumer.poll(upTo: 5_000, waiting: waiting) {
      switch event {
      case .messages(let messages): results += messages.compactMap(KafkaCommandChannel.result)
      case .error(let error) where error.isFatal || error.code == .closed: throw error
      case .error, .assigned, .revoked: break
      }
    }
    return results
  }

  func close() async {
    let clients = clients.withLock { clients in
      defer { clients = nil }
      return clients
    }
    await clients?.producer.close(within: .seconds(5))
    await clients?.consumer.close(within: .seconds(5))
  }

  private func opened() throws -> Clients {
    guard let clients = clients.withLock({ $0 }) else {
      throw KafkaError(.closed, "the channel is not open")
    }
    return clients
  }

  /// Every partition of the results with the offset that its next message will get.
  private func endOfResults() async throws -> [TopicPartition: KafkaPosition] {
    let admin = try KafkaAdmin(configuration, logger: logger)
    do {
      let metadata = try await admin.metadata()
      let missing = [Topic.importCommands, .commandResults].map { $0.name(prefix: topicPrefix) }
        .filter { metadata[$0] == nil }
      guard missing.isEmpty else {
        throw OperatorFailure.unavailable(
          "Kafka has no topic \(missing.joined(separator: ", ")); sluice topics ensure makes them")
      }
      let topic = Topic.commandResults.name(prefix: topicPrefix)
      let partitions = (0..<Int32(metadata[topic]?.partitions ?? 0)).map {
        TopicPartition(topic: topic, partition: $0)
      }
      let watermarks = try await admin.watermarks(of: partitions)
      await admin.close(within: .seconds(5))
      return watermarks.mapValues { .offset($0.high) }
    } catch {
      await admin.close(within: .seconds(5))
      throw error
    }
  }

  /// Nil for whatever is no result.
  private static func result(_ message: KafkaMessage) -> CommandResult? {
    let wire = WireMessage(
      key: message.key, value: message.value,
      headers: message.headers.map { WireMessage.Header($0.name, $0.value) })
    guard case .payload(let result, _)? = try? CommandResult.read(wire) else { return nil }
    return result
  }
}
