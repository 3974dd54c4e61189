import Contracts

extension Template {
  /// Manufacturing: the price is negotiated, and the deal ends with delivery and payment.
  static let manufacturing = Template(
    key: "manufacturing", name: .both("制造业", "Manufacturing"),
    description: .both(
      "设备与零部件销售：打样、报价谈判、签约，直到交付回款",
      "Equipment and parts: samples, quote and negotiation, contract, to delivery and payment"),
    stageCount: 6...7, emphasis: ["quotation", "delivery-payment"],
    advice: [
      .both(
        "报价谈判前先核准成本底线，超权限的价格由经理决定",
        "Know the lowest price before negotiating; below it the manager decides"),
      .both(
        "签约不算完，交付回款进漏斗：逾期回款要看得见",
        "The contract is not the end: delivery and payment are in the funnel, so that late ones show"
      ),
      .both("样品通过要有客户的书面结论", "A sample has passed when the customer says so in writing"),
    ],
    fields: [
      .customerNeeds, .budget, .decisionMaker, .contractSigned,
      FieldDeclaration(
        key: "annualVolume", name: .both("年用量", "Yearly volume"), type: .number),
      FieldDeclaration(
        key: "deliveryDate", name: .both("要求交期", "Wanted delivery date"), type: .date),
      FieldDeclaration(key: "prepaid", name: .both("已收预付款", "Down payment"), type: .boolean),
    ],
    lossReasons: [
      .price, .competitor, .noBudget, .noDecision,
      .reason("sample-failed", "样品不合格", "The sample failed"),
      .reason("delivery-date", "交期不满足", "The delivery date cannot be met"), .other,
    ],
    stages: [
      Stage(
        key: "initial-contact", name: .both("初步接触", "Initial contact"), category: .open,
        guidance: Stage.Guidance(
          task: ("找到技术和采购两条线的人", "Find the people in engineering and in procurement"),
          focus: ("现有供应商与痛点", "Today's supplier, and what hurts"),
          difficulty: ("进不了供应商名录", "Not on the list of suppliers")),
        department: .sales, exitCriteria: [.customerMet],
        probability: 0.1, followUpDays: 5, benchmarkDays: 14, next: ["qualification", "lost"],
        decider: .owner, forecastCategory: .pipeline),
      Stage(
        key: "qualification", name: .both("需求确认", "Needs confirmed"), category: .open,
        guidance: Stage.Guidance(
          task: ("确认规格、用量和交期", "Confirm specification, volume and delivery date"),
          focus: ("年用量与认证要求", "Yearly volume, certificates"),
          difficulty: ("规格由第三方掌握", "A third party owns the specification")),
        department: .sales, exitCriteria: [.requirementsReceived],
        requiredFields: ["customerNeeds", "annualVolume", "deliveryDate", "decisionMaker"],
        probability: 0.25, followUpDays: 3, benchmarkDays: 14,
        next: ["initial-contact", "sampling", "quotation", "lost"], decider: .owner,
        forecastCategory: .pipeline),
      Stage(
        key: "sampling", name: .both("方案打样", "Samples"), category: .open,
        guidance: Stage.Guidance(
          task: ("送样并取得测试结论", "Send samples and get the result of the tests"),
          focus: ("测试标准与周期", "How and how long it is tested"),
          difficulty: ("样品反复修改", "Samples are changed again and again")),
        department: .both("技术部", "Engineering"),
        exitCriteria: [
          .criterion(
            "sample-passed", "客户书面确认样品", "The customer confirmed the sample in writing",
            .all([.evidence(kind: "document"), .feedback(withinDays: 30)]))
        ],
        probability: 0.4, followUpDays: 5, benchmarkDays: 30,
        next: ["qualification", "quotation", "lost"], forecastCategory: .pipeline),
      Stage(
        key: "quotation", name: .both("报价谈判", "Quote and negotiation"), category: .open,
        guidance: Stage.Guidance(
          task: ("报价并谈定价格、账期和违约责任", "Quote, agree on price, terms of payment and penalties"),
          focus: ("成本底线与账期", "Lowest price, terms of payment"),
          difficulty: ("多家比价、年降要求", "Several suppliers, yearly price cuts")),
        department: .sales, entryCriteria: [.amountKnown],
        exitCriteria: [.amountWithinLimit, .customerAnswered(withinDays: 30)],
        requiredFields: ["budget"],
        probability: 0.6, followUpDays: 3, benchmarkDays: 21,
        next: ["sampling", "contract", "lost"], deciders: ["contract": .manager],
        forecastCategory: .bestCase),
      Stage(
        key: "contract", name: .both("合同签约", "Contract"), category: .open,
        guidance: Stage.Guidance(
          task: ("签署合同，收到预付款", "Get the contract signed and the down payment in"),
          focus: ("质保、交期与违约", "Warranty, delivery, penalties"),
          difficulty: ("框架协议没有数量", "A frame contract without volumes")),
        department: .legal, exitCriteria: [.contractIsSigned], requiredFields: ["prepaid"],
        probability: 0.85, followUpDays: 3, benchmarkDays: 14,
        next: ["quotation", "won", "lost"], forecastCategory: .commit),
      .won(then: ["delivery-payment"]),
      Stage(
        key: "delivery-payment", name: .both("交付回款", "Delivery and payment"),
        category: .postWin,
        guidance: Stage.Guidance(
          task: ("按期交付，验收后收回尾款", "Deliver in time, collect after acceptance"),
          focus: ("验收单与应收账龄", "Acceptance, age of what is owed"),
          difficulty: ("尾款拖欠", "The last payment is late")),
        department: .both("生产与财务部", "Production and finance"), probability: 1, followUpDays: 10,
        benchmarkDays: 90, next: []),
      .lost,
    ])
}
