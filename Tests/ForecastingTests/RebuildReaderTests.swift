import Contracts
import Kafka
import Messaging
import TestSupport
import Testing

@testable import Forecasting

@Suite struct RebuildReaderTests {
  private func messages(_ count: Int) -> [WireMessage] {
    (0..<count).map { WireMessage(key: [1], value: Array("\($0)".utf8), headers: []) }
  }

  /// More than may be in memory: reading pauses, and nothing is lost or repeated over it.
  @Test(.timeLimit(.minutes(2))) func readsEverythingOnceWithBoundedMemory() async throws {
    try await RebuildBench.with(partitions: 1) { bench in
      let count = RebuildReader.limit * 5
      try await bench.produce(messages(count), to: .stageChanges)
      let partition = TopicPartition(topic: bench.topic(.stageChanges), partition: 0)
      var reader = try await RebuildReader(bench.log, from: [partition: 3])
      var next: Int64 = 3
      var most = 0
      try await eventually(within: .seconds(60), "everything is read") {
        try await reader.poll()
        let ahead = reader.ahead[partition]?.count ?? 0
        most = max(most, ahead)
        guard ahead >= RebuildReader.limit || next + Int64(ahead) == Int64(count) else {
          return false
        }
        let batch = reader.next(4_000, of: partition, before: .max)
        for message in batch {
          #expect(message.offset == next)
          next += 1
        }
        reader.advance(partition, past: batch)
        return next == Int64(count)
      }
      #expect(most <= RebuildReader.limit * 2)
      #expect(reader.positions == [partition: Int64(count)])
      await reader.close()
    }
  }

  @Test(.timeLimit(.minutes(2))) func offsetsWithoutMessagesArePassedBy() async throws {
    try await RebuildBench.with(partitions: 1) { bench in
      try await bench.produce(messages(5), to: .stageChanges)
      let partition = TopicPartition(topic: bench.topic(.stageChanges), partition: 0)
      var reader = try await RebuildReader(bench.log, from: [partition: 0])
      try await eventually("the messages are there") {
        try await reader.poll()
        return reader.ahead[partition]?.count == 5
      }
      let batch = reader.next(10, of: partition, before: 4)
      #expect(batch.map(\.offset) == [0, 1, 2, 3])
      #expect(!reader.hasReached([partition: 4], patience: .zero))
      reader.advance(partition, past: batch)
      #expect(reader.hasReached([partition: 4], patience: .seconds(600)))
      #expect(reader.holdsAll(of: partition, before: 5, patience: .seconds(600)))
      // As where the log ends with a marker: offset 5 has no message.
      #expect(!reader.holdsAll(of: partition, before: 7, patience: .seconds(600)))
      #expect(reader.holdsAll(of: partition, before: 7, patience: .zero))
      reader.advance(partition, past: reader.next(1, of: partition, before: .max))
      #expect(!reader.hasReached([partition: 7], patience: .seconds(600)))
      #expect(reader.hasReached([partition: 7], patience: .zero))
      await reader.close()
    }
  }
}
