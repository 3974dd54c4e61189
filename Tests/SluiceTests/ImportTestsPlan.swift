import Contracts
import Testing

@testable import Sluice

/// The flat mapping: one row per deal.
@Suite struct ImportTestsFlat {
  static let header =
    "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
  static let now = Instant("2024-06-01T12:00:00Z")!

  static func plan(_ rows: String, header: String = header) throws -> ImportPlan {
    let mapping = try MappingReader.load("flat")
    let table = try CSVTable(file: "deals.csv", bytes: Array((header + rows).utf8))
    return ImportPlanner(mapping: mapping, now: now).plan(deals: table, history: nil)
  }

  private func creation(_ command: StageCommand) throws -> NewOpportunity {
    guard case .create(let new) = command.action else {
      throw ImportProblem("", 0, .malformedRow, "not a creation: \(command)")
    }
    return new
  }

  @Test func closedDealIsCreatedInTheEntryStageAndMoved() throws {
    let plan = try ImportTestsFlat.plan("A1,Ann,GTX,Acme,Won,2023-01-05,2023-02-07,1054.5\n")
    #expect(plan.errors.isEmpty && plan.warnings.isEmpty)
    #expect(plan.commands.count == 2)
    let new = try creation(plan.commands[0])
    #expect(new.stage == "engaging" && new.entryUnknown == nil)
    #expect(new.name == "Acme GTX" && new.account == Account(name: "Acme") && new.owner == "Ann")
    #expect(new.amount == Money(minor: 105_450, currency: "USD"))
    #expect(new.externalId == "flat:A1" && new.expectedClose == "2023-02-07")
    #expect(plan.commands[0].occurredAt == Instant("2023-01-05T00:00:00Z"))
    #expect(plan.commands[0].actor == "import:flat")
    #expect(plan.commands[1].occurredAt == Instant("2023-02-07T00:00:00Z"))
    #expect(plan.commands[1].action == .move(.init(to: "won", reason: "deals.csv line 2")))
    #expect(plan.commands[0].opportunityId == plan.commands[1].opportunityId)
  }

  @Test func openDealsStandInTheirStage() throws {
    let plan = try ImportTestsFlat.plan(
      "A1,Ann,GTX,Acme,Engaging,2023-01-05,,\nA2,Ann,GTX,Acme,Prospecting,,,5\n")
    #expect(plan.commands.count == 2)
    let dated = try creation(plan.commands[0])
    #expect(dated.stage == "engaging" && dated.entryUnknown == nil && dated.amount == nil)
    let undated = try creation(plan.commands[1])
    #expect(undated.stage == "prospecting" && undated.entryUnknown == true)
    #expect(plan.commands[1].occurredAt == nil)
    #expect(Set(plan.warnings.map(\.kind)) == [.noAmount, .noOpenedDate])
  }

  @Test func closedWithoutDates() throws {
    let plan = try ImportTestsFlat.plan(
      "A1,Ann,GTX,Acme,Won,2023-01-05,,1\nA2,Ann,GTX,Acme,Lost,,2023-03-04,1\n")
    let byStage = try plan.commands.map(creation)
    #expect(plan.commands.count == 2)
    // Sorted by time: the unknown one last.
    #expect(byStage[0].stage == "lost" && byStage[0].entryUnknown == nil)
    #expect(plan.commands[0].occurredAt == Instant("2023-03-04T00:00:00Z"))
    #expect(byStage[1].stage == "won" && byStage[1].entryUnknown == true)
    #expect(plan.warnings.map(\.kind) == [.noClosedDate, .noOpenedDate])
  }

  @Test func everyBadLineWithItsReason() throws {
    let plan = try ImportTestsFlat.plan(
      """
      A1,Ann,GTX,Acme,Won,05/01/2023,2023-02-07,1
      A2,Ann,GTX,Acme,Signed,2023-01-05,,1
      A3,Ann,GTX,Acme,Won,2023-01-05,2023-02-07,"1,054"
      ,Ann,GTX,Acme,Won,2023-01-05,2023-02-07,1
      A5,Ann,GTX,Acme,Won,2023-03-05,2023-02-07,1
      A6,Ann,GTX,Acme,Engaging,2033-03-05,,1
      A7,Ann,GTX,Acme,Engaging
      A8,Ann,GTX,Acme,Engaging,2023-01-05,,1
      A8,Ann,GTX,Acme,Engaging,2023-01-05,,1
      A9,Ann,GTX,Acme,,bad,,x
      B1,Ann,GTX,Acme,Engaging,2023-01-05,,1

      """)
    #expect(
      plan.errors.map { "\($0.line) \($0.kind.rawValue)" } == [
        "2 bad-date", "3 unknown-stage", "4 bad-amount", "5 missing-value",
        "6 closed-before-opened", "7 in-the-future", "8 malformed-row", "10 duplicate-id",
        "11 missing-value", "11 bad-date", "11 bad-amount",
      ])
    #expect(plan.errors.allSatisfy { $0.file == "deals.csv" && !$0.reason.isEmpty })
    // What --skip-bad goes on with: only the deal without any bad row.
    #expect(plan.commands.count == 1)
    #expect(plan.counts.deals == 1)
    #expect(plan.counts.skippedDeals == 8)
  }

  @Test func unknownStageListsTheKnownOnesAndTheWayOut() throws {
    let plan = try ImportTestsFlat.plan("A2,Ann,GTX,Acme,Signed,2023-01-05,,1\n")
    let reason = try #require(plan.errors.first?.reason)
    #expect(reason.contains("\"Prospecting\", \"Engaging\", \"Won\", \"Lost\""))
    #expect(reason.contains("- {from: \"Signed\", key: signed, category: open}"))
    #expect(reason.contains("--print-mapping"))
  }

  @Test func headerOnlyAndMissingColumns() throws {
    #expect(try ImportTestsFlat.plan("").errors.map(\.kind) == [.emptyFile])
    let plan = try ImportTestsFlat.plan("1\n", header: "opportunity_id\n")
    #expect(plan.errors.map(\.kind) == [.missingColumn])
    #expect(plan.errors[0].reason.contains("account, product"))
  }

  @Test func tooLongText() throws {
    let name = String(repeating: "长", count: 201)
    let plan = try ImportTestsFlat.plan("A1,Ann,\(name),Acme,Engaging,2023-01-05,,1\n")
    #expect(plan.errors.map(\.kind) == [.badText])
  }

  @Test func aRepeatGivesTheSameCommandsAndOtherSourcesOthers() throws {
    let rows = "A1,Ann,GTX,Acme,Won,2023-01-05,2023-02-07,1\nA2,Ann,GTX,,Prospecting,,,5\n"
    let first = try ImportTestsFlat.plan(rows)
    #expect(try ImportTestsFlat.plan(rows).commands == first.commands)
    #expect(Set(first.commands.map(\.id)).count == 3)
    let identity = ImportIdentity(source: "flat", externalId: "A1")
    #expect(first.commands[0].id == identity.command(0, at: first.commands[0].occurredAt))
    #expect(
      ImportIdentity(source: "other", externalId: "A1").opportunity(at: nil)
        != identity.opportunity(at: nil))
    #expect(first.commands[0].id < first.commands[1].id)
  }
}

/// A history of stages beside the deals.
@Suite struct ImportTestsHistory {
  private static let mapping = """
    source: crm
    pipeline: {key: crm}
    dateFormat: yyyy-MM-dd HH:mm
    currency: CNY
    stages:
      - {from: A, key: a, category: open}
      - {from: B, key: b, category: open}
      - {from: W, key: w, category: won}
    opportunities: {id: id, stage: stage, openedAt: opened, amount: amount}
    history: {id: deal, at: at, stage: to, order: n}
    """

  private func plan(_ history: String, deals: String?) throws -> ImportPlan {
    let mapping = try MappingReader.parse(ImportTestsHistory.mapping, file: "m.yaml")
    return ImportPlanner(mapping: mapping, now: ImportTestsFlat.now).plan(
      deals: try deals.map {
        try CSVTable(file: "d.csv", bytes: Array(("id,stage,opened,amount\n" + $0).utf8))
      },
      history: try CSVTable(file: "h.csv", bytes: Array(("deal,at,to,n\n" + history).utf8)))
  }

  @Test func orderIsDateThenNumberThenLine() throws {
    let plan = try plan(
      """
      1,2023-01-02 10:00,B,2
      1,2023-01-02 10:00,A,1
      1,2023-01-03 00:00,B,0
      1,2023-01-01 00:00,A,9
      1,2023-01-03 00:00,W,0

      """, deals: "1,W,2023-01-01 00:00,5\n")
    #expect(plan.errors.isEmpty && plan.warnings.isEmpty)
    let actions = plan.commands.map { command -> String in
      switch command.action {
      case .create(let new): "create \(new.stage ?? "")"
      case .move(let move): "move \(move.to): \(move.reason ?? "")"
      case .update(let patch): "note: \(patch.reason ?? "")"
      default: "?"
      }
    }
    #expect(
      actions == [
        "create a", "note: h.csv line 3 repeats the stage A", "move b: h.csv line 2",
        "note: h.csv line 4 repeats the stage B", "move w: h.csv line 6",
      ])
    #expect(plan.counts == .init(deals: 1, moves: 2, repeats: 2, skippedDeals: 0))
  }

  @Test func warningsOfTheTwoFilesTogether() throws {
    let plan = try plan(
      "1,2023-01-02 10:00,A,\n2,2023-01-02 10:00,W,\n3,2023-01-02 10:00,A,\n",
      deals: "1,B,2023-02-01 00:00,\n2,W,2023-01-01 00:00,5\n4,B,2023-01-01 00:00,5\n")
    #expect(plan.errors.isEmpty)
    #expect(
      plan.warnings.map { "\($0.file) \($0.line) \($0.kind.rawValue)" } == [
        "d.csv 2 no-amount", "d.csv 2 begins-before-created", "d.csv 2 stage-disagrees",
        "d.csv 4 no-history", "h.csv 3 begins-closed", "h.csv 4 history-only",
      ])
    #expect(plan.counts.deals == 4)
  }

  @Test func historyAlone() throws {
    let plan = try plan("1,2023-01-02 10:00,A,\n", deals: nil)
    #expect(plan.errors.isEmpty && plan.warnings.isEmpty && plan.commands.count == 1)
  }

  @Test func aDealWithOneBadRowIsLeftOutWhole() throws {
    let plan = try plan(
      "1,2023-01-02 10:00,A,\n1,2023-01-32 10:00,B,\n2,2023-01-02 10:00,A,x\n3,2023-01-02 10:00,A,1\n",
      deals: "1,B,,5\n2,A,,5\n3,A,,zz\n")
    #expect(
      plan.errors.map { "\($0.file) \($0.line) \($0.kind.rawValue)" } == [
        "d.csv 4 bad-amount", "h.csv 3 bad-date", "h.csv 4 bad-order",
      ])
    #expect(plan.commands.isEmpty)
    #expect(plan.counts.skippedDeals == 3)
  }

  @Test func filesMustFitTheMapping() throws {
    let withHistory = try MappingReader.parse(ImportTestsHistory.mapping, file: "m")
    let flat = try MappingReader.load("flat")
    #expect(throws: OperatorFailure.self) {
      try ImportSources(opportunities: "d", history: nil).check(against: withHistory, named: "m")
    }
    #expect(throws: OperatorFailure.self) {
      try ImportSources(opportunities: "d", history: "h").check(against: flat, named: "flat")
    }
    #expect(throws: OperatorFailure.self) {
      try ImportSources(opportunities: nil, history: nil).check(against: flat, named: "flat")
    }
    try ImportSources(opportunities: "d", history: nil).check(against: flat, named: "flat")
  }
}
