import Contracts
import Testing

@testable import ActivityIngest

/// Where a rule wants a deal to go.
@Suite struct RulesTargetTests {
  private func pipeline(_ stages: [(String, StageCategory)]) -> PipelineDefinition {
    PipelineDefinition(
      name: LocalizedText(zh: "流程", en: "Pipeline"),
      stages: stages.map {
        Stage(key: $0.0, name: LocalizedText(zh: $0.0, en: $0.0), category: $0.1)
      })
  }

  private func open(_ keys: String...) -> PipelineDefinition {
    pipeline(keys.map { ($0, .open) } + [("won", .won), ("done", .postWin), ("lost", .lost)])
  }

  private func rule(_ transitions: Rule.Transition...) -> Rule {
    Rule(
      key: "r", name: LocalizedText(zh: "r", en: "r"), intent: "r", keywords: ["r"],
      transitions: transitions)
  }

  private func targets(of rule: Rule, in definition: PipelineDefinition) -> [String] {
    definition.stages.map { stage in
      rule.target(pipeline: "p", definition: definition, stage: stage.key)?.stage ?? "-"
    }
  }

  @Test func theGeneralTemplate() {
    let general = open(
      "initial-contact", "needs-analysis", "proposal", "negotiation", "contract")
    #expect(
      targets(of: .quoteConfirmed, in: general)
        == ["-", "-", "negotiation", "-", "-", "-", "-", "-"])
    #expect(
      targets(of: .solutionConfirmed, in: general) == targets(of: .quoteConfirmed, in: general))
    #expect(
      targets(of: .contractSigned, in: general)
        == ["-", "-", "-", "contract", "won", "-", "-", "-"])
    let move = Rule.contractSigned.target(
      pipeline: "general", definition: general, stage: "contract")
    #expect(move == RuleTarget(stage: "won", fields: ["contractSigned": true]))
  }

  @Test func thePipelinesOfTheDemo() {
    let software = open("lead", "needs", "demo", "trial", "negotiation", "contract")
    #expect(targets(of: .solutionConfirmed, in: software)[2...3] == ["negotiation", "negotiation"])
    #expect(targets(of: .quoteConfirmed, in: software)[3] == "negotiation")
    #expect(targets(of: .contractSigned, in: software)[4...5] == ["contract", "won"])
    let manufacturing = open("inquiry", "sampling", "quotation", "audit", "contract")
    #expect(targets(of: .solutionConfirmed, in: manufacturing)[1] == "quotation")
    #expect(targets(of: .quoteConfirmed, in: manufacturing)[2] == "audit")
    #expect(targets(of: .contractSigned, in: manufacturing)[3...4] == ["contract", "won"])
    let services = open("contact", "scoping", "proposal", "negotiation")
    #expect(targets(of: .quoteConfirmed, in: services)[2] == "negotiation")
    #expect(targets(of: .contractSigned, in: services)[3] == "won")
  }

  @Test func nextIsTheFollowingOpenStage() {
    let definition = pipeline([
      ("a", .open), ("won", .won), ("b", .open), ("c", .open), ("lost", .lost),
    ])
    let next = rule(Rule.Transition(to: .next))
    #expect(targets(of: next, in: definition) == ["b", "-", "c", "-", "-"])
    #expect(next.target(pipeline: "p", definition: definition, stage: "unknown") == nil)
  }

  @Test func theFirstWayThatFitsCounts() {
    let definition = open("a", "b", "c")
    let several = rule(
      Rule.Transition(pipeline: "other", to: .stage("c")),
      Rule.Transition(from: ["a"], to: .stage("nowhere")),
      Rule.Transition(from: ["a", "b"], to: .stage("b"), fields: ["x": 1]),
      Rule.Transition(to: .win))
    #expect(targets(of: several, in: definition) == ["b", "won", "won", "-", "-", "-"])
    #expect(
      several.target(pipeline: "other", definition: definition, stage: "a")?.stage == "c")
    #expect(
      several.target(pipeline: "p", definition: definition, stage: "a")?.fields == ["x": 1])
    #expect(targets(of: rule(), in: definition) == ["-", "-", "-", "-", "-", "-"])
    #expect(
      targets(of: rule(Rule.Transition(to: .win)), in: pipeline([("a", .open)])) == ["-"])
  }
}
