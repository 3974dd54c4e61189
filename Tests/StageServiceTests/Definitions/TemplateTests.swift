import Contracts
import Testing

@testable import StageService

@Suite struct TemplateTests {
  @Test func thereAreTen() {
    #expect(
      Templates.all.map(\.key) == [
        "general", "lead-funnel", "saas", "manufacturing-review", "architecture", "e-commerce",
        "b2b-software", "b2c-retail", "services", "manufacturing",
      ])
  }

  @Test(arguments: Templates.all.map(\.key))
  func isUsableAndWhole(_ key: String) throws {
    let template = try #require(Templates.template(key))
    let definition = template.definition
    #expect(DefinitionCheck.failures(of: definition) == [])
    #expect(definition.template == key)
    #expect(template.stageCount.contains(definition.workStages.count))
    #expect(!template.advice.isEmpty)
    #expect(!template.emphasis.isEmpty)
    #expect(template.emphasis.allSatisfy { definition.stage($0) != nil })
    #expect(definition.stages.contains { $0.category == .won })
    #expect(definition.stages.contains { $0.category == .lost })
    for stage in definition.workStages {
      #expect(stage.guidance != nil, "\(stage.key)")
      #expect(stage.department != nil, "\(stage.key)")
      #expect(stage.followUpDays != nil, "\(stage.key)")
      #expect(stage.benchmarkDays != nil, "\(stage.key)")
      #expect(stage.probability != nil, "\(stage.key)")
    }
  }

  /// Rules move deals out of the stages that name no decider.
  @Test(arguments: Templates.all.map(\.key).filter { $0 != "general" })
  func theLinterHasNothingElseToSay(_ key: String) throws {
    let moved: Set = ["demo", "trial", "sampling", "proposal", "quotation", "contract"]
    let template = try #require(Templates.template(key))
    let findings = Linter(template.definition).findings
    #expect(findings.allSatisfy { $0.code == "no-decider" && moved.contains($0.stage ?? "") })
  }

  @Test func theGeneralOneAsksForWhatItAlwaysAsked() {
    let general = Templates.general
    #expect(
      general.stages.map(\.key) == [
        "initial-contact", "needs-analysis", "proposal", "negotiation", "contract", "won",
        "follow-up", "lost",
      ])
    #expect(
      general.stages.map(\.next) == [
        ["needs-analysis", "lost"], ["initial-contact", "proposal", "lost"],
        ["needs-analysis", "negotiation", "lost"], ["proposal", "contract", "lost"],
        ["negotiation", "won", "lost"], ["follow-up"], [], [],
      ])
    #expect(general.stages.flatMap(\.entryCriteria).map(\.key) == ["amount-known"])
    #expect(general.stages.flatMap(\.exitCriteria).map(\.key) == ["contract-signed"])
    #expect(
      general.stages.flatMap(\.requiredFields) == ["customerNeeds", "budget", "decisionMaker"])
    #expect(general.lossReasons.isEmpty)
    #expect(general.stages.allSatisfy { $0.decider == nil && $0.deciders.isEmpty })
  }

  @Test func theIssuesStagesStandInTheirOrder() {
    let names: [String: [String]] = [
      "general": ["初步接触", "需求分析", "方案制定", "商务谈判", "合同签约", "后续跟进"],
      "lead-funnel": ["线索", "初步接触", "需求确认", "方案报价", "谈判", "成交"],
      "architecture": ["项目预审", "需求确认", "方案设计", "报价谈判", "合同签约", "项目启动"],
      "e-commerce": ["线索获取", "意向确认", "下单成交"],
    ]
    for (key, expected) in names {
      #expect(Templates.template(key)?.definition.workStages.map(\.name.zh) == expected)
    }
    let review = Templates.template("manufacturing-review")?.definition.stages.map(\.name.zh) ?? []
    #expect(review.firstIndex(of: "技术评审") == review.firstIndex(of: "方案报价").map { $0 + 1 })
    #expect(Templates.template("saas")?.definition.stages.contains { $0.name.zh == "试用" } == true)
    let departments = Templates.template("architecture")?.definition.workStages.map(\.department)
    #expect(Set(departments ?? []).count == 6)
  }
}
