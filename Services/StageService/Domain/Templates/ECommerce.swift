import Contracts

extension Template {
  /// Online sales: few stages, short deadlines.
  static let eCommerce = Template(
    key: "e-commerce", name: .both("电商", "E-commerce"),
    description: .both(
      "线上销售：阶段少，响应要快", "Sales online: few stages, and answers must come fast"),
    stageCount: 3...5, emphasis: ["intent"],
    advice: [
      .both(
        "咨询当天回复，超过一天的线索多半已在别处下单", "Answer on the same day; a day later most have ordered elsewhere"),
      .both(
        "下单未付款的在一天内提醒一次，不要反复催", "Remind once within a day of an unpaid order, not again and again"),
      .both(
        "阶段不要再细分：单量大，填写的时间就是成本", "Do not split the stages: with many orders every entry costs time"),
    ],
    fields: [
      .source,
      FieldDeclaration(key: "product", name: .both("意向商品", "Wanted product"), type: .text),
      FieldDeclaration(key: "paid", name: .both("已付款", "Paid"), type: .boolean),
    ],
    lossReasons: [
      .price, .reason("out-of-stock", "缺货", "Out of stock"),
      .reason("not-paid", "下单未付款", "Ordered but not paid"), .competitor, .unreachable, .other,
    ],
    stages: [
      Stage(
        key: "lead", name: .both("线索获取", "Lead"), category: .open,
        guidance: Stage.Guidance(
          task: ("接住咨询，留下联系方式", "Take the inquiry and a way to reach them"),
          focus: ("响应速度", "How fast we answer"),
          difficulty: ("访客匆匆离开", "Visitors leave quickly")),
        department: .marketing,
        exitCriteria: [
          .criterion("source-known", "已填写来源", "The source is known", .filled(field: "source"))
        ],
        probability: 0.1, followUpDays: 1, benchmarkDays: 1, next: ["intent", "order", "lost"],
        decider: .owner, forecastCategory: .pipeline),
      Stage(
        key: "intent", name: .both("意向确认", "Intent confirmed"), category: .open,
        guidance: Stage.Guidance(
          task: ("确认想买什么、什么时候要", "Find out what they want, and by when"),
          focus: ("库存、价格与活动", "Stock, price, offers"),
          difficulty: ("比价后离开", "They compare prices and leave")),
        department: .sales, exitCriteria: [.customerAnswered(withinDays: 3)],
        requiredFields: ["product"],
        probability: 0.4, followUpDays: 1, benchmarkDays: 2, next: ["lead", "order", "lost"],
        decider: .owner, forecastCategory: .bestCase),
      Stage(
        key: "order", name: .both("下单成交", "Order placed"), category: .open,
        guidance: Stage.Guidance(
          task: ("确认付款并安排发货", "See that it is paid and shipped"),
          focus: ("付款与收货信息", "Payment and address"),
          difficulty: ("下单后不付款", "Orders that are never paid")),
        department: .both("运营部", "Operations"), entryCriteria: [.amountKnown],
        exitCriteria: [
          .criterion(
            "paid", "客户已付款", "The customer has paid", from: "customer",
            .equals(field: "paid", value: true))
        ],
        probability: 0.8, followUpDays: 1, benchmarkDays: 1, next: ["intent", "won", "lost"],
        decider: .owner, forecastCategory: .commit),
      .won(), .lost,
    ])
}
