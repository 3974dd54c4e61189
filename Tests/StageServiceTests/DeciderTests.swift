import Contracts
import ServiceWiring
import TestSupport
import Testing

@testable import StageService

@Suite struct DeciderTests {
  @Test func creationStartsInTheFirstOpenStage() throws {
    let event = try Fixture.decider().decide(
      Fixture.command(.create(Fixture.new { $0.fields = ["source": "expo", "empty": .null] })),
      on: nil
    ).get()
    #expect(event.type == .created)
    #expect(event.sequence == 1)
    #expect(event.to == "initial-contact")
    #expect(event.followUpDueAt == Fixture.start.adding(days: 3))
    #expect(event.benchmarkDays == 7)
    let deal = try #require(Opportunity(event))
    #expect(deal.fields == ["source": "expo"])
    #expect(deal.enteredStageAt == Fixture.start)
  }

  @Test func aFollowUpIsDueInWorkingDaysOfTheOwner() throws {
    var decider = Fixture.decider(at: Instant("2026-09-30T16:00:00+08:00")!)
    decider.context.workingTime = Staff.directory.workingTime(of: "li.na")
    let created = try decider.decide(Fixture.command(.create(Fixture.new())), on: nil).get()
    #expect(created.followUpDueAt == Instant("2026-10-10T16:00:00+08:00"))
    let deal = Fixture.deal(in: "proposal")
    let moved = try decider.decide(
      Fixture.command(.move(.init(to: "needs-analysis", reason: "back"))), on: deal
    ).get()
    #expect(moved.followUpDueAt == Instant("2026-10-10T16:00:00+08:00"))
  }

  @Test func creationIsRefusedWithEverythingThatIsWrong() {
    let new = Fixture.new {
      $0.name = " "
      $0.account.name = "A\0B"
      $0.account.externalId = "c\0"
      $0.expectedClose = "2026-02-30"
      $0.owner = String(repeating: "x", count: 501)
      $0.fields = ["note": "a\0b", "": 1]
    }
    let result = Fixture.decider().decide(Fixture.command(.create(new)), on: nil)
    #expect(
      result.codes == [
        "required", "invalid-text", "invalid-text", "invalid-date", "too-long", "invalid-text",
        "invalid-text",
      ])
  }

  @Test func aReasonThatCannotBeStoredIsRefused() {
    let deal = Fixture.deal(in: "proposal")
    let actions: [StageCommand.Action] = [
      .update(OpportunityPatch(reason: "a\0b")), .lose(.init(reason: "a\0b")),
      .move(.init(to: "needs-analysis", reason: "a\0b")), .revert(.init(reason: "a\0b")),
    ]
    for action in actions {
      let result = Fixture.decider().decide(Fixture.command(action), on: deal)
      #expect(result.codes == ["invalid-text"])
    }
    let long = StageCommand.Closing(reason: String(repeating: "长", count: 10_001))
    #expect(Fixture.decider().decide(Fixture.command(.lose(long)), on: deal).codes == ["too-long"])
  }

  @Test func creationOfAnExistingDealIsRefused() {
    let deal = Fixture.deal(in: "proposal")
    let result = Fixture.decider().decide(Fixture.command(.create(Fixture.new())), on: deal)
    #expect(result.refusal == .alreadyExists)
  }

  @Test func aMoveSetsItsFieldsBeforeTheGateLooks() throws {
    let deal = Fixture.deal(in: "needs-analysis") { $0.fields = [:] }
    let fields: [String: JSONValue] = ["customerNeeds": "n", "budget": 5, "decisionMaker": "d"]
    let event = try Fixture.decider().decide(
      Fixture.command(.move(.init(to: "proposal", fields: fields))), on: deal
    ).get()
    #expect(event.from == "needs-analysis")
    #expect(
      event.changes.map(\.field) == [
        "fields.budget", "fields.customerNeeds", "fields.decisionMaker",
      ])
    let next = deal.applying(event)
    #expect(next.stage == "proposal")
    #expect(next.sequence == 2)
    #expect(next.fields == fields)
  }

  @Test func aMoveFromElsewhereIsRefused() throws {
    let deal = Fixture.deal(in: "negotiation")
    let move = StageCommand.Move(to: "proposal", from: "needs-analysis")
    let result = Fixture.decider().decide(Fixture.command(.move(move)), on: deal)
    #expect(result.codes == ["not-in-stage"])
    let failure = try #require(result.refusal?.failures.first)
    #expect(failure.pointer == "/from" && failure.message.en.contains("stands in negotiation"))
    let here = StageCommand.Move(to: "proposal", from: "negotiation")
    let event = try Fixture.decider().decide(Fixture.command(.move(here)), on: deal).get()
    #expect(event.from == "negotiation" && event.to == "proposal")
  }

  /// A visible character may be of any number of code points, a column's index entry may not.
  @Test func lengthsAreThoseOfCodePoints() {
    let name = "e" + String(repeating: "\u{301}", count: 500)
    #expect(name.count == 1)
    let result = Fixture.decider().decide(
      Fixture.command(.update(OpportunityPatch(name: name))), on: Fixture.deal(in: "proposal"))
    #expect(result.codes == ["too-long"])
  }

  @Test func historicallyTheGatesRefusalsBecomeViolations() throws {
    let deal = Fixture.deal(in: "initial-contact") { $0.fields = [:] }
    let then = Instant("2022-01-01T00:00:00Z")!
    let event = try Fixture.decider(mode: .historical).decide(
      Fixture.command(.move(.init(to: "won")), at: then), on: deal
    ).get()
    #expect(event.occurredAt == then)
    #expect(event.recordedAt == Fixture.start)
    #expect(event.violations.map(\.code) == ["transition-not-allowed"])
  }

  @Test func liveNobodyMovesInThePast() throws {
    let event = try Fixture.decider().decide(
      Fixture.command(.move(.init(to: "needs-analysis")), at: Instant("2022-01-01T00:00:00Z")),
      on: Fixture.deal(in: "initial-contact")
    ).get()
    #expect(event.occurredAt == Fixture.start)
  }

  @Test func aStaleSequenceIsRefusedWithTheCurrentOne() {
    let result = Fixture.decider().decide(
      Fixture.command(.move(.init(to: "lost", reason: "r")), expected: 7),
      on: Fixture.deal(in: "proposal"))
    #expect(result.refusal == .stale(current: 1))
  }

  @Test func anUnknownStageNamesTheKnownOnes() {
    let result = Fixture.decider().decide(
      Fixture.command(.move(.init(to: "nowhere"))), on: Fixture.deal(in: "proposal"))
    #expect(result.codes == ["unknown-stage"])
    #expect(result.refusal?.failures.first?.message.en.contains("negotiation") == true)
  }

  @Test func nothingCanBeDoneToADealThatIsNot() {
    for action in [
      StageCommand.Action.update(OpportunityPatch()), .move(.init(to: "won")), .win(.init()),
      .lose(.init(reason: "r")), .reopen(.init()),
    ] {
      #expect(
        Fixture.decider().decide(Fixture.command(action), on: nil).refusal == .notFound)
    }
  }

  @Test func winLoseAndReopen() throws {
    let deal = Fixture.deal(in: "contract")
    let won = try Fixture.decider().decide(Fixture.command(.win(.init())), on: deal).get()
    #expect(won.toCategory == .won)
    let lost = try Fixture.decider().decide(
      Fixture.command(.lose(.init(reason: "价格"))), on: deal
    ).get()
    #expect(lost.reason == "价格")
    let closed = deal.applying(lost)
    #expect(closed.closedFrom == "contract")
    #expect(closed.followUpDueAt == nil)
    let reopened = try Fixture.decider().decide(Fixture.command(.reopen(.init())), on: closed).get()
    #expect(reopened.to == "contract")
    #expect(closed.applying(reopened).category == .open)
    #expect(
      Fixture.decider().decide(Fixture.command(.reopen(.init())), on: deal).codes
        == ["opportunity-not-closed"])
  }

  @Test func aPipelineWithoutAWonStageCannotBeWon() {
    var definition = Templates.general
    definition.stages.removeAll { $0.category == .won }
    let result = Fixture.decider(definition: definition).decide(
      Fixture.command(.win(.init())), on: Fixture.deal(in: "contract"))
    #expect(result.codes == ["no-such-stage"])
  }

  @Test func aPatchRecordsOnlyWhatDiffers() throws {
    let deal = Fixture.deal(in: "proposal") { $0.expectedClose = "2026-06-30" }
    let patch = OpportunityPatch(
      name: deal.name, amount: .clear, expectedClose: .set("2026-07-31"),
      nextStep: .set(NextStep(text: "演示", dueAt: Fixture.start)),
      fields: ["budget": .null, "new": true])
    let event = try Fixture.decider().decide(Fixture.command(.update(patch)), on: deal).get()
    #expect(
      event.changes.map(\.field) == [
        "amount", "expectedClose", "nextStep", "fields.budget", "fields.new",
      ])
    #expect(event.amount == nil)
    let next = deal.applying(event)
    #expect(next.amount == nil)
    #expect(next.expectedClose == "2026-07-31")
    #expect(next.nextStep == NextStep(text: "演示", dueAt: Fixture.start))
    #expect(next.fields["budget"] == nil)
    #expect(next.stage == deal.stage)
    #expect(next.enteredStageAt == deal.enteredStageAt)
  }

  @Test func anUnknownEntryBecomesKnownWithTheNextMove() throws {
    let new = Fixture.new {
      $0.stage = "proposal"
      $0.entryUnknown = true
    }
    let created = try Fixture.decider(mode: .historical).decide(
      Fixture.command(.create(new)), on: nil
    ).get()
    #expect(created.entryUnknown == true)
    let deal = try #require(Opportunity(created))
    let moved = try Fixture.decider().decide(
      Fixture.command(.move(.init(to: "negotiation"))), on: deal
    ).get()
    #expect(deal.entryUnknown)
    #expect(!deal.applying(moved).entryUnknown)
  }

  @Test func anImportMayStartAnywhereButNotNowhere() {
    let result = Fixture.decider(mode: .historical).decide(
      Fixture.command(.create(Fixture.new { $0.stage = "nowhere" })), on: nil)
    #expect(result.codes == ["unknown-stage"])
  }
}
