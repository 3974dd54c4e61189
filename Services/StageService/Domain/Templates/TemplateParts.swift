import Contracts

/// What several templates are made of.
extension LocalizedText {
  static func both(_ zh: String, _ en: String) -> LocalizedText { LocalizedText(zh: zh, en: en) }

  static let sales = both("销售部", "Sales")
  static let marketing = both("市场部", "Marketing")
  static let presales = both("售前部", "Presales")
  static let legal = both("法务部", "Legal")
  static let delivery = both("交付部", "Delivery")
  static let customerSuccess = both("客户成功部", "Customer success")
}

extension Stage.Guidance {
  /// 关键任务, 关注重点, 常见难题; each Chinese, English.
  init(
    task: (String, String), focus: (String, String), difficulty: (String, String)
  ) {
    self.init(
      keyTask: .both(task.0, task.1), focus: .both(focus.0, focus.1),
      difficulty: .both(difficulty.0, difficulty.1))
  }
}

extension Stage {
  static func won(then next: [String] = [], _ name: LocalizedText = .both("赢单", "Won")) -> Stage {
    Stage(key: "won", name: name, category: .won, probability: 1, next: next)
  }

  static let lost = Stage(
    key: "lost", name: .both("输单", "Lost"), category: .lost, probability: 0, next: [],
    forecastCategory: .omitted)
}

extension FieldDeclaration {
  static let customerNeeds = FieldDeclaration(
    key: "customerNeeds", name: .both("客户需求", "Customer needs"), type: .text)
  static let budget = FieldDeclaration(key: "budget", name: .both("预算", "Budget"), type: .money)
  static let decisionMaker = FieldDeclaration(
    key: "decisionMaker", name: .both("决策人", "Decision maker"), type: .text, personal: true)
  static let contractSigned = FieldDeclaration(
    key: "contractSigned", name: .both("合同已签署", "Contract signed"), type: .boolean)

  static func choice(
    _ key: String, _ zh: String, _ en: String, _ choices: [(String, String, String)]
  ) -> FieldDeclaration {
    FieldDeclaration(
      key: key, name: .both(zh, en), type: .choice,
      choices: choices.map { Choice(key: $0.0, name: .both($0.1, $0.2)) })
  }

  static let source = choice(
    "source", "来源", "Source",
    [
      ("referral", "转介绍", "Referral"), ("website", "官网", "Website"),
      ("advertising", "广告投放", "Advertising"), ("fair", "展会活动", "Fair or event"),
      ("other", "其他", "Other"),
    ])
}

extension LossReason {
  static func reason(_ key: String, _ zh: String, _ en: String) -> LossReason {
    LossReason(key: key, name: .both(zh, en))
  }

  static let price = reason("price", "价格过高", "Price too high")
  static let competitor = reason("competitor", "选择竞争对手", "A competitor was chosen")
  static let noBudget = reason("no-budget", "预算取消或不足", "No budget, or too little")
  static let noDecision = reason("no-decision", "迟迟没有决定", "No decision was made")
  static let unfit = reason("unfit", "需求不匹配", "The offer does not fit the needs")
  static let unreachable = reason("unreachable", "联系不上客户", "The customer cannot be reached")
  static let other = reason("other", "其他原因", "Another reason")

  static let businessCustomers = [
    price, competitor, noBudget, noDecision, unfit, unreachable, other,
  ]
}

extension ChecklistItem {
  static func item(_ key: String, _ zh: String, _ en: String) -> ChecklistItem {
    ChecklistItem(key: key, name: .both(zh, en))
  }
}

extension Criterion {
  static func criterion(
    _ key: String, _ zh: String, _ en: String, from supplier: String = "owner", _ rule: Rule
  ) -> Criterion {
    Criterion(key: key, name: .both(zh, en), supplier: supplier, rule: rule)
  }

  static let amountKnown = criterion(
    "amount-known", "已填写商机金额", "The amount is known", .atLeast(field: "amount", value: 1))

  static let requirementsReceived = criterion(
    "requirements-received", "客户提交需求书", "The customer handed in the requirements",
    .evidence(kind: "document"))

  static let customerMet = criterion(
    "customer-met", "已与客户会谈", "A meeting with the customer took place",
    .any([.evidence(kind: "meeting"), .evidence(kind: "call")]))

  static func customerAnswered(withinDays days: Double) -> Criterion {
    criterion(
      "customer-answered", "客户明确反馈（\(Int(days)) 天内）",
      "The customer answered explicitly within \(Int(days)) days", .feedback(withinDays: days))
  }

  static let checklistDone = criterion(
    "checklist-done", "检查清单全部完成", "Everything on the checklist is done", .checklist)

  /// Up to 500,000.00 of the deal's currency a rep decides alone.
  static let amountWithinLimit = criterion(
    "amount-within-limit", "金额在本人审批权限内（销售 50 万）",
    "The amount lies within the mover's limit (500,000 for a rep)", from: "manager",
    .amountWithin(limits: ["rep": 50_000_000]))

  static let contractIsSigned = criterion(
    "contract-signed", "合同已签署", "The contract is signed", from: "legal",
    .equals(field: "contractSigned", value: true))
}
