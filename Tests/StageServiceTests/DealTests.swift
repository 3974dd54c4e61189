import Contracts
import Testing

@testable import StageService

/// What is asked of a deal without moving it, and what of it a move carries on.
@Suite struct DealTests {
  /// A deal with its history, one decision after the other, a day apart.
  private struct Diary {
    var day = 0.0
    var history: [StageEvent] = []
    var deal: Opportunity?

    init(in stage: String = "talk") throws {
      let new = Fixture.new {
        $0.pipeline = "deals"
        $0.stage = stage
      }
      try tell(.create(new))
    }

    @discardableResult
    mutating func tell(
      _ action: StageCommand.Action, mode: DecisionContext.Mode = .live
    ) throws -> StageEvent {
      let event = try decide(action, mode: mode).get()
      history.append(event)
      deal = deal?.applying(event) ?? Opportunity(event)
      day += 1
      return event
    }

    func decide(
      _ action: StageCommand.Action, roles: Set<String> = ["rep"],
      mode: DecisionContext.Mode = .live
    ) -> Result<StageEvent, Refusal> {
      var context = DecisionContext(
        now: now, actor: "li.na", eventID: Fixture.id(UInt64(1_000 + history.count)), epoch: 1,
        mode: mode)
      context.actorRoles = roles
      return Decider(definition: DealTests.definition, version: 1, context: context)
        .decide(Fixture.command(action), on: deal, history: history)
    }

    var now: Instant { Fixture.start.adding(days: day) }
  }

  private static let definition = PipelineDefinition(
    name: LocalizedText(zh: "流程", en: "Pipeline"),
    fields: [
      FieldDeclaration(
        key: "need", name: LocalizedText(zh: "客户需求", en: "Customer's needs"), type: .text)
    ],
    lossReasons: [LossReason(key: "price", name: LocalizedText(zh: "价格", en: "Price"))],
    stages: [
      Stage(
        key: "talk", name: LocalizedText(zh: "洽谈", en: "Talk"), category: .open,
        department: LocalizedText(zh: "销售部", en: "Sales"), requiredFields: ["need", "amount"],
        followUpDays: 5,
        checklist: [ChecklistItem(key: "intro", name: LocalizedText(zh: "已介绍", en: "Introduced"))],
        forecastCategory: .pipeline),
      Stage(
        key: "quote", name: LocalizedText(zh: "报价", en: "Quote"), category: .open,
        department: LocalizedText(zh: "售前部", en: "Presales"), followUpDays: 3,
        forecastCategory: .bestCase),
      Stage(key: "won", name: LocalizedText(zh: "赢单", en: "Won"), category: .won),
      Stage(
        key: "care", name: LocalizedText(zh: "维护", en: "Care"), category: .postWin,
        department: LocalizedText(zh: "客服部", en: "Care")),
      Stage(key: "lost", name: LocalizedText(zh: "输单", en: "Lost"), category: .lost),
    ])

  private static let toQuote = StageCommand.Action.move(
    .init(to: "quote", fields: ["need": "x"]))

  // MARK: Assigning

  @Test func anAssignmentSaysWhoHadTheDealAndWhoHasIt() throws {
    var diary = try Diary()
    let event = try diary.tell(.assign(.init(owner: .set("wang.wu"), reason: "leave")))
    #expect(event.type == .changed && event.owner == "wang.wu" && event.team == "east")
    #expect(event.changes == [FieldChange(field: "owner", old: "li.na", new: "wang.wu")])
    #expect(event.reason == "leave")
    #expect(event.followUpDueAt == Fixture.start.adding(days: 5))
    #expect(diary.deal?.owner == "wang.wu")
    let cleared = try diary.tell(.assign(.init(owner: .set("wang.wu"), team: .clear)))
    #expect(cleared.changes == [FieldChange(field: "team", old: "east", new: .null)])
    #expect(diary.deal?.team == nil)
  }

  @Test func anAssignmentNamesSomebody() throws {
    let diary = try Diary()
    #expect(diary.decide(.assign(.init())).codes == ["required"])
    #expect(
      diary.decide(.assign(.init(owner: .set(" "), team: .set("a\0b")))).codes
        == ["required", "invalid-text"])
  }

  // MARK: Hold

  @Test func aHoldMakesTheDeadlineWait() throws {
    var diary = try Diary()
    let until = Fixture.start.adding(days: 30)
    let held = try diary.tell(.hold(.init(reason: "frozen", until: until)))
    #expect(held.type == .changed && held.followUpDueAt == nil && held.reason == "frozen")
    #expect(held.changes.map(\.field) == ["hold"])
    let state = try #require(diary.deal?.state.hold)
    #expect(state.until == until && state.followUpDueAt == Fixture.start.adding(days: 5))
    #expect(diary.deal?.stage == "talk" && diary.deal?.category == .open)
    // Other changes leave it waiting.
    #expect(try diary.tell(.update(OpportunityPatch(name: "n"))).followUpDueAt == nil)
    #expect(try diary.tell(.assign(.init(owner: .set("w")))).followUpDueAt == nil)
    diary.day = 11
    let resumed = try diary.tell(.resume(.init(reason: "again")))
    // Held from day 1 to day 11.
    #expect(resumed.followUpDueAt == Fixture.start.adding(days: 15))
    #expect(resumed.changes.first?.new == .null)
    #expect(diary.deal?.state.hold == nil)
    #expect(diary.deal?.followUpDueAt == Fixture.start.adding(days: 15))
  }

  @Test func anActivityDuringTheHoldIsTheFollowUp() throws {
    var diary = try Diary()
    try diary.tell(.hold(.init(reason: "frozen")))
    try diary.tell(
      .recordActivity(ActivityRecord(source: "s", id: "1", kind: "call", at: diary.now)))
    #expect(try diary.tell(.resume(.init())).followUpDueAt == nil)
  }

  @Test func aMoveEndsTheHold() throws {
    var diary = try Diary()
    try diary.tell(.hold(.init(reason: "frozen")))
    let moved = try diary.tell(DealTests.toQuote)
    #expect(moved.changes.map(\.field) == ["fields.need", "hold"])
    #expect(moved.followUpDueAt == Fixture.start.adding(days: 2 + 3))
    #expect(diary.deal?.state.hold == nil)
    // Taken back, the deal is on hold as it was.
    let reverted = try diary.tell(.revert(.init()))
    #expect(reverted.followUpDueAt == nil)
    #expect(diary.deal?.state.hold?.followUpDueAt == Fixture.start.adding(days: 5))
    diary.day = 4
    #expect(try diary.tell(.resume(.init())).followUpDueAt == Fixture.start.adding(days: 8))
  }

  @Test func aMoveTakenBackDuringAHoldLeavesTheFormerDeadlineWaiting() throws {
    var diary = try Diary()
    try diary.tell(DealTests.toQuote)
    try diary.tell(.hold(.init(reason: "frozen")))
    let reverted = try diary.tell(.revert(.init()))
    #expect(reverted.followUpDueAt == nil && diary.deal?.stage == "talk")
    #expect(diary.deal?.state.hold?.followUpDueAt == Fixture.start.adding(days: 5))
  }

  @Test func aReopeningTakenBackDuringAHoldLeavesAClosedDeal() throws {
    var diary = try Diary()
    try diary.tell(.lose(.init(reason: "price")))
    try diary.tell(.reopen(.init()))
    try diary.tell(.hold(.init(reason: "frozen")))
    let reverted = try diary.tell(.revert(.init()))
    #expect(reverted.changes.map(\.field) == ["hold"])
    #expect(diary.deal?.category == .lost && diary.deal?.state.hold == nil)
    #expect(diary.deal?.followUpDueAt == nil)
  }

  @Test func whatCannotBeHeldOrResumedIsRefused() throws {
    var diary = try Diary()
    #expect(diary.decide(.resume(.init())).codes == ["not-on-hold"])
    #expect(
      diary.decide(.hold(.init(reason: " ", until: Fixture.start))).codes
        == ["required", "not-in-the-future"])
    try diary.tell(.hold(.init(reason: "frozen")))
    #expect(diary.decide(.hold(.init(reason: "again"))).codes == ["already-on-hold"])
    try diary.tell(.lose(.init(reason: "price")))
    #expect(diary.decide(.hold(.init(reason: "late"))).codes == ["opportunity-closed"])
  }

  // MARK: Checklist and feedback

  @Test func aTickSaysWhoAndWhen() throws {
    var diary = try Diary()
    let at = diary.now
    let ticked = try diary.tell(.tick(.init(item: "intro", done: true)))
    #expect(ticked.changes.map(\.field) == ["checklist.talk.intro"])
    #expect(ticked.changes.first?.old == .null)
    #expect(diary.deal?.state.checklist == ["talk": ["intro": .init(by: "li.na", at: at)]])
    #expect(try diary.tell(.tick(.init(item: "intro", done: true))).changes.isEmpty)
    let gone = try diary.tell(.tick(.init(stage: "talk", item: "intro", done: false)))
    #expect(gone.changes.first?.old == ticked.changes.first?.new)
    #expect(diary.deal?.state.checklist == [:])
  }

  @Test func whatIsNotOnAChecklistIsNamed() throws {
    let diary = try Diary()
    let unknown = diary.decide(.tick(.init(item: "outro", done: true)))
    #expect(unknown.codes == ["unknown-checklist-item"])
    #expect(unknown.refusal?.failures.first?.message.en.contains("intro (Introduced)") == true)
    let nowhere = diary.decide(.tick(.init(stage: "nowhere", item: "intro", done: true)))
    #expect(nowhere.codes == ["unknown-stage"])
    #expect(nowhere.refusal?.failures.first?.pointer == "/stage")
  }

  @Test func feedbackIsKeptByStage() throws {
    var diary = try Diary()
    let said = diary.now.adding(days: -2)
    try diary.tell(.recordFeedback(.init(score: 2, text: "慢", at: said)))
    try diary.tell(DealTests.toQuote)
    let later = diary.now
    try diary.tell(.recordFeedback(.init(text: "贵", explicit: false)))
    let state = try #require(diary.deal?.state)
    #expect(
      state.feedback == [
        "talk": .init(score: 2, text: "慢", at: said, explicit: true, by: "li.na"),
        "quote": .init(score: nil, text: "贵", at: later, explicit: false, by: "li.na"),
      ])
    #expect(state.explicitFeedbackAt == said)
  }

  @Test func feedbackIsChecked() throws {
    let diary = try Diary()
    let feedback = StageCommand.CustomerFeedback(
      score: 6, text: "", at: diary.now.adding(days: 1))
    #expect(
      diary.decide(.recordFeedback(feedback)).codes
        == ["required", "out-of-range", "in-the-future"])
  }

  // MARK: Forecast

  @Test func theForecastCategoryIsTheStagesUnlessTheDealSays() throws {
    var diary = try Diary()
    #expect(diary.history[0].data.forecastCategory == .pipeline)
    let own = try diary.tell(.update(OpportunityPatch(forecastCategory: .set(.commit))))
    #expect(own.data.forecastCategory == .commit)
    #expect(own.changes == [FieldChange(field: "forecastCategory", old: .null, new: "commit")])
    #expect(try diary.tell(DealTests.toQuote).data.forecastCategory == .commit)
    #expect(try diary.tell(.revert(.init())).data.forecastCategory == .commit)
    let cleared = try diary.tell(.update(OpportunityPatch(forecastCategory: .clear)))
    #expect(cleared.data.forecastCategory == .pipeline)
    #expect(try diary.tell(DealTests.toQuote).data.forecastCategory == .bestCase)
    #expect(try diary.tell(.hold(.init(reason: "r"))).data.forecastCategory == .bestCase)
    #expect(diary.deal?.state.forecastCategory == .bestCase)
    #expect(diary.deal?.state.ownForecastCategory == nil)
  }

  @Test func onlyALaterCloseIsAPush() throws {
    var diary = try Diary()
    for date in ["2026-06-30", "2026-07-31", "2026-07-01", "2026-12-31"] {
      try diary.tell(.update(OpportunityPatch(expectedClose: .set(date))))
    }
    try diary.tell(.update(OpportunityPatch(expectedClose: .clear)))
    #expect(diary.deal?.state.pushCount == 2)
  }

  // MARK: Moves

  @Test func aMoveToAnotherDepartmentIsAHandOff() throws {
    var diary = try Diary()
    let quoted = try diary.tell(DealTests.toQuote)
    #expect(quoted.data.handOff?.from?.en == "Sales" && quoted.data.handOff?.to.zh == "售前部")
    #expect(try diary.tell(.win(.init())).data.handOff == nil)
    let care = try diary.tell(.move(.init(to: "care")))
    #expect(care.data.handOff?.to.en == "Care")
    #expect(care.data.handOff != nil && care.data.handOff?.from == nil)
  }

  @Test func whatIsMissingIsCalledByItsNames() throws {
    var diary = try Diary()
    try diary.tell(.update(OpportunityPatch(amount: .clear)))
    let failures = diary.decide(.move(.init(to: "quote"))).refusal?.failures ?? []
    #expect(failures.map(\.pointer) == ["/fields/need", "/amount"])
    #expect(failures.map(\.message.zh) == ["离开“洽谈”前须填写“客户需求”", "离开“洽谈”前须填写“金额”"])
    #expect(failures[0].message.en.hasPrefix("Customer's needs must be filled"))
    let lost = diary.decide(.lose(.init(reason: "luck"))).refusal?.failures.first
    #expect(lost?.code == "unknown-loss-reason" && lost?.message.en.contains("price") == true)
  }

  @Test func anAdministratorOverridesTheGateAndTheEventSaysSo() throws {
    var diary = try Diary()
    let move = StageCommand.Action.move(
      .init(to: "quote", override: GateOverride(reason: "the board agreed")))
    for roles: Set<String> in [["rep"], ["manager"], []] {
      let refused = diary.decide(move, roles: roles)
      #expect(refused.codes == ["override-not-allowed"])
      guard case .forbidden? = refused.refusal else {
        Issue.record("\(roles) may not override")
        continue
      }
    }
    let event = try diary.decide(move, roles: ["admin"]).get()
    #expect(event.data.override?.reason == "the board agreed")
    #expect(event.violations.map(\.code) == ["field-required"])
    #expect(event.to == "quote")
    // Without one, an administrator is refused like everybody.
    #expect(diary.decide(.move(.init(to: "quote")), roles: ["admin"]).codes == ["field-required"])
    let silent = StageCommand.Action.move(.init(to: "quote", override: GateOverride(reason: " ")))
    #expect(diary.decide(silent, roles: ["admin"]).codes == ["required"])
    try diary.tell(.lose(.init(reason: "price")))
    #expect(diary.decide(move, roles: ["admin"]).codes == ["opportunity-closed"])
  }

  @Test func whatDoesNotMeanAnythingIsNotOverridden() throws {
    let diary = try Diary()
    let override = GateOverride(reason: "r")
    for (move, codes) in [
      (StageCommand.Move(to: "talk", override: override), ["already-in-stage"]),
      (StageCommand.Move(to: "lost", override: override), ["reason-required"]),
      (
        StageCommand.Move(to: "quote", fields: ["need": 7], override: override),
        ["invalid-field"]
      ),
    ] {
      #expect(diary.decide(.move(move), roles: ["admin"]).codes == codes)
    }
  }

  @Test func aFieldOfAnotherTypeIsRefusedButImported() throws {
    var diary = try Diary()
    let patch = StageCommand.Action.update(OpportunityPatch(fields: ["need": 7, "free": 7]))
    let refused = diary.decide(patch)
    #expect(refused.codes == ["invalid-field"])
    let failure = try #require(refused.refusal?.failures.first)
    #expect(failure.pointer == "/fields/need" && failure.message.zh == "“客户需求”须为文本")
    let imported = try diary.tell(patch, mode: .historical)
    #expect(imported.violations.map(\.code) == ["invalid-field"])
    #expect(diary.deal?.fields["need"] == 7)
    let new = Fixture.new { $0.fields = ["need": true] }
    let created = Decider(
      definition: DealTests.definition, version: 1, context: Fixture.decider().context
    ).decide(Fixture.command(.create(new)), on: nil)
    #expect(created.codes == ["invalid-field"])
  }

  @Test func anImportThatNamesNobodyIsNotJudgedByWhoItWas() throws {
    let deal = try Diary().deal
    var definition = DealTests.definition
    definition.stages[0].decider = .manager
    for (mover, codes) in [("li.na", ["not-the-decider"]), (nil, [])] as [(String?, [String])] {
      var context = Fixture.decider(mode: .historical).context
      context.mover = mover
      let event = try Decider(definition: definition, version: 1, context: context)
        .decide(Fixture.command(DealTests.toQuote), on: deal).get()
      #expect(event.violations.map(\.code) == codes)
    }
  }

  @Test func whatTheEventsLeaveIsStoredWhole() throws {
    var diary = try Diary()
    try diary.tell(.tick(.init(item: "intro", done: true)))
    try diary.tell(.recordFeedback(.init(score: 5, text: "好")))
    try diary.tell(
      .recordActivity(
        ActivityRecord(
          source: "s", id: "1", kind: "document", at: diary.now,
          evidence: EvidenceLink(url: "u", sha256: "ab", title: "t"))))
    for date in ["2026-06-30", "2026-07-31"] {
      try diary.tell(
        .update(OpportunityPatch(expectedClose: .set(date), forecastCategory: .set(.omitted))))
    }
    try diary.tell(.hold(.init(reason: "r", until: diary.now.adding(days: 3))))
    let state = try #require(diary.deal?.state)
    let bytes = try JSONCoding.encode(state)
    #expect(try JSONCoding.decode(DealState.self, from: bytes) == state)
    #expect(try JSONCoding.decode(DealState.self, from: Array("{}".utf8)) == DealState())
    #expect(String(decoding: try JSONCoding.encode(DealState()), as: UTF8.self) == "{}")
  }
}
