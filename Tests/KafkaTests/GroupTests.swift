import Kafka
import TestSupport
import Testing

/// A group member that answers rebalances as a consumer loop does: it keeps its own next offsets and
/// hands them over at a rebalance, as the services do through PostgreSQL.
actor Member {
  private let consumer: KafkaConsumer
  private let positions: Positions
  private(set) var assigned: Set<TopicPartition> = []
  private(set) var messages: [KafkaMessage] = []

  init(_ consumer: KafkaConsumer, _ positions: Positions = Positions()) {
    self.consumer = consumer
    self.positions = positions
  }

  func step() async throws {
    for event in await consumer.poll(upTo: 37, waiting: .milliseconds(50)) {
      switch event {
      case .messages(let more):
        for message in more {
          #expect(assigned.contains(message.source))
          await positions.advance(message)
        }
        messages += more
      case .assigned(let partitions):
        assigned.formUnion(partitions)
        try await consumer.assign(await positions.of(partitions))
      case .revoked(let partitions, _):
        assigned.subtract(partitions)
        try await consumer.unassign()
      case .error(let error):
        if error.isFatal { throw error }
      }
    }
  }
}

/// The next offset of each partition, shared by the members of a group.
actor Positions {
  private var next: [TopicPartition: Int64] = [:]
  private(set) var skipped: [KafkaMessage] = []

  func of(_ partitions: [TopicPartition]) -> [TopicPartition: KafkaPosition] {
    Dictionary(uniqueKeysWithValues: partitions.map { ($0, .offset(next[$0] ?? 0)) })
  }

  func advance(_ message: KafkaMessage) {
    if message.offset > next[message.source] ?? 0 { skipped.append(message) }
    next[message.source] = max(next[message.source] ?? 0, message.offset + 1)
  }
}

@Suite struct GroupTests {
  @Test func nothingIsLostOrSkippedWhenAMemberJoinsAndLeaves() async throws {
    let topic = try await TestKafka.uniqueTopic("rebalance", partitions: 6)
    let group = TestKafka.uniqueName("group")
    let positions = Positions()
    let total = 6_000
    try await withProducer { producer in
      let configuration = try await TestKafka.configuration()
      try await withConsumer(group: group, configuration) { first in
        try await first.subscribe([topic])
        let one = Member(first, positions)
        try await eventually(within: .seconds(60), "the first has everything") {
          try await one.step()
          return await one.assigned.count == 6
        }
        let sending = Task {
          for run in 0..<60 {
            let records = (0..<100).map { KafkaRecord(topic, "\(run * 100 + $0)", key: "\($0)") }
            for result in await producer.send(records) { _ = try result.get() }
            try await Task.sleep(for: .milliseconds(20))
          }
        }
        let seen = try await withConsumer(group: group, configuration) { second in
          try await second.subscribe([topic])
          let two = Member(second, positions)
          try await eventually(within: .seconds(60), "they share the partitions") {
            async let step: Void = one.step()
            try await two.step()
            try await step
            return await (one.assigned.count, two.assigned.count) == (3, 3)
          }
          try await eventually(within: .seconds(60), "the second reads too") {
            async let step: Void = one.step()
            try await two.step()
            try await step
            return await !two.messages.isEmpty
          }
          return await two.messages
        }
        try await eventually(within: .seconds(60), "the first takes over and reads the rest") {
          try await one.step()
          let texts = await Set((one.messages + seen).map(\.text))
          return await one.assigned.count == 6 && texts.count == total
        }
        try await sending.value
      }
    }
    #expect(await positions.skipped.isEmpty)
  }

  @Test func aCooperativeAssignmentIsAnswered() async throws {
    let topic = try await TestKafka.uniqueTopic("cooperative", partitions: 2)
    let configuration = try await TestKafka.configuration(
      overrides: ["partition.assignment.strategy": "cooperative-sticky"])
    try await withProducer { producer in
      for result in await producer.send((0..<20).map { KafkaRecord(topic, "\($0)", key: "\($0)") })
      { _ = try result.get() }
    }
    try await withConsumer(configuration) { consumer in
      try await consumer.subscribe([topic])
      let member = Member(consumer)
      try await eventually(within: .seconds(60), "everything is read") {
        try await member.step()
        return await member.messages.count == 20
      }
    }
  }

  @Test func committedOffsetsAreSeenFromOutside() async throws {
    let topic = try await TestKafka.uniqueTopic("commit", partitions: 2)
    let group = TestKafka.uniqueName("group")
    let sources = (0..<2).map { TopicPartition(topic: topic, partition: $0) }
    try await withProducer { producer in
      for result in await producer.send((0..<10).map { KafkaRecord(topic, "\($0)", partition: 0) })
      { _ = try result.get() }
    }
    try await withConsumer(group: group) { consumer in
      try await consumer.subscribe([topic])
      let member = Member(consumer)
      try await eventually(within: .seconds(60), "an assignment") {
        try await member.step()
        return await member.assigned.count == 2
      }
      await consumer.commit([sources[0]: 7])
      try await withAdmin { admin in
        try await eventually(within: .seconds(20), "the commit has arrived") {
          _ = try await member.step()
          return try await admin.committedOffsets(group: group, of: sources) == [sources[0]: 7]
        }
        if TestKafka.isExternal {
          #expect(try await admin.committedOffsets(group: group) == [sources[0]: 7])
          #expect(try await admin.groups().contains { $0.name == group && $0.state == "Stable" })
        }
      }
    }
  }
}
