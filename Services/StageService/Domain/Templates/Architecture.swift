import Contracts

extension Template {
  /// An architecture practice: each stage is another department's.
  static let architecture = Template(
    key: "architecture", name: .both("建筑设计事务所", "Architecture practice"),
    description: .both(
      "设计项目：每个阶段由不同部门负责，交接要清楚",
      "Design projects: each stage belongs to another department, so that hand-overs matter"),
    stageCount: 5...7, emphasis: ["pre-review", "design"],
    advice: [
      .both(
        "预审不过的项目不要投入方案：设计工时是最大的成本",
        "Design nothing for a project that failed the pre-review: hours of design cost most"),
      .both(
        "每次交接都写明上一部门的结论和待办",
        "At each hand-over write down what was concluded and what is left to do"),
      .both(
        "设计费按阶段收，付款节点写进合同", "The fee is paid by phases; put their dates into the contract"),
    ],
    fields: [
      .customerNeeds, .budget, .decisionMaker, .contractSigned,
      FieldDeclaration(key: "site", name: .both("项目地点", "Site"), type: .text),
      FieldDeclaration(
        key: "floorArea", name: .both("建筑面积（平方米）", "Floor area in square metres"), type: .number
      ),
      FieldDeclaration(
        key: "leadArchitect", name: .both("主创建筑师", "Lead architect"), type: .person),
      .choice(
        "buildingType", "建筑类型", "Type of building",
        [
          ("residential", "住宅", "Residential"), ("office", "办公", "Office"),
          ("public", "公共建筑", "Public"), ("industrial", "工业", "Industrial"),
          ("other", "其他", "Other"),
        ]),
    ],
    lossReasons: [
      .price, .reason("other-practice", "选择其他设计单位", "Another practice was chosen"),
      .reason("tender-lost", "投标未中", "The tender was lost"),
      .reason("project-stopped", "项目停止或延期", "The project was stopped or put off"),
      .reason("declined", "预审不通过，我方放弃", "Declined by us after the pre-review"), .other,
    ],
    stages: [
      Stage(
        key: "pre-review", name: .both("项目预审", "Pre-review"), category: .open,
        guidance: Stage.Guidance(
          task: ("判断项目是否真实、是否值得参与", "Find out whether the project is real and worth it"),
          focus: ("资质、用地与资金", "Licences, site and funding"),
          difficulty: ("信息不全就要方案", "A design is wanted on incomplete information")),
        department: .both("经营部", "Business development"), exitCriteria: [.checklistDone],
        requiredFields: ["site", "buildingType"],
        probability: 0.1, followUpDays: 3, benchmarkDays: 7, next: ["requirements", "lost"],
        checklist: [
          .item("site-legal", "用地手续已核实", "The right to the site was checked"),
          .item("funding", "资金来源已了解", "The funding is known"),
          .item("capacity", "设计人力可以安排", "Designers are available"),
        ], decider: .manager, forecastCategory: .pipeline),
      Stage(
        key: "requirements", name: .both("需求确认", "Needs confirmed"), category: .open,
        guidance: Stage.Guidance(
          task: ("取得任务书，踏勘现场", "Get the brief and visit the site"),
          focus: ("功能、面积、限额", "Use, areas, cost limit"),
          difficulty: ("业主内部意见不一", "The client's people disagree")),
        department: .marketing, exitCriteria: [.requirementsReceived],
        requiredFields: ["customerNeeds", "floorArea", "decisionMaker"],
        probability: 0.25, followUpDays: 3, benchmarkDays: 14,
        next: ["pre-review", "design", "lost"], decider: .owner, forecastCategory: .pipeline),
      Stage(
        key: "design", name: .both("方案设计", "Concept design"), category: .open,
        guidance: Stage.Guidance(
          task: ("完成概念方案并汇报", "Make the concept and present it"),
          focus: ("回应任务书的每一条", "Each point of the brief has its answer"),
          difficulty: ("反复改方案而不确认", "Revisions without a decision")),
        department: .both("设计部", "Design"), exitCriteria: [.customerAnswered(withinDays: 21)],
        requiredFields: ["leadArchitect"],
        probability: 0.45, followUpDays: 5, benchmarkDays: 30,
        next: ["requirements", "negotiation", "lost"], decider: .owner,
        forecastCategory: .bestCase),
      Stage(
        key: "negotiation", name: .both("报价谈判", "Quote and negotiation"), category: .open,
        guidance: Stage.Guidance(
          task: ("谈定设计费、范围和周期", "Agree on fee, scope and time"),
          focus: ("范围之外的工作怎么计费", "What work beyond the scope costs"),
          difficulty: ("设计费被压低", "The fee is pressed down")),
        department: .both("商务部", "Commercial"), entryCriteria: [.amountKnown],
        exitCriteria: [.amountWithinLimit], requiredFields: ["budget"],
        probability: 0.65, followUpDays: 3, benchmarkDays: 14,
        next: ["design", "contract", "lost"],
        decider: .owner, deciders: ["contract": .manager], forecastCategory: .bestCase),
      Stage(
        key: "contract", name: .both("合同签约", "Contract"), category: .open,
        guidance: Stage.Guidance(
          task: ("完成合同审批和签署", "Get the contract approved and signed"),
          focus: ("付款节点与著作权", "Dates of payment, copyright"),
          difficulty: ("业主用印流程长", "The client's sealing takes long")),
        department: .legal, exitCriteria: [.contractIsSigned],
        probability: 0.85, followUpDays: 5, benchmarkDays: 14,
        next: ["negotiation", "won", "lost"], forecastCategory: .commit),
      .won(then: ["project-start"]),
      Stage(
        key: "project-start", name: .both("项目启动", "Project start"), category: .postWin,
        guidance: Stage.Guidance(
          task: ("组建团队，召开启动会，收首期款", "Form the team, hold the kick-off, collect the first fee"),
          focus: ("商务承诺完整交接给项目组", "All that was promised reaches the team"),
          difficulty: ("签约后迟迟不启动", "The start is put off after the signing")),
        department: .both("项目管理部", "Project management"), probability: 1, followUpDays: 5,
        benchmarkDays: 21, next: []),
      .lost,
    ])
}
