import Contracts

extension Template {
  /// From a lead to the closed deal.
  static let leadFunnel = Template(
    key: "lead-funnel", name: .both("线索漏斗", "Lead funnel"),
    description: .both(
      "从市场线索开始，逐级筛选到成交", "Starts with marketing's leads and sifts them until they close"),
    stageCount: 5...7, emphasis: ["qualification", "quotation"],
    advice: [
      .both(
        "线索一天内联系：过了一天，接通率明显下降", "Call a lead within a day: later it is much harder to reach"),
      .both(
        "不合格的线索尽早标为输单并写明原因，漏斗前端才看得清质量",
        "Lose unfit leads early and say why; only then the funnel shows how good the leads are"),
      .both(
        "按来源比较转化率，再决定投放预算", "Compare conversion by source before money goes into it"),
    ],
    fields: [.source, .customerNeeds, .budget, .decisionMaker, .contractSigned],
    lossReasons: LossReason.businessCustomers,
    stages: [
      Stage(
        key: "lead", name: .both("线索", "Lead"), category: .open,
        guidance: Stage.Guidance(
          task: ("核实联系方式，判断是否值得跟进", "Check how to reach them and whether it is worth it"),
          focus: ("来源与匹配度", "Where it comes from and how well it fits"),
          difficulty: ("线索多、质量参差", "Many leads of uneven quality")),
        department: .marketing,
        exitCriteria: [
          .criterion("source-known", "已填写来源", "The source is known", .filled(field: "source"))
        ],
        probability: 0.05, followUpDays: 1, benchmarkDays: 2, next: ["initial-contact", "lost"],
        decider: .owner, forecastCategory: .omitted),
      Stage(
        key: "initial-contact", name: .both("初步接触", "Initial contact"), category: .open,
        guidance: Stage.Guidance(
          task: ("与客户取得第一次有效沟通", "Have a first real talk with the customer"),
          focus: ("客户是否愿意继续", "Whether the customer wants to go on"),
          difficulty: ("多次联系无回应", "Several calls without an answer")),
        department: .sales, exitCriteria: [.customerMet],
        probability: 0.15, followUpDays: 2, benchmarkDays: 5,
        next: ["lead", "qualification", "lost"], decider: .owner, forecastCategory: .pipeline),
      Stage(
        key: "qualification", name: .both("需求确认", "Needs confirmed"), category: .open,
        guidance: Stage.Guidance(
          task: ("确认需求、预算和决策人", "Confirm needs, budget and who decides"),
          focus: ("需求是否真实、何时采购", "Is the need real, and when will they buy"),
          difficulty: ("客户说不清需求", "The customer cannot say what is needed")),
        department: .sales, exitCriteria: [.customerAnswered(withinDays: 14)],
        requiredFields: ["customerNeeds", "budget", "decisionMaker"],
        probability: 0.3, followUpDays: 3, benchmarkDays: 7,
        next: ["initial-contact", "quotation", "lost"], decider: .owner,
        forecastCategory: .pipeline),
      Stage(
        key: "quotation", name: .both("方案报价", "Proposal and quote"), category: .open,
        guidance: Stage.Guidance(
          task: ("给出方案和报价，取得客户意见", "Give proposal and quote, and hear what they think"),
          focus: ("报价与需求逐条对应", "Each need has its price"),
          difficulty: ("报价后没有回音", "Silence after the quote")),
        department: .presales, entryCriteria: [.requirementsReceived],
        exitCriteria: [.amountKnown, .customerAnswered(withinDays: 14)],
        probability: 0.5, followUpDays: 3, benchmarkDays: 7,
        next: ["qualification", "negotiation", "lost"], forecastCategory: .bestCase),
      Stage(
        key: "negotiation", name: .both("谈判", "Negotiation"), category: .open,
        guidance: Stage.Guidance(
          task: ("就价格和条款达成一致", "Agree on price and terms"),
          focus: ("底线与交换条件", "Limits, and what is given for what"),
          difficulty: ("压价", "Price pressure")),
        department: .sales, exitCriteria: [.amountWithinLimit],
        probability: 0.7, followUpDays: 3, benchmarkDays: 7,
        next: ["quotation", "closing", "lost"], decider: .owner, forecastCategory: .bestCase),
      Stage(
        key: "closing", name: .both("成交", "Closing"), category: .open,
        guidance: Stage.Guidance(
          task: ("签署合同，收到首款", "Have the contract signed and the first payment in"),
          focus: ("签署与付款时间", "Dates of signing and payment"),
          difficulty: ("客户内部流程慢", "The customer's own approval is slow")),
        department: .sales, exitCriteria: [.contractIsSigned],
        probability: 0.9, followUpDays: 2, benchmarkDays: 5,
        next: ["negotiation", "won", "lost"], decider: .owner, forecastCategory: .commit),
      .won(), .lost,
    ])
}
