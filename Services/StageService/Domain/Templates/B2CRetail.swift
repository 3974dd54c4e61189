import Contracts

extension Template {
  /// Sales to consumers: speed.
  static let b2cRetail = Template(
    key: "b2c-retail", name: .both("B2C 零售", "B2C retail"),
    description: .both(
      "面向个人消费者：速度第一，当天能成交的不过夜",
      "Sales to consumers: speed comes first; what can be sold today is not left for tomorrow"),
    stageCount: 3...5, emphasis: ["experience"],
    advice: [
      .both(
        "每个阶段以小时到一两天计，超过三天基本流失", "Count in hours or a day or two; after three days they are gone"),
      .both("不设审批，店员在权限内当场决定", "No approvals: the shop decides on the spot within its limits"),
      .both("成交后一周内回访，复购从这里开始", "Call within a week of the sale: the next one starts there"),
    ],
    fields: [
      FieldDeclaration(key: "product", name: .both("意向商品", "Wanted product"), type: .text),
      FieldDeclaration(key: "paid", name: .both("已付款", "Paid"), type: .boolean),
      .choice(
        "channel", "渠道", "Channel",
        [("shop", "门店", "Shop"), ("online", "线上", "Online"), ("phone", "电话", "Phone")]),
    ],
    lossReasons: [
      .price, .reason("out-of-stock", "缺货", "Out of stock"),
      .reason("only-looking", "只是看看", "Only looking"), .competitor, .other,
    ],
    stages: [
      Stage(
        key: "inquiry", name: .both("到店咨询", "Inquiry"), category: .open,
        guidance: Stage.Guidance(
          task: ("问清用途和预算，推荐两三款", "Ask for use and budget, offer two or three"),
          focus: ("第一分钟的接待", "The welcome in the first minute"),
          difficulty: ("高峰期顾不过来", "Too many at rush hours")),
        department: .both("门店", "Shop"),
        exitCriteria: [
          .criterion(
            "product-known", "已知意向商品", "What they want is known", .filled(field: "product"))
        ],
        requiredFields: ["channel"],
        probability: 0.2, followUpDays: 1, benchmarkDays: 0.5,
        next: ["experience", "order", "lost"], decider: .owner, forecastCategory: .pipeline),
      Stage(
        key: "experience", name: .both("体验比较", "Tried and compared"), category: .open,
        guidance: Stage.Guidance(
          task: ("让顾客试用，解答顾虑", "Let them try it, answer doubts"),
          focus: ("顾客说出的顾虑", "The doubts they speak of"),
          difficulty: ("回家考虑后不再来", "They think it over and never return")),
        department: .both("门店", "Shop"), exitCriteria: [.customerAnswered(withinDays: 2)],
        probability: 0.5, followUpDays: 1, benchmarkDays: 1, next: ["inquiry", "order", "lost"],
        decider: .owner, forecastCategory: .bestCase),
      Stage(
        key: "order", name: .both("下单付款", "Order and payment"), category: .open,
        guidance: Stage.Guidance(
          task: ("完成付款，约定送货", "Take payment, agree delivery"),
          focus: ("付款方式与赠品", "Way of payment, extras"),
          difficulty: ("付款前反悔", "Second thoughts before paying")),
        department: .both("收银", "Checkout"), entryCriteria: [.amountKnown],
        exitCriteria: [
          .criterion(
            "paid", "客户已付款", "The customer has paid", from: "customer",
            .equals(field: "paid", value: true))
        ],
        probability: 0.85, followUpDays: 1, benchmarkDays: 0.5,
        next: ["experience", "won", "lost"], decider: .owner, forecastCategory: .commit),
      .won(then: ["after-sales"]),
      Stage(
        key: "after-sales", name: .both("售后复购", "After-sales"), category: .postWin,
        guidance: Stage.Guidance(
          task: ("回访、处理问题、邀请复购", "Call back, solve problems, invite to buy again"),
          focus: ("满意度与会员", "Satisfaction, membership"),
          difficulty: ("成交后再无联系", "No contact after the sale")),
        department: .customerSuccess, probability: 1, followUpDays: 5, benchmarkDays: 30, next: []),
      .lost,
    ])
}
