import Contracts

extension Template {
  /// Made-to-order goods: engineers review the order between quote and negotiation.
  static let manufacturingReview = Template(
    key: "manufacturing-review", name: .both("制造业（含技术评审）", "Manufacturing with review"),
    description: .both(
      "定制产品：报价之后先做技术评审，再谈合同",
      "Products made to order: engineering reviews the order after the quote, before the contract"),
    stageCount: 5...7, emphasis: ["quotation", "audit"],
    advice: [
      .both(
        "技术评审不通过就退回方案报价，不要带着问题去谈判",
        "An order that fails the review goes back to the quote, not into the negotiation"),
      .both(
        "报价里写明有效期：材料价格会变", "Give the quote an end date: prices of material change"),
      .both(
        "图纸和规格书以客户书面确认的版本为准", "Work from the drawings that the customer confirmed in writing"),
    ],
    fields: [
      .customerNeeds, .budget, .decisionMaker, .contractSigned,
      FieldDeclaration(
        key: "specification", name: .both("技术规格", "Specification"), type: .text),
      FieldDeclaration(
        key: "deliveryDate", name: .both("要求交期", "Wanted delivery date"), type: .date),
      .choice(
        "reviewResult", "评审结论", "Result of the review",
        [
          ("passed", "通过", "Passed"), ("conditional", "有条件通过", "Passed with conditions"),
          ("failed", "不通过", "Failed"),
        ]),
    ],
    lossReasons: [
      .price, .competitor, .noBudget, .noDecision,
      .reason("not-feasible", "技术上做不到", "Technically not possible"),
      .reason("delivery-date", "交期不满足", "The delivery date cannot be met"), .other,
    ],
    stages: [
      Stage(
        key: "initial-contact", name: .both("初步接触", "Initial contact"), category: .open,
        guidance: Stage.Guidance(
          task: ("了解客户的产品和用量", "Learn the customer's product and volume"),
          focus: ("是否在工艺能力之内", "Whether our processes can make it"),
          difficulty: ("只询价，不给图纸", "They ask for a price without drawings")),
        department: .sales, exitCriteria: [.customerMet],
        probability: 0.1, followUpDays: 3, benchmarkDays: 10, next: ["qualification", "lost"],
        decider: .owner, forecastCategory: .pipeline),
      Stage(
        key: "qualification", name: .both("需求确认", "Needs confirmed"), category: .open,
        guidance: Stage.Guidance(
          task: ("拿到图纸、规格和交期要求", "Get drawings, specification and delivery date"),
          focus: ("关键尺寸、材料与认证", "Critical dimensions, material, certificates"),
          difficulty: ("规格不完整、反复变更", "Incomplete and changing specifications")),
        department: .sales, exitCriteria: [.requirementsReceived],
        requiredFields: ["customerNeeds", "specification", "deliveryDate"],
        probability: 0.25, followUpDays: 3, benchmarkDays: 10,
        next: ["initial-contact", "quotation", "lost"], decider: .owner,
        forecastCategory: .pipeline),
      Stage(
        key: "quotation", name: .both("方案报价", "Proposal and quote"), category: .open,
        guidance: Stage.Guidance(
          task: ("核算成本，给出方案和报价", "Work out the cost, give proposal and quote"),
          focus: ("材料、工时与模具费用", "Material, hours and tooling"),
          difficulty: ("成本核算周期长", "Costing takes long")),
        department: .presales, exitCriteria: [.amountKnown, .customerAnswered(withinDays: 30)],
        probability: 0.4, followUpDays: 5, benchmarkDays: 14,
        next: ["qualification", "audit", "lost"], forecastCategory: .pipeline),
      Stage(
        key: "audit", name: .both("技术评审", "Technical review"), category: .open,
        guidance: Stage.Guidance(
          task: ("评审可制造性、质量和交期", "Review whether, how well and by when it can be made"),
          focus: ("风险项与客户确认", "Risks, and what the customer confirms"),
          difficulty: ("评审意见迟迟不关闭", "Open points of the review stay open")),
        department: .both("技术部", "Engineering"),
        exitCriteria: [
          .checklistDone,
          .criterion(
            "review-passed", "技术评审通过", "The technical review is passed", from: "engineering",
            .oneOf(field: "reviewResult", values: ["passed", "conditional"])),
        ],
        probability: 0.55, followUpDays: 3, benchmarkDays: 10,
        next: ["quotation", "negotiation", "lost"],
        checklist: [
          .item("manufacturable", "可制造性已确认", "It can be made"),
          .item("quality-plan", "质量与检验计划已确定", "Quality and inspection are planned"),
          .item("capacity", "产能与交期已确认", "Capacity and delivery date are confirmed"),
        ], decider: .role("manager"), forecastCategory: .bestCase),
      Stage(
        key: "negotiation", name: .both("商务谈判", "Negotiation"), category: .open,
        guidance: Stage.Guidance(
          task: ("谈定价格、付款和违约责任", "Agree on price, payment and penalties"),
          focus: ("预付款比例", "Share of the down payment"),
          difficulty: ("多家比价", "Several suppliers are compared")),
        department: .sales, exitCriteria: [.amountWithinLimit], requiredFields: ["budget"],
        probability: 0.7, followUpDays: 3, benchmarkDays: 14, next: ["audit", "contract", "lost"],
        decider: .owner, forecastCategory: .bestCase),
      Stage(
        key: "contract", name: .both("合同签约", "Contract"), category: .open,
        guidance: Stage.Guidance(
          task: ("签署合同，收到预付款", "Get the contract signed and the down payment in"),
          focus: ("技术附件与评审结论一致", "The annexes say what the review said"),
          difficulty: ("附件与图纸版本不符", "Annexes and drawings differ")),
        department: .legal, exitCriteria: [.contractIsSigned],
        probability: 0.85, followUpDays: 3, benchmarkDays: 10,
        next: ["negotiation", "won", "lost"], forecastCategory: .commit),
      .won(), .lost,
    ])
}
