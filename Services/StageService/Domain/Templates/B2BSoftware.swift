import Contracts

extension Template {
  /// Business software: needs analysis and negotiation weigh most.
  static let b2bSoftware = Template(
    key: "b2b-software", name: .both("B2B 软件", "B2B software"),
    description: .both(
      "面向企业的软件项目：周期长、参与人多，需求分析和谈判最关键",
      "Software for businesses: long, many people take part; needs and negotiation decide"),
    stageCount: 6...8, emphasis: ["needs-analysis", "negotiation"],
    advice: [
      .both(
        "需求分析值得多花时间：需求没说清，后面每一步都要返工",
        "Take time for the needs: what is left unclear comes back at every later step"),
      .both(
        "谈判前确认真正拍板的人，并由经理批准折扣",
        "Before negotiating know who really decides, and have discounts approved by the manager"),
      .both(
        "概念验证要写明通过标准，通过即进入谈判",
        "Write down what passes the proof of concept; what passes goes into the negotiation"),
    ],
    fields: [
      .source, .customerNeeds, .budget, .decisionMaker, .contractSigned,
      FieldDeclaration(key: "users", name: .both("使用人数", "Number of users"), type: .number),
      FieldDeclaration(key: "goLive", name: .both("期望上线日", "Wanted go-live"), type: .date),
      FieldDeclaration(
        key: "solutionArchitect", name: .both("售前顾问", "Solution architect"), type: .person),
    ],
    lossReasons: LossReason.businessCustomers,
    stages: [
      Stage(
        key: "qualification", name: .both("线索确认", "Lead qualified"), category: .open,
        guidance: Stage.Guidance(
          task: ("确认有项目、有预算、有时间表", "See that there is a project, a budget and a date"),
          focus: ("谁发起、为什么是现在", "Who wants it, and why now"),
          difficulty: ("只是了解市场", "They only look at the market")),
        department: .sales, exitCriteria: [.customerMet], requiredFields: ["source"],
        probability: 0.1, followUpDays: 3, benchmarkDays: 7, next: ["needs-analysis", "lost"],
        decider: .owner, forecastCategory: .pipeline),
      Stage(
        key: "needs-analysis", name: .both("需求分析", "Needs analysis"), category: .open,
        guidance: Stage.Guidance(
          task: ("访谈各方，形成需求清单并由客户确认", "Talk to all sides, list the needs, have them confirmed"),
          focus: ("决策链、痛点、现有系统", "Who decides, what hurts, today's systems"),
          difficulty: ("各部门需求冲突", "Departments want different things")),
        department: .presales, exitCriteria: [.requirementsReceived, .checklistDone],
        requiredFields: ["customerNeeds", "budget", "decisionMaker", "users"],
        probability: 0.25, followUpDays: 3, benchmarkDays: 21,
        next: ["qualification", "proposal", "lost"],
        checklist: [
          .item("users-heard", "使用部门已访谈", "Those who will use it were heard"),
          .item("it-heard", "信息部门已访谈", "The IT department was heard"),
          .item("buying-known", "采购流程已了解", "The way of buying is known"),
        ], decider: .owner, forecastCategory: .pipeline),
      Stage(
        key: "proposal", name: .both("方案制定", "Proposal"), category: .open,
        guidance: Stage.Guidance(
          task: ("给出与需求对应的方案和报价", "Give a proposal and quote that answer the needs"),
          focus: ("差异化价值与投入产出", "What sets us apart, and what it returns"),
          difficulty: ("方案停在信息部门", "The proposal stays with the IT department")),
        department: .presales, exitCriteria: [.amountKnown, .customerAnswered(withinDays: 21)],
        requiredFields: ["solutionArchitect"],
        probability: 0.4, followUpDays: 3, benchmarkDays: 14,
        next: ["needs-analysis", "proof-of-concept", "negotiation", "lost"],
        forecastCategory: .pipeline),
      Stage(
        key: "proof-of-concept", name: .both("概念验证", "Proof of concept"), category: .open,
        guidance: Stage.Guidance(
          task: ("按约定标准完成验证", "Prove it by the agreed standard"),
          focus: ("通过标准与结束日期", "What passes, and by when"),
          difficulty: ("验证范围不断扩大", "The scope grows and grows")),
        department: .presales,
        exitCriteria: [
          .criterion(
            "report-accepted", "客户签收验证报告", "The customer took over the report",
            .all([.evidence(kind: "document"), .feedback(withinDays: 14)]))
        ],
        probability: 0.55, followUpDays: 3, benchmarkDays: 21,
        next: ["proposal", "negotiation", "lost"], decider: .owner, forecastCategory: .bestCase),
      Stage(
        key: "negotiation", name: .both("商务谈判", "Negotiation"), category: .open,
        guidance: Stage.Guidance(
          task: ("谈定价格、范围、服务和付款", "Agree on price, scope, service and payment"),
          focus: ("折扣换来什么", "What the discount is given for"),
          difficulty: ("采购与使用部门目标不同", "Procurement and users want different things")),
        department: .sales, exitCriteria: [.amountWithinLimit], requiredFields: ["goLive"],
        probability: 0.7, followUpDays: 3, benchmarkDays: 21,
        next: ["proposal", "contract", "lost"], decider: .owner,
        deciders: ["contract": .manager], forecastCategory: .bestCase),
      Stage(
        key: "contract", name: .both("合同签约", "Contract"), category: .open,
        guidance: Stage.Guidance(
          task: ("完成双方审批和签署", "Get it approved and signed on both sides"),
          focus: ("验收标准与知识产权", "Acceptance and intellectual property"),
          difficulty: ("合同文本来回修改", "The text goes back and forth")),
        department: .legal, exitCriteria: [.contractIsSigned],
        probability: 0.85, followUpDays: 3, benchmarkDays: 14,
        next: ["negotiation", "won", "lost"], forecastCategory: .commit),
      .won(then: ["implementation"]),
      Stage(
        key: "implementation", name: .both("实施上线", "Implementation"), category: .postWin,
        guidance: Stage.Guidance(
          task: ("实施、培训、验收、回款", "Implement, train, have it accepted, collect"),
          focus: ("验收日期与二次开发需求", "Date of acceptance, further development"),
          difficulty: ("销售承诺与交付脱节", "What sales promised is not what is delivered")),
        department: .delivery, probability: 1, followUpDays: 14, benchmarkDays: 120, next: []),
      .lost,
    ])
}
