import Contracts
import HTTPTypes
import ServiceKit
import Testing

@testable import StageService

/// Moves that are taken back, and activities that are recorded.
@Suite struct ReversalTests {
  /// A deal with its history, one decision after the other, an hour apart.
  private struct Story {
    var history: [StageEvent] = []
    var deal: Opportunity?

    @discardableResult
    mutating func tell(_ action: StageCommand.Action) throws -> StageEvent {
      let event = try decide(action).get()
      history.append(event)
      deal = deal?.applying(event) ?? Opportunity(event)
      return event
    }

    func decide(_ action: StageCommand.Action) -> Result<StageEvent, Refusal> {
      let hour = history.count
      return Fixture.decider(
        at: Fixture.start.adding(seconds: Double(hour) * 3_600), event: UInt64(hour)
      ).decide(Fixture.command(action), on: deal, history: history)
    }
  }

  private func story(_ actions: StageCommand.Action...) throws -> Story {
    var story = Story()
    try story.tell(.create(Fixture.new()))
    for action in actions { try story.tell(action) }
    return story
  }

  private static let toProposal = StageCommand.Action.move(
    .init(
      to: "proposal", fields: ["customerNeeds": "a", "budget": 1, "decisionMaker": "b"]))

  private static func called(at time: Instant) -> StageCommand.Action {
    .recordActivity(ActivityRecord(source: "/phone", id: "1", kind: "call", at: time))
  }

  @Test func theDealStandsWhereItStoodSinceWhenItStoodThere() throws {
    var story = try story(.move(.init(to: "needs-analysis")))
    let before = try #require(story.deal)
    let move = try story.tell(Self.toProposal)
    let event = try story.tell(.revert(.init(eventId: move.id, reason: "wrong mail")))
    #expect(event.type == .moveReverted)
    #expect(event.from == "proposal" && event.to == "needs-analysis")
    #expect(event.fromPosition == 2 && event.toPosition == 1)
    #expect(event.reason == "wrong mail")
    #expect(event.data.reverted?.eventId == move.id)
    #expect(event.data.reverted?.sequence == 3)
    #expect(event.data.reverted?.enteredSequence == 2)
    var expected = before
    expected.sequence = 4
    expected.updatedAt = event.recordedAt
    #expect(story.deal == expected)
  }

  @Test func whatTheMoveSetIsUnsetUnlessItHasChangedSince() throws {
    var story = try story(.move(.init(to: "needs-analysis")), Self.toProposal)
    try story.tell(.update(OpportunityPatch(fields: ["budget": 2])))
    let event = try story.tell(.revert(.init()))
    #expect(event.changes.map(\.field) == ["fields.customerNeeds", "fields.decisionMaker"])
    #expect(story.deal?.fields == ["budget": 2])
  }

  @Test func oneMoveAfterTheOtherBackToTheFirstStage() throws {
    var story = try story(.move(.init(to: "needs-analysis")), Self.toProposal)
    let first = try story.tell(.revert(.init()))
    #expect(first.to == "needs-analysis")
    let second = try story.tell(.revert(.init()))
    #expect(second.to == "initial-contact")
    #expect(second.data.reverted?.sequence == 2)
    #expect(second.data.reverted?.enteredSequence == 1)
    #expect(story.deal?.enteredStageAt == Fixture.start)
    #expect(story.decide(.revert(.init())).codes == ["nothing-to-revert"])
    let third = try story.tell(.move(.init(to: "needs-analysis")))
    #expect(third.from == "initial-contact")
  }

  @Test func onlyTheLatestMoveIsReverted() throws {
    var story = try story()
    let first = try story.tell(.move(.init(to: "needs-analysis")))
    let second = try story.tell(Self.toProposal)
    let refused = story.decide(.revert(.init(eventId: first.id)))
    #expect(refused.codes == ["not-the-latest-move"])
    #expect(refused.refusal?.failures.first?.message.en.contains(second.id.description) == true)
  }

  @Test func aRevertedLossIsOpenAgainAndKnowsWhereItWouldBeReopened() throws {
    var story = try story(.move(.init(to: "needs-analysis")), .lose(.init(reason: "price")))
    try story.tell(.reopen(.init()))
    try story.tell(.revert(.init()))
    #expect(story.deal?.category == .lost)
    #expect(story.deal?.closedFrom == "needs-analysis")
    try story.tell(.revert(.init()))
    #expect(story.deal?.category == .open)
    #expect(story.deal?.closedFrom == nil)
  }

  @Test func anUnknownEntryIsUnknownAgain() throws {
    var created = Fixture.new()
    created.stage = "needs-analysis"
    created.entryUnknown = true
    var story = Story()
    let event = try Fixture.decider(mode: .historical).decide(
      Fixture.command(.create(created)), on: nil
    ).get()
    story.history = [event]
    story.deal = Opportunity(event)
    try story.tell(Self.toProposal)
    let reverted = try story.tell(.revert(.init()))
    #expect(reverted.data.reverted != nil && reverted.data.reverted?.enteredAt == nil)
    #expect(story.deal?.entryUnknown == true)
  }

  @Test func anActivityAfterTheEntryIsTheFollowUpThatWasDue() throws {
    var story = try story(.move(.init(to: "needs-analysis")))
    let due = story.deal?.followUpDueAt
    #expect(due != nil)
    let early = try story.tell(Self.called(at: Fixture.start))
    #expect(early.followUpDueAt == due)
    let event = try story.tell(Self.called(at: Fixture.start.adding(seconds: 7_200)))
    #expect(event.type == .activityRecorded)
    #expect(event.data.activity?.kind == "call")
    #expect(event.followUpDueAt == nil)
    #expect(story.deal?.followUpDueAt == nil)
    #expect(story.deal?.stage == "needs-analysis")
  }

  @Test func aRevertedMoveBringsTheDeadlineBackUnlessTheCustomerWasHeardOf() throws {
    var quiet = try story(.move(.init(to: "needs-analysis")))
    let due = quiet.deal?.followUpDueAt
    try quiet.tell(Self.toProposal)
    try quiet.tell(.revert(.init()))
    #expect(quiet.deal?.followUpDueAt == due)

    var heard = try story(.move(.init(to: "needs-analysis")), Self.toProposal)
    try heard.tell(Self.called(at: Fixture.start.adding(seconds: 10_000)))
    try heard.tell(.revert(.init()))
    #expect(heard.deal?.followUpDueAt == nil)
  }

  @Test func anActivityThatCannotBeStoredIsRefusedWithAllThatIsWrong() throws {
    let story = try story()
    let activity = ActivityRecord(
      source: "/phone", id: "1", kind: " ", at: Fixture.start, subject: "a\u{0}",
      summary: String(repeating: "x", count: 10_001))
    #expect(
      story.decide(.recordActivity(activity)).codes == ["required", "invalid-text", "too-long"])
  }

  @Test func aMoveOnEvidenceNamesItsRule() throws {
    var story = try story()
    let evidence = RuleEvidence(
      activitySource: "/mail", activityId: "7", rule: "interest-shown", intent: "interest-shown",
      words: "感兴趣", start: 2, end: 5, confidence: 0.9)
    let event = try story.tell(.move(.init(to: "needs-analysis", evidence: evidence)))
    #expect(event.rule == "interest-shown")
    #expect(event.data.evidence == evidence)
  }

  /// A deal whose wrong moves, one within the other, are both taken back.
  @Test func aFormerStateIsThatOfItsTime() throws {
    var story = try story(.move(.init(to: "needs-analysis")), Self.toProposal)
    try story.tell(.update(OpportunityPatch(name: "noted")))
    try story.tell(.revert(.init()))
    try story.tell(.update(OpportunityPatch(name: "again")))
    func state(hour: Double) -> Opportunity? {
      Opportunity(story.history, asOf: Fixture.start.adding(seconds: hour * 3_600))
    }
    #expect(state(hour: -1) == nil)
    #expect(state(hour: 0)?.stage == "initial-contact")
    // Between the move and its reversal the deal had not moved, but its name is that of the time.
    #expect(state(hour: 3)?.stage == "needs-analysis" && state(hour: 3)?.name == "noted")
    #expect(state(hour: 3)?.fields == [:] && state(hour: 3)?.sequence == 4)
    // Once it is reverted, everything is as it was then, deadline and forecast, too.
    #expect(state(hour: 5) == story.deal)
    let before = story.deal
    try story.tell(.revert(.init()))
    #expect(state(hour: 6) == story.deal)
    #expect(state(hour: 5)?.stage == "initial-contact" && before?.stage == "needs-analysis")
    #expect(state(hour: 5)?.sequence == before?.sequence)
  }

  @Test func aRevertedStayIsInNoFormerState() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      let id = try await api.create()
      let moved = try await api.send(
        .post, "/v1/opportunities/\(id)/moves", ["to": "needs-analysis"])
      let before = try await api.get("/v1/opportunities/\(id)/history")
      let time = try #require(before["items"].items.last?["occurredAt"].text)
      let there = try await api.get("/v1/opportunities/\(id)?asOf=\(time)")
      #expect(there["stage"] == "needs-analysis")
      let reverted = try await api.send(
        .post, "/v1/opportunities/\(id)/revert", ["eventId": moved["eventId"], "reason": "error"])
      #expect(reverted.status == 200)
      #expect(reverted["to"] == "initial-contact")
      let then = try await api.get("/v1/opportunities/\(id)?asOf=\(time)")
      #expect(then["stage"] == "initial-contact")
      let last = try await api.get("/v1/opportunities/\(id)/history")["items"].items.last
      #expect(last?["reverted"]["eventId"] == moved["eventId"])
      #expect(last?["type"] == "sluice.move-reverted.v1")
      let again = try await api.send(.post, "/v1/opportunities/\(id)/revert", [:])
      #expect(again.status == 422)
      #expect(again.codes == ["nothing-to-revert"])
    }
  }

  @Test func activitiesLoggedByHandStandInTheHistory() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      let id = try await api.create()
      let path = "/v1/opportunities/\(id)/activities"
      let answer = try await api.send(
        .post, path,
        [
          "kind": "call", "at": "2026-03-02T09:00:00Z", "summary": "谈了预算",
          "evidence": ["url": "https://example.com/1"],
        ])
      #expect(answer.status == 201)
      #expect(answer["sequence"] == 2)
      #expect(answer["id"] == .string(id))
      #expect(answer.etag == "\"2\"")
      let last = try await api.get("/v1/opportunities/\(id)/history")["items"].items.last
      #expect(last?["activity"]["summary"] == "谈了预算")
      #expect(last?["eventId"] == answer["eventId"])
      #expect(try await api.send(.post, path, ["summary": "x"]).status == 400)
      #expect(try await api.send(.post, path, ["kind": ""]).status == 422)
      #expect(try await api.send(.post, path, ["kind": "call"], as: .viewer).status == 403)
      #expect(try await api.send(.post, path, ["kind": "call", "direction": "up"]).status == 400)
    }
  }

  @Test func aPersonsMoveCarriesNoEvidence() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      let id = try await api.create()
      let evidence: JSONValue = [
        "activitySource": "s", "activityId": "i", "rule": "r", "intent": "r", "words": "w",
        "start": 0, "end": 1, "confidence": 1,
      ]
      let answer = try await api.send(
        .post, "/v1/opportunities/\(id)/moves", ["to": "needs-analysis", "evidence": evidence])
      #expect(answer.status == 200)
      let last = try await api.get("/v1/opportunities/\(id)/history")["items"].items.last
      #expect(last?["evidence"] == .null && last?["rule"] == .null)
    }
  }
}
