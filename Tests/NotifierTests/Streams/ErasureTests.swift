import Contracts
import Messaging
import Postgres
import Testing

@testable import Notifier

/// What was sent of a deal, and waits to be sent, goes with its personal data.
@Suite struct ErasureTests {
  private func bodies(_ pool: PostgresPool) async throws -> String {
    try await pool.query("SELECT convert_from(body, 'UTF8') FROM deliveries ORDER BY id")
      .map { try $0.decode(0, as: String.self) }.joined(separator: "\n")
  }

  @Test func deliveriesAndTheDealsNameForgetThem() async throws {
    try await withNotifierTables { pool in
      try await pool.subscribe()
      var story = Story()
      story.create(name: "Kitchen of Zhou")
      story.change(FieldChange(field: "fields.contactEmail", old: .null, new: "zhou@b.cn"))
      var other = Story(2)
      other.create(name: "Kitchen of Qian")
      try await pool.read(story.events + other.events)
      let before = try await bodies(pool)
      #expect(before.contains("zhou@b.cn") && before.contains("Kitchen of Zhou"))
      try await pool.read([story.erase(ErasedData(fields: ["contactEmail"], names: true))])
      let after = try await bodies(pool)
      #expect(!after.contains("zhou@b.cn") && !after.contains("Kitchen of Zhou"))
      #expect(after.contains("Kitchen of Qian") && after.contains(ErasedData.mark))
      #expect(after.contains(StageEventType.erased.rawValue))
      let name = try await pool.query(
        "SELECT name FROM follow_ups WHERE opportunity_id = $1", story.id)
      #expect(try name.first?.decode(0, as: String.self) == ErasedData.mark)
    }
  }

  /// A body is the same but for what was erased.
  @Test func aNoticeLosesItsWords() throws {
    let evidence = RuleEvidence(
      activitySource: "/mail", activityId: "m-1", rule: "quote", intent: "quote",
      words: "secret words", start: 0, end: 12, confidence: 0.9)
    let notice = Notice(
      id: Story().id, type: .reviewRequested,
      data: NoticeData(
        opportunityId: Story().id, name: "Kitchen of Zhou", pipeline: "general", stage: "lead",
        recordedAt: Story.start,
        message: LocalizedText(zh: "“secret words”", en: "“secret words”"), to: "offer",
        evidence: evidence))
    let event = OutgoingEvent(notice, source: "test", data: try notice.messageData())
    let body = String(
      decoding: try OutgoingEvent.erasing(
        ErasedData(fields: [], names: false), in: try event.body()), as: UTF8.self)
    #expect(!body.contains("secret words") && body.contains("Kitchen of Zhou"))
    #expect(body.contains("\"to\":\"offer\"") && body.contains("\"source\":\"test\""))
    let nameless = String(
      decoding: try OutgoingEvent.erasing(
        ErasedData(fields: [], names: true), in: try event.body()), as: UTF8.self)
    #expect(!nameless.contains("Kitchen of Zhou"))
    let unknown = Array(#"{"data":{},"type":"x.y.v1"}"#.utf8)
    #expect(try OutgoingEvent.erasing(ErasedData(fields: [], names: true), in: unknown) == unknown)
  }
}
