import Contracts

@testable import StageService

/// One move that somebody asks for, and what the gate says to it, by hand.
struct GateCase: Sendable, CustomStringConvertible {
  let description: String
  /// The stage that the deal stands in.
  var stage = "start"
  var fields: [String: JSONValue] = [:]
  var amount: Money? = GateCase.cny(50_000)
  var before: [Happening] = []
  var mover = Person.owner
  var to: String
  var reason: String?
  /// Set with the move.
  var with: [String: JSONValue] = [:]
  var codes: [String]
  /// Where a rule asks for the move instead of a person.
  var codesForRule: [String]

  init(
    _ description: String, in stage: String = "start", _ fields: [String: JSONValue] = [:],
    amount: Money? = GateCase.cny(50_000), after before: [Happening] = [],
    by mover: Person = .owner, to: String, reason: String? = nil,
    with: [String: JSONValue] = [:], _ codes: [String], rule codesForRule: [String]? = nil
  ) {
    self.description = description
    self.stage = stage
    self.fields = fields
    self.amount = amount
    self.before = before
    self.mover = mover
    self.to = to
    self.reason = reason
    self.with = with
    self.codes = codes
    self.codesForRule = codesForRule ?? codes
  }

  var move: StageCommand.Move {
    StageCommand.Move(to: to, reason: reason, fields: with.isEmpty ? nil : with)
  }

  /// Of the deal of the n-th case.
  static func id(_ index: Int) -> EntityID { Fixture.id(UInt64(10_000 + index)) }

  /// Why a rule asks for a move.
  static let evidence = RuleEvidence(
    activitySource: "/mail", activityId: "1", rule: "r", intent: "i", words: "好", start: 0, end: 1,
    confidence: 0.9)

  static func cny(_ minor: Int64) -> Money { Money(minor: minor, currency: "CNY") }
}

/// What happened to a deal before the move.
enum Happening: Sendable {
  case activity(String, link: Bool)
  case ticked(String, Bool = true)
  case feedback(daysAgo: Double, explicit: Bool = true)
  case expectedClose(String)
}

/// Who may ask.
enum Person: String, CaseIterable {
  case owner = "li.na"
  case ownersManager = "zhao.min"
  case otherRep = "wang.wu"
  case otherManager = "sun.li"
  case admin = "ad.min"

  var role: String {
    switch self {
    case .owner, .otherRep: "rep"
    case .ownersManager, .otherManager: "manager"
    case .admin: "admin"
    }
  }

  /// The directory of these people.
  static let standing: Standing.Lookup = { _, actor, owner in
    Standing(
      roles: Person(rawValue: actor).map { [$0.role] } ?? [],
      ownerManagers: owner == Person.owner.rawValue ? [Person.ownersManager.rawValue] : [])
  }
}

/// A deal and what happened to it until the move.
struct Story {
  let now: Instant
  private(set) var events: [StageEvent] = []
  private(set) var deal: Opportunity?
  private let id: EntityID

  /// - Parameter now: the time of the move.
  init(_ id: EntityID, of gateCase: GateCase, until now: Instant) throws {
    self.id = id
    self.now = now
    try tell(
      .create(
        NewOpportunity(
          pipeline: GateCase.pipeline, name: gateCase.description, account: Account(name: "华东机械"),
          owner: Person.owner.rawValue, amount: gateCase.amount, fields: gateCase.fields,
          stage: gateCase.stage)), daysAgo: 30)
    for happening in gateCase.before { try tell(happening) }
  }

  private mutating func tell(_ action: StageCommand.Action, daysAgo: Double) throws {
    let at = now.adding(days: -daysAgo)
    let decider = Decider(
      definition: GateCase.definition, version: 1,
      context: DecisionContext(
        now: now, actor: Person.owner.rawValue, eventID: .make(at: now), epoch: 1,
        mode: .historical))
    let event = try decider.decide(
      StageCommand(id: .make(at: now), opportunityId: id, occurredAt: at, action: action), on: deal
    ).get()
    events.append(event)
    deal = deal?.applying(event) ?? Opportunity(event)
  }

  private mutating func tell(_ happening: Happening) throws {
    switch happening {
    case .activity(let kind, let link):
      let record = ActivityRecord(
        source: "/test", id: kind, kind: kind, at: now.adding(days: -5),
        evidence: link ? EvidenceLink(url: "https://example.com/\(kind)", sha256: "ab") : nil)
      try tell(.recordActivity(record), daysAgo: 5)
    case .ticked(let item, let done):
      try tell(.tick(.init(item: item, done: done)), daysAgo: 4)
    case .feedback(let days, let explicit):
      let feedback = StageCommand.CustomerFeedback(
        score: 4, text: "可以", at: now.adding(days: -days), explicit: explicit)
      try tell(.recordFeedback(feedback), daysAgo: days)
    case .expectedClose(let date):
      try tell(.update(OpportunityPatch(expectedClose: .set(date))), daysAgo: 2)
    }
  }
}

extension GateCase {
  static let pipeline = "gate"

  static let definition = PipelineDefinition(
    name: text("gate"),
    fields: [
      FieldDeclaration(key: "need", name: text("Need"), type: .text),
      FieldDeclaration(key: "seats", name: text("Seats"), type: .number),
      FieldDeclaration(key: "budget", name: text("Budget"), type: .money),
      FieldDeclaration(key: "due", name: text("Due"), type: .date),
      FieldDeclaration(
        key: "tier", name: text("Tier"), type: .choice,
        choices: [
          .init(key: "gold", name: text("Gold")), .init(key: "silver", name: text("Silver")),
        ]
      ),
      FieldDeclaration(key: "buyer", name: text("Buyer"), type: .person),
      FieldDeclaration(key: "signed", name: text("Signed"), type: .boolean),
    ],
    lossReasons: [
      LossReason(key: "price", name: text("Price")),
      LossReason(key: "competitor", name: text("Competitor")),
    ],
    stages: [
      Stage(
        key: "start", name: text("Start"), category: .open,
        checklist: [
          ChecklistItem(key: "intro", name: text("Introduced")),
          ChecklistItem(key: "visit", name: text("Visited")),
        ]),
      asking("filled", .filled(field: "need")),
      asking("equals-choice", .equals(field: "tier", value: "gold")),
      asking("equals-number", .equals(field: "seats", value: 5)),
      asking(
        "equals-money",
        .equals(field: "budget", value: .object(["minor": 500_000, "currency": "CNY"]))),
      asking("one-of", .oneOf(field: "tier", values: ["gold", "silver"])),
      asking("at-least", .atLeast(field: "budget", value: 100_000)),
      asking("at-most", .atMost(field: "seats", value: 10)),
      asking("before", .before(field: "due", value: "2026-12-31")),
      asking("priced", .atLeast(field: "amount", value: 1)),
      asking("document", .evidence(kind: "document")),
      asking("call", .evidence(kind: "call")),
      asking("feedback", .feedback(withinDays: 7)),
      asking("checklist", .checklist),
      asking("limit", .amountWithin(limits: ["rep": 100_000, "manager": 1_000_000])),
      asking("all", .all([.filled(field: "need"), .equals(field: "signed", value: true)])),
      asking("any", .any([.filled(field: "need"), .evidence(kind: "contract")])),
      asking("not", .not(.filled(field: "need"))),
      Stage(
        key: "strict", name: text("Strict"), category: .open,
        exitCriteria: [
          Criterion(
            key: "signed", name: text("Signed"), rule: .equals(field: "signed", value: true)),
          Criterion(key: "done", name: text("Done"), rule: .checklist),
        ],
        requiredFields: ["need", "buyer", "expectedClose"], next: ["start", "after", "lost"],
        checklist: [ChecklistItem(key: "paper", name: text("Paper"))],
        deciders: ["after": .manager]),
      deciding("by-owner", .owner), deciding("by-manager", .manager),
      deciding("by-automation", .automation), deciding("by-role", .role("manager")),
      deciding("by-person", .person(Person.otherRep.rawValue)),
      Stage(
        key: "by-next", name: text("By next"), category: .open, decider: .owner,
        deciders: ["lost": .manager]),
      Stage(key: "after", name: text("After"), category: .open),
      Stage(key: "won", name: text("Won"), category: .won),
      Stage(key: "delivery", name: text("Delivery"), category: .postWin),
      Stage(key: "lost", name: text("Lost"), category: .lost),
    ])

  private static func text(_ name: String) -> LocalizedText { LocalizedText(zh: name, en: name) }

  private static func asking(_ key: String, _ rule: Criterion.Rule) -> Stage {
    Stage(
      key: key, name: text(key), category: .open,
      entryCriteria: [Criterion(key: key, name: text(key), rule: rule)])
  }

  private static func deciding(_ key: String, _ decider: MoveDecider) -> Stage {
    Stage(key: key, name: text(key), category: .open, decider: decider)
  }
}
