import Contracts
import Messaging
import Postgres
import Testing

@testable import Forecasting

@Suite struct PipelineProjectionTests {
  @Test func stagesComeInOrderAndOnlyOnce() async throws {
    try await withForecastingTables { pool in
      #expect(try await pool.publish(Ladder.published).applied == 1)
      try await pool.publish(Ladder.published, Ladder.published)
      let rows = try await pool.query(
        "SELECT stage, category, name_zh, version FROM pipeline_stages ORDER BY position")
      #expect(
        try rows.map { try $0.decode(0, as: String.self) } == [
          "lead", "offer", "talks", "won", "lost",
        ])
      #expect(try rows[0].decode("name_zh", as: String.self) == "初步接触")
    }
  }

  @Test func whatNoTableCanHoldIsADeadLetter() async throws {
    try await withForecastingTables { pool in
      var twice = Ladder.definition
      twice.stages.append(twice.stages[0])
      var null = Ladder.definition
      null.stages[0].name.en = "a\0"
      var long = Ladder.definition
      long.stages[0].key = String(repeating: "k", count: 513)
      let outcome = try await pool.publish(
        Ladder.version(2, twice), Ladder.version(3, null), Ladder.version(4, long),
        Ladder.version(0, Ladder.definition), Ladder.published)
      #expect(
        outcome.deadLetters.map(\.failure.code) == [
          .invalidData, .unprocessable, .unprocessable, .invalidData,
        ])
      #expect(outcome.applied == 1)
    }
  }

  @Test func tombstonesAndOtherTypesAreCounted() async throws {
    try await withForecastingTables { pool in
      let outcome = try await pool.handle(
        PipelineProjection(), .pipelines,
        [
          .event(type: PublishedPipeline.type, value: nil),
          .event(type: "sluice.pipeline-painted.v1", value: Array("{}".utf8)),
          .event(type: PublishedPipeline.type, value: Array("[]".utf8)),
        ])
      #expect(outcome.tombstones == 1 && outcome.unknownTypes == 1)
      #expect(outcome.deadLetters.map(\.failure.code) == [.invalidData])
      #expect(try await pool.count("pipeline_stages") == 0)
    }
  }
}
