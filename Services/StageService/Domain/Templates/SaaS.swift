import Contracts

extension Template {
  /// Subscriptions, with a trial.
  static let saas = Template(
    key: "saas", name: .both("SaaS 订阅销售", "SaaS subscriptions"),
    description: .both(
      "软件订阅：试用是否用起来决定成交，续费决定盈亏",
      "Software by subscription: use in the trial decides the deal, renewal decides the profit"),
    stageCount: 5...7, emphasis: ["trial", "onboarding"],
    advice: [
      .both(
        "试用前先约定成功标准和结束日期，没有标准的试用不会有结论",
        "Agree what success is and when the trial ends before it starts; else it ends in nothing"),
      .both(
        "盯住试用中的使用情况，三天没有登录就联系", "Watch the use: three days without a login is a reason to call"),
      .both(
        "第一个续费期从上线当天就开始准备", "The first renewal is prepared from the day of going live"),
    ],
    fields: [
      .source, .customerNeeds, .budget, .decisionMaker, .contractSigned,
      FieldDeclaration(key: "seats", name: .both("席位数", "Seats"), type: .number),
      FieldDeclaration(
        key: "trialGoal", name: .both("试用成功标准", "What makes the trial a success"), type: .text),
      FieldDeclaration(key: "trialEnds", name: .both("试用结束日", "End of the trial"), type: .date),
      .choice(
        "billing", "计费周期", "Billing",
        [("monthly", "按月", "Monthly"), ("yearly", "按年", "Yearly")]),
    ],
    lossReasons: [
      .price, .competitor, .noBudget, .noDecision,
      .reason("not-used", "试用没有用起来", "The trial was hardly used"),
      .reason("missing-feature", "缺少关键功能", "A needed feature is missing"), .unreachable, .other,
    ],
    stages: [
      Stage(
        key: "qualification", name: .both("需求确认", "Needs confirmed"), category: .open,
        guidance: Stage.Guidance(
          task: ("弄清使用场景、人数和现有系统", "Learn the use, the number of users and today's system"),
          focus: ("是否属于目标客户", "Whether they are the customers we are made for"),
          difficulty: ("只想看看，没有项目", "They only look; there is no project")),
        department: .sales, exitCriteria: [.customerMet],
        requiredFields: ["customerNeeds", "decisionMaker"],
        probability: 0.1, followUpDays: 2, benchmarkDays: 5, next: ["demo", "trial", "lost"],
        decider: .owner, forecastCategory: .pipeline),
      Stage(
        key: "demo", name: .both("产品演示", "Demonstration"), category: .open,
        guidance: Stage.Guidance(
          task: ("用客户的场景演示", "Show the customer's own case"),
          focus: ("决策人和使用者都在场", "Those who decide and those who use it are there"),
          difficulty: ("演示成了功能介绍", "It becomes a tour of features")),
        department: .presales, exitCriteria: [.customerAnswered(withinDays: 7)],
        probability: 0.25, followUpDays: 2, benchmarkDays: 5,
        next: ["qualification", "trial", "negotiation", "lost"], forecastCategory: .pipeline),
      Stage(
        key: "trial", name: .both("试用", "Trial"), category: .open,
        guidance: Stage.Guidance(
          task: ("帮客户达到约定的成功标准", "Help the customer to reach the agreed goal"),
          focus: ("活跃人数与关键功能的使用", "Active users, and use of what matters"),
          difficulty: ("开通后没人用", "Nobody uses it after it is set up")),
        department: .customerSuccess,
        entryCriteria: [
          .criterion(
            "goal-agreed", "已约定试用成功标准", "What makes the trial a success is agreed",
            .filled(field: "trialGoal"))
        ],
        exitCriteria: [.checklistDone, .customerAnswered(withinDays: 7)],
        requiredFields: ["trialEnds"],
        probability: 0.45, followUpDays: 2, benchmarkDays: 14,
        next: ["demo", "negotiation", "lost"],
        checklist: [
          .item("set-up", "帐号与数据已开通", "Accounts and data are set up"),
          .item("trained", "使用者已培训", "The users were trained"),
          .item("goal-reviewed", "与客户对照成功标准", "The goal was looked at with the customer"),
        ], forecastCategory: .bestCase),
      Stage(
        key: "negotiation", name: .both("报价谈判", "Quote and negotiation"), category: .open,
        guidance: Stage.Guidance(
          task: ("谈定席位、周期和价格", "Agree on seats, term and price"),
          focus: ("年付与多年折扣", "Yearly payment, discount for several years"),
          difficulty: ("采购部门再压一轮价", "Procurement asks for one more discount")),
        department: .sales, entryCriteria: [.amountKnown], exitCriteria: [.amountWithinLimit],
        requiredFields: ["seats", "billing", "budget"],
        probability: 0.65, followUpDays: 2, benchmarkDays: 7, next: ["trial", "contract", "lost"],
        decider: .owner, forecastCategory: .bestCase),
      Stage(
        key: "contract", name: .both("订阅签约", "Subscription signed"), category: .open,
        guidance: Stage.Guidance(
          task: ("完成签约和首期付款", "Get it signed and the first term paid"),
          focus: ("数据安全与服务条款", "Data protection and service terms"),
          difficulty: ("法务与信息安全审查慢", "Legal and security reviews are slow")),
        department: .legal, exitCriteria: [.contractIsSigned],
        probability: 0.85, followUpDays: 3, benchmarkDays: 7,
        next: ["negotiation", "won", "lost"], forecastCategory: .commit),
      .won(then: ["onboarding"]),
      Stage(
        key: "onboarding", name: .both("上线与续费", "Onboarding and renewal"), category: .postWin,
        guidance: Stage.Guidance(
          task: ("上线、推广使用、准备续费", "Go live, spread the use, prepare the renewal"),
          focus: ("活跃率与续费日期", "Active users and the date of renewal"),
          difficulty: ("到期前才想起客户", "The customer is remembered when the term ends")),
        department: .customerSuccess, probability: 1, followUpDays: 14, benchmarkDays: 330,
        next: []),
      .lost,
    ])
}
