import Contracts
import Foundation
import Testing

@testable import Sluice

/// The public sample export beside the project, counted here with code of its own.
private enum Sample {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../shared/data").standardizedFileURL.path
  static let history = folder + "/salesforce-opportunity-history.csv"
  static let opportunities = folder + "/salesforce-opportunity.csv"
  static let isThere = FileManager.default.fileExists(atPath: history)

  /// No field of the sample has a quote or a comma in it that matters here.
  static func rows(_ path: String) throws -> [[String: String]] {
    let text = try String(contentsOfFile: path, encoding: .utf8).replacing("\u{FEFF}", with: "")
    let lines = text.split(whereSeparator: \.isNewline).map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    return lines.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(lines[0], $0)) }
  }

  /// "06/04/2022" as 20220406.
  static func day(_ text: String?) -> Int {
    Int((text ?? "").split(separator: "/").reversed().joined()) ?? 0
  }

  static let order = [
    "Prospecting", "Qualification", "Value Proposition", "Negotiation/Review", "Closed Won",
    "Closed Lost",
  ]
}

@Suite(.enabled(if: Sample.isThere, "needs the sample export in ../shared/data"))
struct ImportTestsSalesforce {
  private func plan() throws -> ImportPlan {
    try ImportSources(opportunities: Sample.opportunities, history: Sample.history)
      .plan(MappingReader.load("salesforce-history"), now: Instant("2026-01-01T00:00:00Z")!)
  }

  @Test func countsOfTheCommands() throws {
    let plan = try plan()
    #expect(plan.errors.isEmpty)
    #expect(plan.counts == .init(deals: 219, moves: 258, repeats: 107, skippedDeals: 0))
    #expect(plan.commands.count == 584)
    #expect(Set(plan.commands.map(\.id)).count == 584)
    var stages: [EntityID: String] = [:]
    var forward = 0
    var back = 0
    let keys = plan.definition.stages.map(\.key)
    for command in plan.commands {
      switch command.action {
      case .create(let new): stages[command.opportunityId] = new.stage
      case .move(let move):
        let from = try #require(stages[command.opportunityId].flatMap(keys.firstIndex(of:)))
        let to = try #require(keys.firstIndex(of: move.to))
        if to > from { forward += 1 } else { back += 1 }
        stages[command.opportunityId] = move.to
      default: break
      }
    }
    #expect(forward == 186 && back == 72)
    let last = Dictionary(grouping: stages.values) { $0 }.mapValues(\.count)
    #expect(keys.map { last[$0] ?? 0 } == [31, 12, 14, 16, 89, 57])
  }

  @Test func warningsAgreeWithAnIndependentCount() throws {
    let deals = try Sample.rows(Sample.opportunities)
    let histories = Dictionary(grouping: try Sample.rows(Sample.history)) { $0["OppID"] ?? "" }
      .mapValues { rows in
        rows.sorted {
          (Sample.day($0["CreatedDate"]), Int($0["SortOrder"] ?? "") ?? 0)
            < (Sample.day($1["CreatedDate"]), Int($1["SortOrder"] ?? "") ?? 0)
        }
      }
    var disagree: Set<Int> = []
    var early: Set<Int> = []
    var closed = 0
    for (index, deal) in deals.enumerated() {
      let history = try #require(histories[deal["Id"] ?? ""])
      if history.last?["StageName"] != deal["StageName"] { disagree.insert(index + 2) }
      if Sample.day(history.first?["CreatedDate"]) < Sample.day(deal["CreatedDate"]) {
        early.insert(index + 2)
      }
      if history.first?["StageName"]?.hasPrefix("Closed") == true { closed += 1 }
    }
    #expect(disagree.count == 21 && early.count == 32 && closed == 47)
    let warnings = try plan().warnings
    func lines(_ kind: ImportProblem.Kind) -> Set<Int> {
      Set(warnings.filter { $0.kind == kind }.map(\.line))
    }
    #expect(lines(.stageDisagrees) == disagree)
    #expect(lines(.beginsBeforeCreated) == early)
    #expect(lines(.beginsClosed).count == closed)
    #expect(lines(.noAmount).count == 2)
    #expect(warnings.count == 21 + 32 + 47 + 2)
  }

  @Test func timesAndAmountsAreTheOriginalOnes() throws {
    let plan = try plan()
    let wanted = Instant("2022-01-01T00:00:00Z")!..<Instant("2023-01-01T00:00:00Z")!
    #expect(plan.commands.allSatisfy { wanted.contains($0.occurredAt ?? Instant(milliseconds: 0)) })
    let cents = plan.commands.reduce(Int64(0)) { sum, command in
      guard case .create(let new) = command.action else { return sum }
      return sum + (new.amount?.minor ?? 0)
    }
    let dollars = try Sample.rows(Sample.opportunities).reduce(Int64(0)) {
      $0 + (Int64($1["Amount"] ?? "") ?? 0)
    }
    #expect(cents == dollars * 100)
  }
}
