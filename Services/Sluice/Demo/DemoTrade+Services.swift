import Contracts

extension DemoTrade {
  /// Consulting and operation: short cycles, small amounts, renewals.
  static let services = DemoTrade(
    key: "services", name: LocalizedText(zh: "专业服务", en: "Professional services"),
    open: [
      stage(
        "contact", "初步接触", "First contact", probability: 0.1, followUp: 2, benchmark: 4,
        median: 3, success: 0.7,
        guidance: advice(
          task: ("约到第一次面谈", "Agree a first meeting"),
          focus: ("对方为什么现在需要", "Why they need it now"),
          difficulty: ("联系不到决策人", "The decision maker cannot be reached"))),
      stage(
        "scoping", "范围界定", "Scoping", probability: 0.3, followUp: 3, benchmark: 8, median: 7,
        success: 0.83, criterion: decisionMaker,
        guidance: advice(
          task: ("写清交付物与边界", "Write down deliverables and limits"),
          focus: ("验收标准", "How it will be accepted"),
          difficulty: ("范围不断扩大", "The scope keeps growing"))),
      stage(
        "proposal", "方案报价", "Proposal", probability: 0.5, followUp: 3, benchmark: 7, median: 6,
        success: 0.75, required: ["amount"],
        guidance: advice(
          task: ("提交方案与人天报价", "Hand in plan and day rates"),
          focus: ("同类案例", "References of the same kind"),
          difficulty: ("人天单价被质疑", "The day rate is questioned"))),
      stage(
        "negotiation", "商务谈判", "Negotiation", probability: 0.75, followUp: 2, benchmark: 6,
        median: 5, success: 0.86,
        guidance: advice(
          task: ("就付款与变更达成一致", "Agree on payment and changes"),
          focus: ("分期付款", "Payment by milestones"),
          difficulty: ("年度预算用尽", "This year's budget is spent"))),
    ],
    won: LocalizedText(zh: "赢单", en: "Won"),
    postWin: (
      Stage(
        key: "renewal", name: LocalizedText(zh: "续约跟进", en: "Renewal"), category: .postWin,
        department: LocalizedText(zh: "客户成功部", en: "Customer success"), probability: 1,
        followUpDays: 30, benchmarkDays: 180, next: []),
      20
    ),
    amounts: 30...600,
    products: ["管理咨询", "运维外包", "数据治理服务", "员工培训", "合规审计", "品牌策划"],
    teamWeights: [3, 3, 3, 2], bottleneck: ("north", "proposal", 2))
}
