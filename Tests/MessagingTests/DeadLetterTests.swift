import Contracts
import Kafka
import Messaging
import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(4))) struct DeadLetterTests {
  enum Cause: CaseIterable {
    case refusal, dataException, constraint
  }

  @Test(arguments: Cause.allCases)
  func oneMessageOfAHundredIsBuried(_ cause: Cause) async throws {
    try await withBench(partitions: 1) { bench in
      let handler = EffectHandler { batch, transaction in
        guard batch.messages.contains(where: { $0.number == 37 }) else { return }
        switch cause {
        case .refusal: throw MessageFailure(.invalidData, "t: /amount is missing")
        case .dataException: try transaction.execute("SELECT 1 / ($1::bigint - 37)", 37 as Int64)
        case .constraint: try transaction.execute("INSERT INTO effects VALUES (13000)")
        }
      }
      let signal = WakeSignal()
      let relay = OutboxRelay(
        pool: bench.pool, producer: bench.producer, topicPrefix: bench.prefix, signal: signal,
        logger: bench.logger)
      try await bench.produce(0..<100, partition: 0)
      var letters: [KafkaMessage] = []
      try await running([relay, bench.loop(handler, signal: signal)]) {
        try await eventually("all are done") { try await bench.offset(0) == 100 }
        letters = try await bench.read(.deadLetters, 1)
      }
      #expect(try await bench.effects() == (0..<100).filter { $0 != 37 })
      #expect(try await bench.count("outbox") == 0)

      let letter = letters[0]
      #expect(letter.key == Array("k37".utf8))
      #expect(letter.value == Array("37".utf8))
      #expect(letter.text("original_ce_id") == "e-37")
      #expect(letter.headers.contains { $0.name == "original_odd" && $0.value == nil })
      #expect(letter.text("ce_type") == "sluice.message-dead-lettered.v1")
      #expect(letter.text("ce_id") == "\(bench.group):\(bench.source(0).topic):0:37")
      #expect(letter.text("sluice_group") == bench.group)
      #expect(letter.text("sluice_origin_topic") == bench.source(0).topic)
      #expect(letter.text("sluice_origin_partition") == "0")
      #expect(letter.text("sluice_origin_offset") == "37")
      #expect(letter.text("sluice_origin_timestamp").flatMap { Instant($0) } != nil)
      let reason = letter.text("sluice_reason") ?? ""
      switch cause {
      case .refusal:
        #expect(letter.text("sluice_reason_code") == "invalid-data")
        #expect(reason == "t: /amount is missing")
      case .dataException:
        #expect(letter.text("sluice_reason_code") == "unprocessable")
        #expect(reason.contains("22012"))
      case .constraint:
        #expect(letter.text("sluice_reason_code") == "unprocessable")
        #expect(reason.contains("23514"))
      }
    }
  }

  /// Anybody may write U+0000 into a header, and PostgreSQL has it in no text.
  @Test func anEventIdThatCannotBeStoredHoldsNothingUp() async throws {
    try await withBench(partitions: 1) { bench in
      let records = ["0", "1", "2"].map { number in
        KafkaRecord(
          topic: bench.source(0).topic, key: nil, value: Array(number.utf8),
          headers: [KafkaHeader(name: "ce_id", value: Array("e\0\(number)".utf8))], partition: 0)
      }
      try await bench.send(Array(records[..<2]))
      let loop = bench.loop(
        EffectHandler { batch, _ in
          if batch.messages.contains(where: { $0.number == 1 }) {
            throw MessageFailure(.invalidData, "not this one")
          }
        })
      try await running([loop]) {
        try await eventually("both are done") { try await bench.offset(0) == 2 }
      }
      let stored = try await bench.pool.query(
        "SELECT last_event_id FROM consumer_offsets WHERE partition = 0")[0]
      #expect(try stored.decode(0, as: String.self) == "e\u{FFFD}1")
      // Starting again compares the event that is there with the one that was stored.
      try await bench.send([records[2]])
      try await running([bench.loop(EffectHandler())]) {
        try await eventually("the next one too") { try await bench.offset(0) == 3 }
      }
      #expect(try await bench.effects() == [0, 2])
      #expect(try await bench.count("outbox") == 1)
    }
  }

  @Test func everyOutcomeIsCountedAndNoTimestampIsTooOdd() async throws {
    RecordingMetrics.install()
    try await withBench(partitions: 1) { bench in
      let topic = bench.source(0).topic
      let records = ["1", nil, "2", "odd", "3"].map {
        KafkaRecord(topic: topic, key: nil, value: $0.map { Array($0.utf8) }, partition: 0)
      }
      var old = records[0]
      old.value = Array("4".utf8)
      old.timestampMilliseconds = .max
      try await bench.send(records + [old])
      let loop = bench.loop(CountingHandler())
      try await running([loop]) {
        try await eventually("all are done") { try await bench.offset(0) == 6 }
        try await eventually("the counters have been moved") {
          RecordingMetrics.count("sluice_consumer_messages_total", bench.group, "applied") == 4
        }
      }
      #expect(
        RecordingMetrics.count("sluice_consumer_messages_total", bench.group, "tombstone") == 1)
      #expect(
        RecordingMetrics.count("sluice_consumer_messages_total", bench.group, "unknown-type") == 1)
      #expect(
        RecordingMetrics.count("sluice_consumer_messages_total", bench.group, "dead-letter") == 0)
      #expect(try await bench.effects() == [1, 2, 3, 4])
    }
  }

  /// As `EffectHandler`, with what is no number for an unknown type.
  private struct CountingHandler: BatchHandler {
    let inner = EffectHandler()
    var topics: [Topic] { inner.topics }

    func handle(
      _ batch: ConsumedBatch, in transaction: borrowing PostgresTransaction, now: Instant
    ) throws -> BatchOutcome {
      var outcome = try inner.handle(batch, in: transaction, now: now)
      outcome.unknownTypes = batch.messages.count { $0.wire.value != nil && $0.number == nil }
      return outcome
    }
  }
}

extension KafkaMessage {
  func text(_ header: String) -> String? {
    headers.last { $0.name == header }?.value.map { String(decoding: $0, as: UTF8.self) }
  }
}
