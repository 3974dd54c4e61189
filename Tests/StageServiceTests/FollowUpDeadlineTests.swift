import Contracts
import HTTPTypes
import Messaging
import Postgres
import ServiceKit
import ServiceWiring
import TestSupport
import Testing

@testable import StageService

/// Deadlines of deals that change hands and are on hold, by hand, with the people of ``Staff``: li.na
/// works in Shanghai by the calendar cn, chen.hao in New York by the same, gu.wen in Shanghai from
/// Monday to Friday without holidays.
@Suite struct FollowUpDeadlineTests {
  /// A deal in a stage with three days, one decision after the other, each at its own time.
  private struct Diary {
    var history: [StageEvent] = []
    var deal: Opportunity?

    @discardableResult
    mutating func tell(_ at: String, _ action: StageCommand.Action) throws -> StageEvent {
      let command = Fixture.command(action)
      var decider = Fixture.decider(
        at: try #require(Instant(at)), event: UInt64(history.count))
      decider.context.workingTime = Staff.directory.workingTime(of: command.owner(of: deal))
      let event = try decider.decide(command, on: deal, history: history).get()
      // As it comes back from the history.
      let data = try JSONCoding.decode(
        StageEventData.self, from: try JSONCoding.encode(event.data))
      history.append(StageEvent(id: event.id, type: event.type, data: data))
      deal = deal?.applying(history.last ?? event) ?? Opportunity(event)
      return event
    }
  }

  private static func assign(_ owner: String) -> StageCommand.Action {
    .assign(.init(owner: .set(owner)))
  }

  /// Where Thursday 1 October 01:00 in Shanghai is still Wednesday in New York.
  @Test func anotherOwnerHasTheSameCountOnOtherDays() throws {
    var diary = Diary()
    let made = try diary.tell("2026-10-01T01:00:00+08:00", .create(Fixture.new()))
    // Thursday 8 October 00:00 and three days, of which Saturday the 10th is worked.
    #expect(made.followUpDueAt == Instant("2026-10-12T00:00:00+08:00"))
    let east = try diary.tell("2026-10-02T09:00:00+08:00", Self.assign("chen.hao"))
    #expect(east.followUpDueAt == Instant("2026-10-10T13:00:00-04:00"))
    let plain = try diary.tell("2026-10-02T09:00:00+08:00", Self.assign("gu.wen"))
    #expect(plain.followUpDueAt == Instant("2026-10-06T01:00:00+08:00"))
    #expect(diary.deal?.followUpDueAt == plain.followUpDueAt)
    let unknown = try diary.tell("2026-10-02T09:00:00+08:00", Self.assign("ghost"))
    #expect(unknown.followUpDueAt == Instant("2026-10-04T01:00:00+08:00"))
    let nobody = try diary.tell(
      "2026-10-02T09:00:00+08:00", .assign(.init(owner: .clear)))
    #expect(nobody.followUpDueAt == unknown.followUpDueAt && nobody.owner == nil)
    let back = try diary.tell("2026-10-20T09:00:00+08:00", Self.assign("li.na"))
    #expect(back.followUpDueAt == made.followUpDueAt, "though it has passed")
  }

  @Test func onlyAnotherOwnerChangesIt() throws {
    var diary = Diary()
    let made = try diary.tell("2026-10-01T01:00:00+08:00", .create(Fixture.new()))
    for assignment in [
      StageCommand.Assignment(team: .set("west")), .init(owner: .set("li.na")),
    ] {
      let event = try diary.tell("2026-10-02T09:00:00+08:00", .assign(assignment))
      #expect(event.followUpDueAt == made.followUpDueAt)
    }
  }

  @Test func whatWasFollowedUpIsDueForNobody() throws {
    var diary = Diary()
    try diary.tell("2026-11-20T15:00:00+08:00", .create(Fixture.new()))
    let call = ActivityRecord(
      source: "/s", id: "1", kind: "call", at: try #require(Instant("2026-11-20T16:00:00+08:00")))
    try diary.tell("2026-11-20T16:00:00+08:00", .recordActivity(call))
    #expect(try diary.tell("2026-11-23T09:00:00+08:00", Self.assign("gu.wen")).followUpDueAt == nil)
    try diary.tell("2026-11-23T10:00:00+08:00", .hold(.init(reason: "r")))
    #expect(diary.deal?.state.hold?.daysLeft == nil)
    #expect(try diary.tell("2026-11-24T09:00:00+08:00", Self.assign("li.na")).followUpDueAt == nil)
    #expect(try diary.tell("2026-11-25T09:00:00+08:00", .resume(.init())).followUpDueAt == nil)
  }

  /// From Friday 15:00 to Monday 09:00 are 18 hours of working days.
  @Test func aHoldStopsTheCount() throws {
    var diary = Diary()
    try diary.tell("2026-11-20T15:00:00+08:00", .create(Fixture.new()))
    try diary.tell("2026-11-23T09:00:00+08:00", .hold(.init(reason: "r")))
    #expect(diary.deal?.state.hold?.daysLeft == 2.25)
    // On a Saturday: two days and a quarter from Monday 00:00.
    let resumed = try diary.tell("2026-11-28T10:00:00+08:00", .resume(.init()))
    #expect(resumed.followUpDueAt == Instant("2026-12-02T06:00:00+08:00"))
    // It was Friday 21:00 in New York.
    let east = try diary.tell("2026-11-30T10:00:00+08:00", Self.assign("chen.hao"))
    #expect(east.followUpDueAt == Instant("2026-12-02T03:00:00-05:00"))
    // The count ends with the stay.
    let moved = try diary.tell(
      "2026-12-01T09:00:00-05:00", .move(.init(to: "needs-analysis")))
    #expect(diary.deal?.state.followUp == nil)
    #expect(moved.followUpDueAt == Instant("2026-12-04T09:00:00-05:00"))
    // And goes on with it.
    let reverted = try diary.tell("2026-12-01T10:00:00-05:00", .revert(.init()))
    #expect(reverted.followUpDueAt == east.followUpDueAt)
    let back = try diary.tell("2026-12-01T11:00:00-05:00", Self.assign("li.na"))
    #expect(back.followUpDueAt == resumed.followUpDueAt)
  }

  @Test func anAssignmentDuringTheHoldKeepsWhatIsLeft() throws {
    var diary = Diary()
    try diary.tell("2026-11-20T15:00:00+08:00", .create(Fixture.new()))
    try diary.tell("2026-11-23T09:00:00+08:00", .hold(.init(reason: "r")))
    let given = try diary.tell("2026-11-24T09:00:00+08:00", Self.assign("chen.hao"))
    #expect(given.followUpDueAt == nil && given.changes.map(\.field) == ["owner", "hold"])
    let held = try #require(diary.deal?.state.hold)
    // The hold began on Sunday 20:00 in New York.
    #expect(held.daysLeft == 2.25 && held.reason == "r")
    #expect(held.followUpDueAt == Instant("2026-11-25T06:00:00-05:00"))
    let resumed = try diary.tell("2026-11-28T10:00:00+08:00", .resume(.init()))
    #expect(resumed.followUpDueAt == Instant("2026-12-02T03:00:00-05:00"))
  }

  @Test func whatWasOverdueBeforeTheHoldIsDueWhenItEnds() throws {
    var diary = Diary()
    try diary.tell("2026-11-16T09:00:00+08:00", .create(Fixture.new()))
    try diary.tell("2026-11-23T09:00:00+08:00", .hold(.init(reason: "r")))
    #expect(diary.deal?.state.hold?.daysLeft == 0)
    let resumed = try diary.tell("2026-11-25T09:00:00+08:00", .resume(.init()))
    #expect(resumed.followUpDueAt == resumed.occurredAt)
  }

  @Test func aMoveTakenBackAfterAnAssignmentIsDueOnTheNewOwnersDays() throws {
    var diary = Diary()
    try diary.tell("2026-10-01T01:00:00+08:00", .create(Fixture.new()))
    try diary.tell("2026-10-01T02:00:00+08:00", .move(.init(to: "needs-analysis")))
    try diary.tell("2026-10-01T03:00:00+08:00", Self.assign("gu.wen"))
    let reverted = try diary.tell("2026-10-01T04:00:00+08:00", .revert(.init()))
    #expect(reverted.followUpDueAt == Instant("2026-10-06T01:00:00+08:00"))
  }

  @Test func aHoldThatAMoveEndedWaitsAgainWithWhatWasLeft() throws {
    var diary = Diary()
    try diary.tell("2026-11-20T15:00:00+08:00", .create(Fixture.new()))
    try diary.tell("2026-11-23T09:00:00+08:00", .hold(.init(reason: "first")))
    try diary.tell("2026-11-24T09:00:00+08:00", .move(.init(to: "needs-analysis")))
    // Another hold, in the stage that was entered by mistake.
    try diary.tell("2026-11-25T09:00:00+08:00", .hold(.init(reason: "second")))
    let reverted = try diary.tell("2026-11-26T09:00:00+08:00", .revert(.init()))
    #expect(reverted.followUpDueAt == nil)
    let held = try #require(diary.deal?.state.hold)
    #expect(held.reason == "second" && held.daysLeft == 2.25)
    let resumed = try diary.tell("2026-11-27T09:00:00+08:00", .resume(.init()))
    #expect(resumed.followUpDueAt == Instant("2026-12-01T15:00:00+08:00"))
  }

  @Test func everyWayAsksTheNewOwnersDays() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      try await api.putStaff()
      let id = try await api.create()
      let path = "/v1/opportunities/\(id)"
      func check(_ owner: String) async throws {
        let deal = try await api.get(path)
        #expect(deal["owner"] == .string(owner))
        let entered = try #require(deal["enteredStageAt"].text.flatMap { Instant($0) })
        let working = try #require(Staff.directory.workingTime(of: owner))
        let due = deal["followUpDueAt"].text.flatMap { Instant($0) }
        #expect(due == working.deadline(from: entered, days: 3), "\(owner)")
      }
      try await check("li.na")
      let given = try await api.send(
        .post, "\(path)/assign", ["owner": "chen.hao"], as: .admin)
      #expect(given.status == 200)
      try await check("chen.hao")
      let bulk = try await api.send(
        .post, "/v1/opportunities:bulk",
        ["operation": "assign", "ids": [.string(id)], "owner": "gu.wen"], as: .admin)
      #expect(bulk["items"].items.first?["outcome"] == "accepted")
      try await check("gu.wen")
      let wire = try StageCommand(
        id: Fixture.id(1), opportunityId: try #require(EntityID(id)), action: Self.assign("li.na")
      ).wireMessage(source: "test")
      let batch = ConsumedBatch(
        topic: .stageCommands, partition: 0,
        messages: [ConsumedMessage(offset: 0, timestamp: nil, wire: wire)])
      let handler = CommandHandler(
        catalog: PipelineCatalog(pool: api.pool), directory: DirectoryCache(pool: api.pool),
        recorder: Recorder(epoch: 1))
      _ = try await api.pool.transaction { try handler.handle(batch, in: $0, now: .now()) }
      try await check("li.na")
    }
  }
}
