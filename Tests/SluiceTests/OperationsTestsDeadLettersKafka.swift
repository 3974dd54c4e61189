import Contracts
import Foundation
import Kafka
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Sluice

/// Reading and sending again on a broker.
@Suite(.timeLimit(.minutes(3))) struct OperationsDeadLetterKafkaTests {
  /// An installation of its own with dead letters and the topic that they came from.
  private struct Bench: Sendable {
    let prefix = TestKafka.uniqueName("letters") + "."
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let configuration: KafkaConfiguration
    let producer: KafkaProducer

    var origin: String { Topic.stageChanges.name(prefix: prefix) }
    var letters: String { Topic.deadLetters.name(prefix: prefix) }
    var topics: Set<String> { [origin, letters] }
    var log: DeadLetterLog {
      DeadLetterLog(configuration, topicPrefix: prefix, logger: logger)
    }

    init() async throws {
      configuration = try await TestKafka.configuration()
      producer = try KafkaProducer(configuration, logger: logger)
      try await TestKafka.createTopic(origin, partitions: 2)
      try await TestKafka.createTopic(letters, partitions: 2)
    }

    /// Buries messages on partition 0, one after the other.
    func bury(
      _ numbers: Range<Int64>, group: String = "sluice-forecasting", more: [KafkaHeader] = []
    ) async throws {
      let records = numbers.map { number in
        let letter = OperationsDeadLetterTests.letter(
          0, number, group: group, origin: origin, more: more)
        return KafkaRecord(
          topic: letters, key: letter.key, value: letter.value, headers: letter.headers,
          partition: 0)
      }
      for result in await producer.send(records) { _ = try result.get() }
    }

    func redrive(
      _ choice: RedriveRequest.Choice, isDryRun: Bool = false, to topic: String? = nil,
      value: [UInt8]? = nil,
      send: (@Sendable ([KafkaRecord]) async -> [Result<KafkaDelivery, KafkaError>])? = nil
    ) async throws -> RedriveReport {
      let producer = producer
      return try await Redrive(log: log, send: send ?? { await producer.send($0) }).run(
        RedriveRequest(choice: choice, topic: topic, value: value, isDryRun: isDryRun),
        topics: topics)
    }

    /// What lies on a topic, in the order of its partitions.
    func messages(_ topic: String) async throws -> [KafkaMessage] {
      let sources = (0..<2 as Range<Int32>).map { TopicPartition(topic: topic, partition: $0) }
      let reader = try await KafkaLogReader(
        configuration,
        ranges: Dictionary(uniqueKeysWithValues: sources.map { ($0, 0..<Int64.max) }),
        logger: logger)
      var found: [KafkaMessage] = []
      while let more = try await reader.next() { found += more }
      await reader.close()
      return found.sorted { ($0.source, $0.offset) < ($1.source, $1.offset) }
    }
  }

  private func withBench(_ body: (Bench) async throws -> Void) async throws {
    let bench = try await Bench()
    do {
      try await body(bench)
    } catch {
      await bench.producer.close(within: .seconds(5))
      throw error
    }
    await bench.producer.close(within: .seconds(5))
  }

  private func position(_ offset: Int64) -> LetterPosition {
    LetterPosition(partition: 0, offset: offset)
  }

  @Test func allAreSentOnceAndRemembered() async throws {
    try await withBench { bench in
      try await bench.bury(0..<5)
      try await bench.bury(5..<7, group: "sluice-notifier")
      let chosen = RedriveRequest.Choice.all(.init(group: "forecasting"))

      let dry = try await bench.redrive(chosen, isDryRun: true)
      #expect(dry.redriven.map(\.position.offset) == [0, 1, 2, 3, 4])
      #expect(dry.text().hasSuffix("5 messages would be sent; nothing was"))
      #expect(try await bench.messages(bench.origin).isEmpty)

      let first = try await bench.redrive(chosen)
      #expect(first.status == .well)
      #expect(first.redriven.allSatisfy { $0.delivered != nil && $0.count == 1 })
      let sent = try await bench.messages(bench.origin)
      #expect(Set(sent.map { $0.text("ce_id") }) == Set((0..<5).map { "event-\($0)" }))
      #expect(sent.allSatisfy { $0.text("sluice_reason") == nil })

      let second = try await bench.redrive(chosen)
      #expect(second.redriven.isEmpty && second.text() == "nothing to re-drive")
      #expect(try await bench.messages(bench.origin).count == 5)
      let box = try await bench.log.box()
      #expect(
        box.letters(.init()).map(\.isRedriven) == [true, true, true, true, true, false, false])
      #expect(box.strangers == 0)

      // Named, one is sent again; its count rises.
      let again = try await bench.redrive(.positions([position(2), position(2)]))
      #expect(again.redriven.map(\.count) == [2])
      let letters = try await bench.log.box().letters
      #expect(letters.first { $0.position == position(2) }?.redriveCount == 2)
    }
  }

  /// Killed between the message and its note: the letter waits still, and is sent once more under the
  /// same event id.
  @Test func aKillInTheMiddleLosesNothing() async throws {
    struct Killed: Error {}
    try await withBench { bench in
      try await bench.bury(0..<3)
      let letters = bench.letters
      let producer = bench.producer
      let interrupted = try await bench.redrive(.all(.init())) { records in
        if records.first?.topic == letters {
          return records.map { _ in .failure(KafkaError(.transport, "killed")) }
        }
        return await producer.send(records)
      }
      #expect(interrupted.status == .unavailable)
      #expect(interrupted.unremembered.map(\.position.offset) == [0, 1, 2])
      #expect(interrupted.text().contains("under the same event id"))

      let repeated = try await bench.redrive(.all(.init()))
      #expect(repeated.redriven.count == 3)
      let ids = try await bench.messages(bench.origin).compactMap { $0.text("ce_id") }
      #expect(ids.sorted() == ["event-0", "event-0", "event-1", "event-1", "event-2", "event-2"])
      #expect(try await bench.redrive(.all(.init())).redriven.isEmpty)
    }
  }

  @Test func whatTheBrokerDoesNotTakeStillWaits() async throws {
    try await withBench { bench in
      try await bench.bury(0..<3)
      let producer = bench.producer
      let origin = bench.origin
      @Sendable func sending(
        failing code: KafkaError.Code
      ) -> @Sendable ([KafkaRecord]) async -> [Result<KafkaDelivery, KafkaError>] {
        { records in
          var results = await producer.send(records.filter { $0.topic != origin })
          for (index, record) in records.enumerated() where record.topic == origin {
            let isFirst = record.headers.contains { $0.value == Array("event-0".utf8) }
            results.insert(
              isFirst
                ? .failure(KafkaError(code, "refused"))
                : .success(KafkaDelivery(partition: 0, offset: 0)), at: index)
          }
          return results
        }
      }
      let lasting = try await bench.redrive(
        .all(.init()), send: sending(failing: .messageSizeTooLarge))
      #expect(lasting.status == .differences)
      #expect(lasting.failed.map(\.item.position.offset) == [0])
      #expect(lasting.text().contains("2 messages sent, 1 failed"))
      let passing = try await bench.redrive(.all(.init()), send: sending(failing: .messageTimedOut))
      #expect(passing.status == .unavailable)
      #expect(passing.redriven.isEmpty && passing.failed.count == 1)
    }
  }

  @Test func aMendedMessageGoesOut() async throws {
    try await withBench { bench in
      try await bench.bury(0..<1)
      let report = try await bench.redrive(
        .positions([position(0)]), value: Array(#"{"a":2}"#.utf8))
      #expect(report.redriven.count == 1)
      let sent = try await bench.messages(bench.origin)
      #expect(sent.map(\.value) == [Array(#"{"a":2}"#.utf8)])
      #expect(try await bench.log.box().letters[0].redrives.map(\.isMended) == [true])
      // The letter itself stays as it was.
      #expect(try await bench.log.message(at: position(0)).value == Array(#"{"a":1}"#.utf8))
    }
  }

  @Test func missingTopicsAreNamedBeforeAnythingIsSent() async throws {
    try await withBench { bench in
      try await bench.bury(0..<1)
      let wrong = await #expect(throws: OperatorFailure.self) {
        try await bench.redrive(.all(.init()), to: "nowhere.v1")
      }
      #expect(wrong?.status == .usage && wrong?.message.contains("nowhere.v1") == true)
      let letters = bench.letters
      let gone = await #expect(throws: OperatorFailure.self) {
        try await Redrive(log: bench.log) { _ in [] }
          .run(RedriveRequest(choice: .all(.init())), topics: [letters])
      }
      #expect(gone?.status == .unavailable && gone?.message.contains("--to") == true)
      #expect(try await bench.redrive(.all(.init()), to: bench.letters).redriven.count == 1)
    }
  }

  @Test func whatTheOutboxGaveUpCannotBeSentFromHere() async throws {
    try await withBench { bench in
      try await bench.bury(
        0..<1, more: [KafkaHeader(name: "sluice_outbox_id", value: Array("77".utf8))])
      let report = try await bench.redrive(.all(.init()))
      #expect(report.redriven.isEmpty && report.skipped.count == 1)
      #expect(report.text().contains("row 77 of outbox_undeliverable"))
      let failure = await #expect(throws: OperatorFailure.self) {
        try await bench.redrive(.positions([position(0)]))
      }
      #expect(failure?.status == .usage)
    }
  }

  @Test func anEmptyTopicIsNoError() async throws {
    try await withBench { bench in
      let box = try await bench.log.box()
      #expect(box.letters.isEmpty)
      #expect(try await bench.redrive(.all(.init())).status == .well)
      let failure = #expect(throws: OperatorFailure.self) { try box.letter(at: position(0)) }
      #expect(failure?.message.contains("partition 0 is empty") == true)
    }
  }

  @Test func aMissingTopicIsNamed() async throws {
    let log = DeadLetterLog(
      try await TestKafka.configuration(), topicPrefix: TestKafka.uniqueName("none") + ".",
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let failure = await #expect(throws: OperatorFailure.self) { try await log.box() }
    #expect(failure?.status == .unavailable)
    #expect(failure?.message.contains("sluice topics ensure") == true)
  }

  @Test func aBrokerThatIsGoneIsUnavailable() async throws {
    let log = DeadLetterLog(
      KafkaConfiguration(bootstrapServers: "127.0.0.1:1", clientID: "test"), topicPrefix: "x.",
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let error = await #expect(throws: KafkaError.self) { try await log.box() }
    #expect(error?.status == .unavailable)
  }
}
