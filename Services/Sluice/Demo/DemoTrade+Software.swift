import Contracts

extension DemoTrade {
  /// Business software: many leads, a trial that takes its time.
  static let software = DemoTrade(
    key: "software", name: LocalizedText(zh: "企业软件", en: "B2B software"),
    open: [
      stage(
        "lead", "线索确认", "Lead", probability: 0.1, followUp: 2, benchmark: 5, median: 4,
        success: 0.72,
        guidance: advice(
          task: ("确认客户真实存在需求", "Make sure that the need is real"),
          focus: ("行业、规模与预算周期", "Trade, size and budget cycle"),
          difficulty: ("只留了资料，没有意向", "A download, but no intent"))),
      stage(
        "needs", "需求分析", "Needs analysis", probability: 0.2, followUp: 3, benchmark: 10,
        median: 8, success: 0.82, criterion: decisionMaker,
        guidance: advice(
          task: ("访谈业务与信息部门", "Interview the business and its IT"),
          focus: ("决策人与评估标准", "Who decides, and by what"),
          difficulty: ("需求方与出资方不一致", "Those who need it are not those who pay"))),
      stage(
        "demo", "产品演示", "Demonstration", probability: 0.35, followUp: 3, benchmark: 7,
        median: 6, success: 0.84,
        guidance: advice(
          task: ("按客户场景演示", "Show it on the customer's own case"),
          focus: ("让使用者当场确认价值", "Have the users confirm the value"),
          difficulty: ("演示面面俱到却没有重点", "Everything is shown, nothing is remembered"))),
      stage(
        "trial", "试用验证", "Trial", probability: 0.5, followUp: 5, benchmark: 21, median: 19,
        success: 0.78,
        guidance: advice(
          task: ("约定成功标准并陪同试用", "Agree what success is, and stay with the trial"),
          focus: ("每周一次进展会", "One progress meeting a week"),
          difficulty: ("试用无人负责，拖而不决", "Nobody owns the trial, it drags on"))),
      stage(
        "negotiation", "商务谈判", "Negotiation", probability: 0.7, followUp: 3, benchmark: 12,
        median: 10, success: 0.83, required: ["amount"],
        guidance: advice(
          task: ("锁定报价与条款", "Settle price and terms"),
          focus: ("以年限换折扣", "Discounts only for longer terms"),
          difficulty: ("采购最后压价", "Purchasing asks for one more discount"))),
      stage(
        "contract", "合同签约", "Contract", probability: 0.9, followUp: 2, benchmark: 8, median: 6,
        success: 0.94,
        guidance: advice(
          task: ("推动法务与用印", "See it through legal and signature"),
          focus: ("数据安全附件", "The data protection annex"),
          difficulty: ("法务排期", "Waiting for legal"))),
    ],
    won: LocalizedText(zh: "赢单", en: "Won"),
    postWin: (
      Stage(
        key: "onboarding", name: LocalizedText(zh: "上线交付", en: "Onboarding"), category: .postWin,
        department: LocalizedText(zh: "客户成功部", en: "Customer success"), probability: 1,
        followUpDays: 14, benchmarkDays: 45, next: []),
      5
    ),
    amounts: 80...1_200,
    products: ["数据平台", "客户管理系统", "智能客服", "协同办公", "财务共享平台", "低代码平台"],
    teamWeights: [3, 4, 2, 2], bottleneck: ("west", "trial", 2.4))
}
