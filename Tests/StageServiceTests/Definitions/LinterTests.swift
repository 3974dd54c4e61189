import Contracts
import Testing

@testable import StageService

@Suite struct LinterTests {
  private static let trade = Templates.template("lead-funnel")!.definition

  /// The findings of the lead funnel, changed, as `stage code`; without the advice that it has anyway.
  private func findings(_ change: (inout PipelineDefinition) -> Void) -> Set<String> {
    var definition = Self.trade
    change(&definition)
    let findings = Linter(definition).findings
    #expect(findings.allSatisfy { !$0.message.zh.isEmpty && !$0.message.en.isEmpty })
    return Set(findings.map { "\($0.stage ?? "-") \($0.code)" })
      .subtracting(["quotation no-decider"])
  }

  private static func stage(_ number: Int) -> Stage {
    Stage(
      key: "extra-\(number)", name: LocalizedText(zh: "客户同意 \(number)", en: "Agreed \(number)"),
      category: .open, exitCriteria: [.customerAnswered(withinDays: Double(number))],
      followUpDays: 1, benchmarkDays: 1, decider: .owner)
  }

  @Test func nothingToSay() {
    #expect(findings { _ in } == [])
  }

  @Test func unknownTeams() {
    var definition = Self.trade
    definition.teams = ["east", "north"]
    func found(_ teams: Set<String>?) -> [LintFinding] {
      Linter(definition, teams: teams).findings.filter { $0.code == "unknown-team" }
    }
    #expect(found(["east", "north"]) == [] && found(nil) == [])
    let finding = found(["east"])
    #expect(finding.map(\.pointer) == ["/teams/1"] && finding.map(\.severity) == [.warning])
    #expect(finding.first?.message.zh.contains("north") == true)
  }

  @Test func stageCount() {
    #expect(findings { $0.stages.insert(Self.stage(1), at: 1) }.contains("- stage-count") == false)
    let nine = findings { $0.stages.insert(contentsOf: (1...3).map(Self.stage), at: 1) }
    #expect(nine.contains("- stage-count"))
    #expect(nine.contains("- more-than-eight-stages"))
    let four = findings { $0.stages.removeSubrange(1...2) }
    #expect(four.contains("- stage-count"))
    // Without a trade there is no range, but eight is still the most.
    let free = findings {
      $0.template = nil
      $0.stages.insert(contentsOf: (1...3).map(Self.stage), at: 1)
    }
    #expect(!free.contains("- stage-count"))
    #expect(free.contains("- more-than-eight-stages"))
  }

  @Test func splitTooFine() {
    let same = findings { definition in
      definition.stages[1].exitCriteria = definition.stages[0].exitCriteria.map {
        Criterion.criterion("other-key", "另一个名称", "Another name", $0.rule)
      }
    }
    #expect(same == ["initial-contact same-criteria"])
    // Asking for nothing is another matter.
    let none = findings {
      $0.stages[0].exitCriteria = []
      $0.stages[1].exitCriteria = []
    }
    #expect(none == ["lead no-exit-criteria", "initial-contact no-exit-criteria"])
  }

  @Test(arguments: [
    LocalizedText(zh: "方案报价与谈判", en: "Offer"),
    LocalizedText(zh: "洽谈", en: "Proposal and quote / negotiation"),
  ])
  func tooWide(_ name: LocalizedText) {
    #expect(findings { $0.stages[3].name = name } == ["quotation merged-stages"])
  }

  @Test func tooWideByItsKey() {
    let found = findings {
      $0.stages[3].key = "quotation-negotiation"
      $0.stages[3].name = LocalizedText(zh: "洽谈", en: "Talks")
      $0.stages[2].next = nil
      $0.stages[4].next = nil
    }
    #expect(found.contains("quotation-negotiation merged-stages"))
  }

  @Test func exitAndDecider() {
    #expect(
      findings {
        $0.stages[2].exitCriteria = []
        $0.stages[2].requiredFields = []
        $0.stages[2].decider = nil
      } == ["qualification no-exit-criteria", "qualification no-decider"])
    #expect(findings { $0.stages[2].exitCriteria = [] } == [], "required fields are criteria, too")
    #expect(
      findings {
        $0.stages[2].decider = nil
        $0.stages[2].deciders = [
          "initial-contact": .owner, "quotation": .owner, "lost": .manager,
        ]
      } == [], "each way has its decider")
  }

  @Test func whatNoPathReachesOrLeaves() {
    #expect(
      findings { $0.stages[2].next = ["initial-contact", "lost"] } == [
        "quotation unreachable", "negotiation unreachable", "closing unreachable",
        "won unreachable",
      ])
    #expect(
      findings { $0.stages[3].next = [] } == [
        "quotation dead-end", "quotation no-way-back", "negotiation unreachable",
        "closing unreachable", "won unreachable",
      ])
    // Two stages that lead only to each other.
    let circle = findings {
      $0.stages[3].next = ["negotiation"]
      $0.stages[4].next = ["quotation"]
    }
    #expect(circle.isSuperset(of: ["quotation dead-end", "negotiation dead-end"]))
    #expect(
      findings { $0.stages.removeAll { [.won, .lost].contains($0.category) } }
        .contains("- no-end"))
  }

  @Test func noWayBack() {
    #expect(
      findings { $0.stages[4].next = ["closing", "lost"] } == ["negotiation no-way-back"])
    #expect(findings { $0.stages[4].next = nil } == [])
    #expect(findings { $0.stages[4].next = ["lead", "closing", "lost"] } == [])
  }

  @Test func deadlines() {
    #expect(
      findings {
        $0.stages[0].benchmarkDays = nil
        $0.stages[1].followUpDays = nil
      } == ["lead no-benchmark", "initial-contact no-follow-up"])
  }

  @Test func whatCannotBePublishedIsAnError() {
    var definition = Self.trade
    definition.stages[1].next = ["nowhere"]
    definition.lossReasons.append(.price)
    let errors = Linter(definition).findings.filter { $0.severity == .error }
    #expect(errors.map(\.code) == ["duplicate-key", "unknown-stage"])
    #expect(errors.map(\.stage) == [nil, "initial-contact"])
    #expect(errors.map(\.pointer) == ["/lossReasons/7/key", "/stages/1/next/0"])
  }

  @Test(arguments: [
    ("发送报价", "Send quote"), ("拜访客户", "Visit the customer"), ("电话联系", "Calling"),
    ("联系客户", "Contacting"), ("跟进", "Following up"), ("产品推介", "Pitch"),
    ("提交标书", "Submitting the tender"), ("洽谈", "Negotiating"), ("催款", "Dunning"),
    ("报价", "Quoting"), ("编写方案", "Writing the proposal"),
  ])
  func namesOfTheSellersDoing(_ zh: String, _ en: String) {
    #expect(StageNames.sellersDoing(LocalizedText(zh: zh, en: en)) != nil)
  }

  @Test(arguments: [
    ("客户确认报价", "Quote accepted"), ("客户已收到报价", "Sent quote received"),
    ("需求确认", "Needs confirmed"), ("已接受拜访", "Visit agreed"), ("洽谈", "Talks"),
    ("合同签约", "Contract"), ("后续跟进", "Follow-up"), ("方案制定", "Proposal"),
    ("通过演示", "Demo attended"), ("", ""), ("谈判", "…"),
  ])
  func otherNames(_ zh: String, _ en: String) {
    #expect(StageNames.sellersDoing(LocalizedText(zh: zh, en: en)) == nil)
  }

  @Test func aNameOfTheSellersDoingIsAdvisedAgainst() {
    let found = findings { $0.stages[3].name = LocalizedText(zh: "发送报价", en: "Sending the quote") }
    #expect(found == ["quotation sellers-doing"])
  }
}
