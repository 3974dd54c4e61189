import Contracts
import Kafka
import Messaging
import Postgres
import TestSupport
import Testing

@testable import Sluice

@Suite struct OperationsOffsetsTests {
  private let source = TopicPartition(topic: "sluice.stage-changes.v1", partition: 3)

  @Test(
    "what an offset may be",
    arguments: [
      ("beginning", OffsetTarget.beginning), ("end", .end), ("0", .offset(0)), ("17", .offset(17)),
      ("-1", nil), ("start", nil), ("", nil),
    ]) func argument(_ text: String, _ target: OffsetTarget?)
  {
    #expect(OffsetTarget(argument: text) == target)
  }

  @Test func anOffsetOutsideTheLogIsRefusedUnlessForced() throws {
    let log = Watermarks(low: 5, high: 9)
    #expect(try OffsetTarget.beginning.resolve(in: log, forced: false) == 5)
    #expect(try OffsetTarget.end.resolve(in: log, forced: false) == 9)
    for offset in [5, 9] as [Int64] {
      #expect(try OffsetTarget.offset(offset).resolve(in: log, forced: false) == offset)
    }
    for offset in [4, 10] as [Int64] {
      let failure = #expect(throws: OperatorFailure.self) {
        try OffsetTarget.offset(offset).resolve(in: log, forced: false)
      }
      #expect(failure?.status == .usage)
      #expect(failure?.message.contains("holds 5 to 9") == true)
      #expect(try OffsetTarget.offset(offset).resolve(in: log, forced: true) == offset)
    }
  }

  @Test func settingWritesTheRowWithoutItsEvent() async throws {
    try await withTestDatabase { database in
      try await Projections.createTables(in: database.pool)
      let table = OffsetTable(pool: database.pool)
      #expect(try await table.set(source, to: 4, group: "g", on: "c") == nil)
      try await database.pool.execute(
        "UPDATE consumer_offsets SET next_offset = 8, last_event_id = 'e'")
      #expect(try await table.set(source, to: 2, group: "g", on: "c") == 8)
      let row = try #require(try await table.rows(of: "g").first)
      #expect((row.nextOffset, row.lastEventId) == (2, nil))
      #expect(row.topic == source.topic)
      #expect(try await table.positions(of: "g", on: "c") == [source: 2])
      #expect(try await table.positions(of: "g", on: "another") == [:])
      #expect(try await table.rows(of: "h") == [])
    }
  }

  @Test func aServiceThatNeverRanIsNamed() async throws {
    try await withTestDatabase { database in
      let context = OperatorContext(environment: [
        "SLUICE_DATABASE_URL": database.url, "SLUICE_SCHEMA_PREFIX": "never_",
      ])
      let missing = await #expect(throws: MissingTables.self) {
        _ = try await context.withDatabase(schema: "forecasting") { pool in
          try await OffsetTable(pool: pool).rows(of: "g")
        }
      }
      #expect(missing?.status == .unavailable)
      #expect(missing?.explanation.contains("never_forecasting") == true)
    }
  }
}
