import Contracts

@testable import StageService

/// Deals and commands for the tests of the domain.
enum Fixture {
  static let start = Instant("2026-03-02T09:00:00Z")!
  static let dealID = EntityID("01936f3e-7c00-7000-8000-000000000001")!

  static func id(_ number: UInt64) -> EntityID { .v7(at: start, entropy: (0, number)) }

  static func decider(
    at now: Instant = start, mode: DecisionContext.Mode = .live, event: UInt64 = 1,
    definition: PipelineDefinition = Templates.general
  ) -> Decider {
    Decider(
      definition: definition, version: 1,
      context: DecisionContext(
        now: now, actor: "li.na", eventID: id(1_000 + event), epoch: 1, mode: mode))
  }

  static func facts(
    _ deal: Opportunity, by mover: Mover = Mover(id: "li.na"), at now: Instant = start,
    definition: PipelineDefinition = Templates.general
  ) -> GateFacts {
    GateFacts(deal: deal, definition: definition, mover: mover, now: now)
  }

  static func command(
    _ action: StageCommand.Action, at: Instant? = nil, expected: Int64? = nil
  ) -> StageCommand {
    StageCommand(
      id: id(1), opportunityId: dealID, occurredAt: at, expectedSequence: expected, action: action)
  }

  static func new(_ change: (inout NewOpportunity) -> Void = { _ in }) -> NewOpportunity {
    var new = NewOpportunity(
      pipeline: "general", name: "ERP 二期", account: Account(name: "华东机械"), owner: "li.na",
      team: "east", amount: Money(minor: 120_000_00, currency: "CNY"))
    change(&new)
    return new
  }

  /// A deal that stands in the stage, with everything filled that the general template asks for.
  static func deal(in stage: String, _ change: (inout Opportunity) -> Void = { _ in })
    -> Opportunity
  {
    let created = try! decider().decide(command(.create(new())), on: nil).get()
    var deal = Opportunity(created)!
    let definition = Templates.general.stage(stage)!
    deal.stage = stage
    deal.category = definition.category
    deal.fields = [
      "customerNeeds": "替换旧系统", "budget": 1_000_000, "decisionMaker": "王总", "contractSigned": true,
    ]
    change(&deal)
    return deal
  }
}

extension Result where Success == StageEvent, Failure == Refusal {
  var event: StageEvent? { try? get() }

  var refusal: Refusal? {
    if case .failure(let refusal) = self { refusal } else { nil }
  }

  var codes: [String] { refusal?.failures.map(\.code) ?? [] }
}
