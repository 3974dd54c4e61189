import Contracts
import Testing

@testable import StageService

@Suite struct DefinitionDiffTests {
  private func diff(_ change: (inout PipelineDefinition) -> Void) -> DefinitionDiff {
    var definition = Templates.general
    change(&definition)
    return DefinitionDiff(from: Templates.general, to: definition)
  }

  @Test func nothing() {
    let diff = diff { _ in }
    #expect(diff.added == [])
    #expect(diff.removed == [])
    #expect(diff.moved == [])
    #expect(diff.changed == [])
  }

  @Test func teams() {
    #expect(
      diff { $0.teams = ["east"] }.changed
        == [.init(stage: nil, member: "teams", old: .null, new: ["east"])])
  }

  @Test func whatWasNotThereIsAllNew() {
    let diff = DefinitionDiff(from: nil, to: Templates.general)
    #expect(diff.added.map(\.stage) == Templates.general.stages.map(\.key))
    #expect(diff.added.map(\.position) == Array(0..<8))
    #expect(diff.removed == [])
    #expect(diff.moved == [])
    #expect(diff.changed.map(\.member) == ["description", "fields", "name", "template"])
    #expect(diff.changed.allSatisfy { $0.stage == nil && $0.old == .null && $0.new != .null })
  }

  @Test func stagesComeAndGo() {
    let audit = Stage(key: "audit", name: .legal, category: .open)
    let diff = diff {
      $0.stages.remove(at: 2)
      $0.stages.insert(audit, at: 4)
    }
    #expect(diff.added == [.init(stage: "audit", name: .legal, position: 4)])
    #expect(
      diff.removed == [
        .init(stage: "proposal", name: LocalizedText(zh: "方案制定", en: "Proposal"), position: 2)
      ])
    #expect(diff.moved == [])
    #expect(diff.changed == [])
  }

  @Test func theFewestStagesMove() {
    #expect(
      diff { $0.stages.append($0.stages.remove(at: 0)) }.moved
        == [.init(stage: "initial-contact", from: 0, to: 7)])
    #expect(
      diff { $0.stages.insert($0.stages.remove(at: 4), at: 1) }.moved
        == [.init(stage: "contract", from: 4, to: 1)])
    let reversed = diff { $0.stages.reverse() }.moved
    #expect(reversed.count == 7)
  }

  @Test func eachChangedMemberWithOldAndNew() {
    let diff = diff {
      $0.name.en = "Sales"
      $0.lossReasons = [.price]
      $0.stages[1].name.zh = "需求调研"
      $0.stages[1].benchmarkDays = nil
      $0.stages[3].entryCriteria = []
      $0.stages[4].decider = .manager
    }
    #expect(
      diff.changed.map { "\($0.stage ?? "-") \($0.member)" } == [
        "- lossReasons", "- name", "needs-analysis benchmarkDays", "needs-analysis name",
        "negotiation entryCriteria", "contract decider",
      ])
    let benchmark = diff.changed[2]
    #expect(benchmark.old == 10)
    #expect(benchmark.new == .null)
    let decider = diff.changed[5]
    #expect(decider.old == .null)
    #expect(decider.new == "manager")
    #expect(diff.changed[4].new == .array([]))
  }
}
