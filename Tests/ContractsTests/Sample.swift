import Contracts

/// Complete messages to change and to compare.
enum Sample {
  static let opportunity = EntityID("01936f3e-7c00-7000-8000-000000000001")!
  static let other = EntityID("01936f3e-7c00-7000-8000-000000000002")!
  static let time = Instant("2026-11-23T09:30:00.000001Z")!

  static func event(_ type: StageEventType = .moved) -> StageEvent {
    var data = StageEventData(
      opportunityId: opportunity, epoch: 1, sequence: 2, pipeline: "general", pipelineVersion: 3,
      actor: "li.lei", occurredAt: time, recordedAt: time.adding(seconds: 1))
    data.from = "needs-analysis"
    data.to = "proposal"
    data.fromCategory = .open
    data.toCategory = .open
    data.fromPosition = 1
    data.toPosition = 2
    data.owner = "li.lei"
    data.team = "east"
    data.amount = Money(minor: 12_000_000, currency: "CNY")
    data.rule = "quote-sent"
    data.reason = "方案已发"
    data.followUpDueAt = time.adding(days: 3)
    data.benchmarkDays = 10
    data.forecastCategory = .bestCase
    data.violations = [failure]
    data.override = GateOverride(reason: "the board agreed")
    data.handOff = HandOff(
      from: LocalizedText(zh: "销售部", en: "Sales"), to: LocalizedText(zh: "售前部", en: "Presales"))
    data.cause = "activity-1"
    data.changes = [FieldChange(field: "fields.budget", old: .null, new: .array([1, 2.5, .null]))]
    data.entryUnknown = true
    data.name = "Pump station"
    data.account = Account(name: "Water works", id: "a1", externalId: "crm-7")
    data.externalId = "crm-9"
    data.expectedClose = "2027-01-31"
    return StageEvent(id: other, type: type, data: data)
  }

  static let failure = GateFailure(
    code: "field-required", pointer: "/fields/budget", field: "fields.budget", criterion: "budget",
    message: LocalizedText(zh: "缺少预算", en: "The budget is missing"), supplier: "finance")

  static let evidence = RuleEvidence(
    activitySource: "/mail", activityId: "m-1", proposalId: other, rule: "quote-confirmed",
    intent: "quote-confirmed", words: "确认报价", start: 3, end: 7, confidence: 0.9)

  static let commands: [StageCommand] = [
    .create(
      NewOpportunity(
        pipeline: "general", name: "Pump station", account: Account(name: "Water works"),
        owner: "li.lei", team: "east", amount: Money(minor: 1, currency: "CNY"),
        expectedClose: "2027-01-31", externalId: "crm-9", fields: ["budget": 7],
        stage: "won", entryUnknown: true)),
    .update(
      OpportunityPatch(amount: .clear, expectedClose: .set("2027-02-28"), fields: ["budget": .null])
    ),
    .move(
      .init(
        to: "proposal", reason: "quote", fields: ["budget": 1.5], evidence: evidence,
        override: GateOverride(reason: "the board agreed"))),
    .win(.init(reason: "signed", fields: ["contract": "C-1"])),
    .lose(.init(reason: "price")),
    .reopen(.init(to: "proposal", reason: "again")),
    .recordActivity(
      ActivityRecord(
        source: "/mail", id: "m-1", kind: "email", direction: .inbound, at: time, subject: "Re",
        summary: "好的", contact: Contact(email: "a@b.cn", phone: "+86 138"),
        evidence: EvidenceLink(url: "https://example.com/1", sha256: "00", title: "t"))),
    .revert(.init(eventId: other, reason: "error")),
    .assign(.init(owner: .set("han.meimei"), team: .clear, reason: "moved away")),
    .hold(.init(reason: "budget frozen", until: time.adding(days: 30))),
    .resume(.init(reason: "budget is there")),
    .tick(.init(stage: "proposal", item: "quote-checked", done: true)),
    .recordFeedback(.init(score: 4, text: "可以", at: time, explicit: true)),
    .merge(.init(into: other, reason: "entered twice")),
  ].map {
    StageCommand(
      id: other, opportunityId: opportunity, actor: "import:acme", occurredAt: time,
      expectedSequence: 4, cause: "row 7", action: $0)
  }

  static let result = CommandResult(
    commandId: other, opportunityId: opportunity, outcome: .refused, sequence: 4, errors: [failure],
    duplicate: true)

  static let pipeline = PublishedPipeline(
    key: "general", version: 3,
    definition: PipelineDefinition(
      name: LocalizedText(zh: "通用", en: "General"),
      stages: [
        Stage(
          key: "proposal", name: LocalizedText(zh: "方案", en: "Proposal"), category: .open,
          guidance: Stage.Guidance(
            keyTask: LocalizedText(zh: "一", en: "1"), focus: LocalizedText(zh: "二", en: "2"),
            difficulty: LocalizedText(zh: "三", en: "3")),
          department: LocalizedText(zh: "销售", en: "Sales"),
          entryCriteria: [
            Criterion(
              key: "budget", name: LocalizedText(zh: "预算", en: "Budget"), supplier: "finance",
              rule: .all([.filled(field: "budget"), .not(.atMost(field: "amount", value: 0))]))
          ], requiredFields: ["owner"], probability: 0.45, followUpDays: 3, benchmarkDays: 10,
          next: ["won", "lost"]),
        Stage(key: "won", name: LocalizedText(zh: "赢单", en: "Won"), category: .won),
      ]), publishedAt: time, publishedBy: "admin")
}
