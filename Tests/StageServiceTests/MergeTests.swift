import Contracts
import Testing

@testable import StageService

/// Two deals that turn out to be one.
@Suite struct MergeTests {
  private static let duplicateID = Fixture.id(70)
  private static let survivorID = Fixture.id(71)

  /// A deal after these commands, one a day.
  private static func deal(
    _ id: EntityID, _ new: NewOpportunity = Fixture.new(), _ actions: StageCommand.Action...
  ) throws -> Opportunity {
    var deal: Opportunity?
    for (day, action) in ([.create(new)] + actions).enumerated() {
      let event = try Fixture.decider(
        at: Fixture.start.adding(days: Double(day)), mode: .historical, event: UInt64(day)
      ).decide(command(action, on: id), on: deal).get()
      deal = deal?.applying(event) ?? Opportunity(event)
    }
    return try #require(deal)
  }

  private static func command(
    _ action: StageCommand.Action, on id: EntityID = duplicateID, expected: Int64? = nil
  ) -> StageCommand {
    StageCommand(
      id: Fixture.id(1), opportunityId: id, occurredAt: Fixture.start, expectedSequence: expected,
      action: action)
  }

  private static let now = Fixture.start.adding(days: 9)
  private static let merge = command(.merge(.init(into: survivorID, reason: "entered twice")))

  private static func decide(
    _ duplicate: Opportunity, into survivor: Opportunity?, _ command: StageCommand = merge
  ) -> Result<StageEvent, Refusal> {
    Fixture.decider(at: now).decide(command, on: duplicate, survivor: survivor)
  }

  /// The survivor's event.
  private static func absorb(
    _ duplicate: Opportunity, into survivor: Opportunity,
    definition: PipelineDefinition = Templates.general
  ) throws -> StageEvent {
    let merged = try decide(duplicate, into: survivor).get()
    return Fixture.decider(at: now, event: 2, definition: definition)
      .absorb(duplicate, into: survivor, because: merged, merge)
  }

  @Test func theDuplicateEndsAndNamesTheDealThatStays() throws {
    let duplicate = try Self.deal(
      Self.duplicateID, Fixture.new(),
      .hold(.init(reason: "frozen", until: Fixture.start.adding(days: 30))))
    let survivor = try Self.deal(Self.survivorID)
    let event = try Self.decide(duplicate, into: survivor).get()
    #expect(event.type == .merged && event.opportunityId == Self.duplicateID)
    #expect(event.data.merged == MergedInto(opportunityId: Self.survivorID))
    #expect(event.sequence == 3 && event.reason == "entered twice")
    #expect(event.changes.map(\.field) == ["hold"] && event.changes.first?.new == .null)
    #expect(event.data.followUpDueAt == nil && event.data.forecastCategory == .omitted)
    let after = duplicate.applying(event)
    #expect(after.status == .merged && after.mergedInto == Self.survivorID)
    #expect(after.state.hold == nil && after.stage == duplicate.stage)
  }

  @Test func whatTheSurvivorLacksItTakesOver() throws {
    var rich = Fixture.new { $0.externalId = "crm-9" }
    rich.expectedClose = "2026-06-30"
    rich.fields = ["budget": 1_000, "customerNeeds": "a line", "source": "fair"]
    let due = Fixture.start.adding(days: 5)
    let link = EvidenceLink(url: "https://docs.example/1", sha256: "ab", title: "Quote")
    let duplicate = try Self.deal(
      Self.duplicateID, rich,
      .update(OpportunityPatch(nextStep: .set(.init(text: "call", dueAt: due)))),
      .recordActivity(
        ActivityRecord(source: "/m", id: "1", kind: "document", at: Fixture.start, evidence: link)),
      .recordFeedback(.init(score: 4, text: "good", at: Fixture.start)))
    let bare = Fixture.new {
      $0.owner = nil
      $0.team = nil
      $0.amount = nil
      $0.fields = ["source": "web", "customerNeeds": " "]
    }
    let survivor = try Self.deal(Self.survivorID, bare)
    let event = try Self.absorb(duplicate, into: survivor)
    #expect(event.type == .changed && event.opportunityId == Self.survivorID)
    #expect(event.sequence == 2 && event.reason == "entered twice")
    let changes = Dictionary(uniqueKeysWithValues: event.changes.map { ($0.field, $0) })
    #expect(
      Set(changes.keys) == [
        "mergedFrom.\(Self.duplicateID)", "amount", "expectedClose", "nextStep", "owner", "team",
        "fields.budget", "fields.customerNeeds", "evidence.document", "feedback.initial-contact",
      ])
    #expect(changes["fields.customerNeeds"]?.old == " ")
    #expect(changes["amount"]?.old == .null && changes["amount"]?.new == rich.amount?.json)
    let after = survivor.applying(event)
    #expect(after.owner == "li.na" && after.team == "east" && after.amount == rich.amount)
    #expect(after.expectedClose == "2026-06-30" && after.state.pushCount == 0)
    #expect(after.nextStep == NextStep(text: "call", dueAt: due))
    #expect(after.fields == ["budget": 1_000, "customerNeeds": "a line", "source": "web"])
    #expect(after.state.evidence == duplicate.state.evidence)
    #expect(after.state.evidence["document"]?.link == link)
    #expect(after.state.feedback == duplicate.state.feedback)
    #expect(after.state.explicitFeedbackAt == Fixture.start)
    #expect(
      after.state.mergedFrom == [
        Self.duplicateID.description: .init(name: "ERP 二期", externalId: "crm-9", at: Self.now)
      ])
    // An external id never moves.
    #expect(after.externalId == nil && after.status == .open)
    let stored = try JSONCoding.decode(
      DealState.self, from: try JSONCoding.encode(after.state))
    #expect(stored == after.state)
  }

  @Test func whatBothHaveStaysAsTheSurvivorHasIt() throws {
    let mine = Fixture.new {
      $0.fields = ["budget": 1]
      $0.expectedClose = "2026-05-01"
    }
    let theirs = Fixture.new {
      $0.owner = "wang.wu"
      $0.team = "west"
      $0.amount = Money(minor: 7, currency: "USD")
      $0.fields = ["budget": 2]
      $0.expectedClose = "2026-06-01"
    }
    let feedback = StageCommand.Action.recordFeedback(.init(text: "fine", at: Fixture.start))
    let survivor = try Self.deal(Self.survivorID, mine, feedback)
    let duplicate = try Self.deal(Self.duplicateID, theirs, feedback)
    let event = try Self.absorb(duplicate, into: survivor)
    #expect(event.changes.map(\.field) == ["mergedFrom.\(Self.duplicateID)"])
    #expect(event.data.owner == "li.na" && event.data.team == "east")
    #expect(event.data.amount == mine.amount)
    #expect(event.data.followUpDueAt == survivor.followUpDueAt)
  }

  /// The two may be under different versions of the pipeline.
  @Test func whatDoesNotFitTheSurvivorsVersionIsLeft() throws {
    let duplicate = try Self.deal(
      Self.duplicateID, Fixture.new { $0.fields = ["size": "large", "kind": "a"] })
    let survivor = try Self.deal(Self.survivorID)
    var definition = Templates.general
    definition.fields = [
      FieldDeclaration(key: "size", name: LocalizedText(zh: "规模", en: "Size"), type: .number)
    ]
    let event = try Self.absorb(duplicate, into: survivor, definition: definition)
    #expect(
      event.changes.map(\.field) == ["mergedFrom.\(Self.duplicateID)", "fields.kind"])
  }

  @Test func refusals() throws {
    let duplicate = try Self.deal(Self.duplicateID)
    var survivor = try Self.deal(Self.survivorID)
    #expect(
      Self.decide(
        duplicate, into: duplicate, Self.command(.merge(.init(into: Self.duplicateID)))
      ).codes == ["same-opportunity"])
    let unknown = Self.decide(duplicate, into: nil)
    #expect(unknown.codes == ["unknown-opportunity"])
    #expect(unknown.refusal?.failures.first?.pointer == "/into")
    #expect(
      Self.decide(
        duplicate, into: survivor,
        Self.command(.merge(.init(into: Self.survivorID, reason: "a\u{0}")))
      ).codes == ["invalid-text"])
    #expect(
      Self.decide(
        duplicate, into: survivor,
        Self.command(.merge(.init(into: Self.survivorID)), expected: 7)
      ).refusal == .stale(current: 1))
    survivor.mergedInto = Fixture.id(72)
    let gone = Self.decide(duplicate, into: survivor)
    #expect(gone.codes == ["survivor-merged"])
    #expect(gone.refusal?.failures.first?.message.en.contains("\(Fixture.id(72))") == true)
    survivor.mergedInto = nil
    survivor.pipeline = "other"
    #expect(Self.decide(duplicate, into: survivor).codes == ["other-pipeline"])
  }

  @Test(arguments: [
    ("won", "initial-contact", false), ("won", "lost", false), ("won", "won", true),
    ("lost", "initial-contact", true), ("initial-contact", "lost", true),
    ("initial-contact", "won", true),
  ])
  func whatWasWonStaysWon(_ duplicate: String, _ survivor: String, _ isAllowed: Bool) throws {
    let decision = Self.decide(
      try Self.deal(Self.duplicateID, Fixture.new { $0.stage = duplicate }),
      into: try Self.deal(Self.survivorID, Fixture.new { $0.stage = survivor }))
    #expect(decision.codes == (isAllowed ? [] : ["duplicate-won"]))
  }

  @Test(
    arguments: [
      .update(OpportunityPatch()), .move(.init(to: "needs-analysis")), .win(.init()),
      .lose(.init()),
      .reopen(.init()), .revert(.init()), .assign(.init(owner: .set("x"))),
      .hold(.init(reason: "x")), .resume(.init()), .tick(.init(item: "x", done: true)),
      .recordFeedback(.init(text: "x")), .merge(.init(into: survivorID)),
      .recordActivity(ActivityRecord(source: "/m", id: "1", kind: "call", at: Fixture.start)),
    ] as [StageCommand.Action])
  func aMergedDealTakesNoCommand(_ action: StageCommand.Action) throws {
    let survivor = try Self.deal(Self.survivorID)
    var duplicate = try Self.deal(Self.duplicateID)
    duplicate = duplicate.applying(try Self.decide(duplicate, into: survivor).get())
    // Whatever the sender saw, it is better told where to go.
    for expected in [nil, 1, 2] as [Int64?] {
      let refused = Self.decide(
        duplicate, into: survivor, Self.command(action, expected: expected))
      #expect(refused.codes == ["opportunity-merged"])
      let message = refused.refusal?.failures.first?.message
      #expect(message?.en.contains(Self.survivorID.description) == true)
      #expect(message?.zh.contains(Self.survivorID.description) == true)
    }
  }
}
