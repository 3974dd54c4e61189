import Contracts

extension Template {
  /// Services and consulting: repeat business.
  static let services = Template(
    key: "services", name: .both("服务与咨询", "Services and consulting"),
    description: .both(
      "咨询、培训、外包等服务：靠信任成交，靠后续跟进带来复购",
      "Consulting, training, outsourcing: sold by trust; the follow-up brings the next order"),
    stageCount: 5...7, emphasis: ["follow-up"],
    advice: [
      .both(
        "后续跟进最重要：老客户的复购和转介绍成本最低",
        "The follow-up matters most: another order from a customer costs least"),
      .both(
        "诊断阶段就让将来的顾问参与，客户买的是人",
        "Let the future consultants take part in the diagnosis: customers buy people"),
      .both("方案写明不包含什么，避免范围蔓延", "Say what is not included, so that the scope does not creep"),
    ],
    fields: [
      .source, .customerNeeds, .budget, .decisionMaker, .contractSigned,
      FieldDeclaration(
        key: "leadConsultant", name: .both("主责顾问", "Lead consultant"), type: .person),
      FieldDeclaration(key: "personDays", name: .both("人天数", "Person-days"), type: .number),
    ],
    lossReasons: [
      .price, .competitor, .noBudget, .noDecision,
      .reason("in-house", "客户自己做", "The customer does it in-house"), .unfit, .other,
    ],
    stages: [
      Stage(
        key: "initial-contact", name: .both("初步接触", "Initial contact"), category: .open,
        guidance: Stage.Guidance(
          task: ("建立信任，了解背景", "Win trust, learn the background"),
          focus: ("转介绍人与共同经历", "Who recommended us, what we share"),
          difficulty: ("对方只想要报价单", "They only want a price list")),
        department: .sales, exitCriteria: [.customerMet],
        probability: 0.1, followUpDays: 3, benchmarkDays: 10, next: ["diagnosis", "lost"],
        decider: .owner, forecastCategory: .pipeline),
      Stage(
        key: "diagnosis", name: .both("需求诊断", "Diagnosis"), category: .open,
        guidance: Stage.Guidance(
          task: ("与客户一起说清问题和目标", "Say with the customer what is wrong and what is wanted"),
          focus: ("成功如何衡量", "How success is measured"),
          difficulty: ("症状当成原因", "Symptoms are taken for causes")),
        department: .both("咨询部", "Consulting"), exitCriteria: [.requirementsReceived],
        requiredFields: ["customerNeeds", "decisionMaker", "leadConsultant"],
        probability: 0.3, followUpDays: 3, benchmarkDays: 14,
        next: ["initial-contact", "proposal", "lost"], decider: .owner,
        forecastCategory: .pipeline),
      Stage(
        key: "proposal", name: .both("方案建议", "Proposal"), category: .open,
        guidance: Stage.Guidance(
          task: ("给出方法、团队、人天和费用", "Give method, team, days and fee"),
          focus: ("范围与不含项", "What is in, and what is not"),
          difficulty: ("被要求免费先做", "Work is wanted for free first")),
        department: .both("咨询部", "Consulting"),
        exitCriteria: [.amountKnown, .customerAnswered(withinDays: 14)],
        requiredFields: ["personDays"],
        probability: 0.5, followUpDays: 3, benchmarkDays: 10,
        next: ["diagnosis", "negotiation", "lost"], forecastCategory: .bestCase),
      Stage(
        key: "negotiation", name: .both("商务谈判", "Negotiation"), category: .open,
        guidance: Stage.Guidance(
          task: ("谈定费用、里程碑和人员", "Agree on fee, milestones and people"),
          focus: ("按里程碑付款", "Payment by milestones"),
          difficulty: ("按人天压价", "The daily rate is pressed down")),
        department: .sales, exitCriteria: [.amountWithinLimit], requiredFields: ["budget"],
        probability: 0.7, followUpDays: 3, benchmarkDays: 10,
        next: ["proposal", "contract", "lost"], decider: .owner, forecastCategory: .bestCase),
      Stage(
        key: "contract", name: .both("合同签约", "Contract"), category: .open,
        guidance: Stage.Guidance(
          task: ("签署合同与保密协议", "Get contract and non-disclosure signed"),
          focus: ("交付物与验收", "What is delivered, how it is accepted"),
          difficulty: ("先干活后补合同", "Work starts before the contract")),
        department: .legal, exitCriteria: [.contractIsSigned],
        probability: 0.85, followUpDays: 3, benchmarkDays: 7,
        next: ["negotiation", "won", "lost"], forecastCategory: .commit),
      .won(then: ["project-delivery"]),
      Stage(
        key: "project-delivery", name: .both("项目交付", "Delivery"), category: .postWin,
        guidance: Stage.Guidance(
          task: ("按里程碑交付并收款", "Deliver and collect by milestones"),
          focus: ("客户感受到的进展", "The progress that the customer feels"),
          difficulty: ("范围蔓延", "The scope creeps")),
        department: .delivery,
        exitCriteria: [
          .criterion(
            "accepted", "客户签收成果", "The customer took over the results",
            .all([.evidence(kind: "document"), .feedback(withinDays: 30)]))
        ],
        probability: 1, followUpDays: 7, benchmarkDays: 60, next: ["follow-up"], decider: .owner),
      Stage(
        key: "follow-up", name: .both("后续跟进", "Follow-up"), category: .postWin,
        guidance: Stage.Guidance(
          task: ("回访效果，发现新需求，请求转介绍", "See what it brought, find new needs, ask for referrals"),
          focus: ("效果数据与关键人变动", "Results, and changes among key people"),
          difficulty: ("项目结束就断了联系", "Contact ends with the project")),
        department: .customerSuccess, probability: 1, followUpDays: 30, benchmarkDays: 180,
        next: ["project-delivery"]),
      .lost,
    ])
}
