import Kafka
import Logging
import TestSupport

let logger: Logger = {
  var logger = Logger(label: "kafka-tests")
  logger.logLevel = .error
  return logger
}()

/// Makes a client for one test and closes it, whatever the test's outcome.
func withProducer<Value>(
  _ configuration: KafkaConfiguration? = nil, _ body: (KafkaProducer) async throws -> Value
) async throws -> Value {
  let producer = try KafkaProducer(try await resolve(configuration), logger: logger)
  return try await closing(
    by: { await producer.close(within: .seconds(5)) }, after: { try await body(producer) })
}

func withConsumer<Value>(
  group: String = TestKafka.uniqueName("group"), _ configuration: KafkaConfiguration? = nil,
  _ body: (KafkaConsumer) async throws -> Value
) async throws -> Value {
  let consumer = try KafkaConsumer(try await resolve(configuration), group: group, logger: logger)
  return try await closing(
    by: { await consumer.close(within: .seconds(5)) }, after: { try await body(consumer) })
}

func withAdmin<Value>(
  _ configuration: KafkaConfiguration? = nil, _ body: (KafkaAdmin) async throws -> Value
) async throws -> Value {
  let admin = try KafkaAdmin(try await resolve(configuration), logger: logger)
  return try await closing(
    by: { await admin.close(within: .seconds(5)) }, after: { try await body(admin) })
}

private func resolve(_ configuration: KafkaConfiguration?) async throws -> KafkaConfiguration {
  if let configuration { return configuration }
  return try await TestKafka.configuration()
}

private func closing<Value>(
  by close: () async -> Void, after body: () async throws -> Value
) async throws -> Value {
  do {
    let value = try await body()
    await close()
    return value
  } catch {
    await close()
    throw error
  }
}

extension KafkaConsumer {
  /// Polls until `count` messages have come.
  func read(_ count: Int) async throws -> [KafkaMessage] {
    var messages: [KafkaMessage] = []
    try await eventually(within: .seconds(30), "\(count) messages") {
      for event in await poll(upTo: count - messages.count, waiting: .milliseconds(100)) {
        switch event {
        case .messages(let more): messages += more
        case .error(let error) where error.isFatal: throw error
        default: break
        }
      }
      return messages.count >= count
    }
    return messages
  }

  /// What comes within a while; for tests that expect nothing.
  func readAvailable(waiting: Duration) async -> [KafkaMessage] {
    await poll(upTo: 1_000, waiting: waiting).flatMap { event -> [KafkaMessage] in
      if case .messages(let messages) = event { messages } else { [] }
    }
  }
}

extension KafkaRecord {
  init(_ topic: String, _ value: String, key: String? = nil, partition: Int32? = nil) {
    self.init(
      topic: topic, key: key.map { Array($0.utf8) }, value: Array(value.utf8), headers: [],
      partition: partition)
  }
}

extension KafkaMessage {
  var text: String { String(decoding: value ?? [], as: UTF8.self) }
}
