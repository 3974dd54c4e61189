import Contracts

extension Template {
  /// The general six stages, with won between the contract and the follow-up.
  ///
  /// It asks for less than the others, and takes any reason for a loss and anybody's moves: it is
  /// also what deals of other systems are put into.
  static let general = Template(
    key: "general", name: .both("通用销售流程", "General sales"),
    description: .both(
      "适合大多数面向企业的销售，从初步接触到签约后跟进",
      "Fits most sales to businesses, from the first contact to the time after the contract"),
    stageCount: 5...7, emphasis: ["needs-analysis", "negotiation"],
    advice: [
      .both(
        "先用默认阶段运行一个月，再按停留时间调整，不要一开始就加阶段",
        "Work with these stages for a month and adjust by dwell times; add none at the start"),
      .both(
        "需求、预算、决策人不清楚时不要做方案：后面的返工多半由此而来",
        "Write no proposal before needs, budget and decision maker are known: most rework starts there"
      ),
      .both(
        "签约不是终点，后续跟进决定回款和复购",
        "The contract is not the end: the follow-up decides on payment and the next order"),
    ],
    fields: [
      .customerNeeds,
      FieldDeclaration(key: "budget", name: .both("预算", "Budget"), type: .number),
      .decisionMaker, .contractSigned,
    ],
    stages: [
      Stage(
        key: "initial-contact", name: LocalizedText(zh: "初步接触", en: "Initial contact"),
        category: .open,
        guidance: Stage.Guidance(
          keyTask: LocalizedText(
            zh: "找到对的人，约到第一次交流", en: "Reach the right person, agree a first talk"),
          focus: LocalizedText(zh: "客户是否有兴趣和权限", en: "Interest and authority of the customer"),
          difficulty: LocalizedText(zh: "联系不到决策人", en: "The decision maker cannot be reached")),
        department: LocalizedText(zh: "销售部", en: "Sales"),
        probability: 0.1, followUpDays: 3, benchmarkDays: 7, next: ["needs-analysis", "lost"],
        forecastCategory: .pipeline),
      Stage(
        key: "needs-analysis", name: LocalizedText(zh: "需求分析", en: "Needs analysis"),
        category: .open,
        guidance: Stage.Guidance(
          keyTask: LocalizedText(zh: "弄清需求、预算和决策人", en: "Learn needs, budget and who decides"),
          focus: LocalizedText(zh: "真实痛点与优先级", en: "The real pain and its priority"),
          difficulty: LocalizedText(zh: "需求模糊、经常变化", en: "Needs are vague and keep changing")),
        department: LocalizedText(zh: "销售部", en: "Sales"),
        requiredFields: ["customerNeeds", "budget", "decisionMaker"],
        probability: 0.25, followUpDays: 3, benchmarkDays: 10,
        next: ["initial-contact", "proposal", "lost"],
        checklist: [
          .item("needs-listed", "逐条列出客户需求", "The customer's needs are listed one by one"),
          .item("needs-ranked", "与客户确认优先级", "Their order of importance is agreed"),
          .item("buyers-known", "弄清采购流程和参与人", "The way of buying and who takes part are known"),
        ], forecastCategory: .pipeline),
      Stage(
        key: "proposal", name: LocalizedText(zh: "方案制定", en: "Proposal"), category: .open,
        guidance: Stage.Guidance(
          keyTask: LocalizedText(zh: "提交贴合需求的方案和报价", en: "Hand in a fitting proposal and quote"),
          focus: LocalizedText(zh: "方案与需求逐条对应", en: "Each need has its answer"),
          difficulty: LocalizedText(zh: "方案反复修改", en: "The proposal is revised again and again")),
        department: LocalizedText(zh: "售前部", en: "Presales"),
        probability: 0.45, followUpDays: 3, benchmarkDays: 10,
        next: ["needs-analysis", "negotiation", "lost"], forecastCategory: .bestCase),
      Stage(
        key: "negotiation", name: LocalizedText(zh: "商务谈判", en: "Negotiation"),
        category: .open,
        guidance: Stage.Guidance(
          keyTask: LocalizedText(zh: "就价格、条款和交付达成一致", en: "Agree on price, terms and delivery"),
          focus: LocalizedText(zh: "底线与交换条件", en: "Limits, and what is given for what"),
          difficulty: LocalizedText(zh: "压价、竞争对手介入", en: "Price pressure, competitors step in")),
        department: LocalizedText(zh: "销售部", en: "Sales"),
        entryCriteria: [
          Criterion(
            key: "amount-known", name: LocalizedText(zh: "已填写商机金额", en: "The amount is known"),
            supplier: "owner", rule: .atLeast(field: "amount", value: 1))
        ],
        probability: 0.65, followUpDays: 3, benchmarkDays: 10,
        next: ["proposal", "contract", "lost"], forecastCategory: .bestCase),
      Stage(
        key: "contract", name: LocalizedText(zh: "合同签约", en: "Contract"), category: .open,
        guidance: Stage.Guidance(
          keyTask: LocalizedText(zh: "完成合同审批和签署", en: "Get the contract approved and signed"),
          focus: LocalizedText(zh: "法务与付款条款", en: "Legal and payment terms"),
          difficulty: LocalizedText(zh: "内部审批慢", en: "Slow internal approval")),
        department: LocalizedText(zh: "法务部", en: "Legal"),
        exitCriteria: [
          Criterion(
            key: "contract-signed", name: LocalizedText(zh: "合同已签署", en: "The contract is signed"),
            supplier: "legal", rule: .equals(field: "contractSigned", value: true))
        ],
        probability: 0.85, followUpDays: 3, benchmarkDays: 7,
        next: ["negotiation", "won", "lost"],
        checklist: [
          .item("terms-checked", "法务审核条款", "The terms were checked by legal"),
          .item("payment-agreed", "付款计划写入合同", "The plan of payments stands in the contract"),
        ], forecastCategory: .commit),
      .won(then: ["follow-up"]),
      Stage(
        key: "follow-up", name: LocalizedText(zh: "后续跟进", en: "Follow-up"), category: .postWin,
        guidance: Stage.Guidance(
          keyTask: LocalizedText(zh: "交付、回款、挖掘二次需求", en: "Deliver, collect, find the next need"),
          focus: LocalizedText(zh: "客户满意度", en: "Customer satisfaction"),
          difficulty: LocalizedText(zh: "签约后无人跟进", en: "Nobody follows up after signing")),
        department: LocalizedText(zh: "客户成功部", en: "Customer success"),
        probability: 1, followUpDays: 30, benchmarkDays: 90, next: []),
      .lost,
    ])
}
