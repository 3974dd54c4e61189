import Contracts

extension DemoTrade {
  /// Parts and machines: few deals, large ones, an audit before the contract.
  static let manufacturing = DemoTrade(
    key: "manufacturing", name: LocalizedText(zh: "装备制造", en: "Manufacturing"),
    open: [
      stage(
        "inquiry", "客户询价", "Inquiry", probability: 0.15, followUp: 2, benchmark: 6, median: 5,
        success: 0.8,
        guidance: advice(
          task: ("收齐图纸与技术要求", "Collect drawings and requirements"),
          focus: ("产能与交期是否匹配", "Do capacity and date fit"),
          difficulty: ("图纸不全，反复确认", "Incomplete drawings, many questions"))),
      stage(
        "sampling", "样件打样", "Sampling", probability: 0.3, followUp: 7, benchmark: 25,
        median: 22, success: 0.8, criterion: decisionMaker,
        guidance: advice(
          task: ("按期交付合格样件", "Deliver good samples on time"),
          focus: ("检测报告与工艺记录", "Test report and process record"),
          difficulty: ("模具返工", "The tooling has to be reworked"))),
      stage(
        "quotation", "正式报价", "Quotation", probability: 0.45, followUp: 4, benchmark: 10,
        median: 9, success: 0.76, required: ["amount"],
        guidance: advice(
          task: ("提交含阶梯价的报价", "Quote with price steps"),
          focus: ("原材料波动条款", "A clause for raw material prices"),
          difficulty: ("与低价同行比价", "Compared with cheaper competitors"))),
      stage(
        "audit", "验厂审核", "Plant audit", probability: 0.6, followUp: 7, benchmark: 30,
        median: 28, success: 0.85,
        guidance: advice(
          task: ("通过客户质量体系审核", "Pass the customer's quality audit"),
          focus: ("整改项闭环", "Close every finding"),
          difficulty: ("审核排期长", "Long waits for an auditor"))),
      stage(
        "contract", "合同评审", "Contract review", probability: 0.85, followUp: 3, benchmark: 14,
        median: 12, success: 0.93,
        guidance: advice(
          task: ("完成多部门会签", "Get every department's signature"),
          focus: ("付款节点与质保", "Payment dates and warranty"),
          difficulty: ("预付款比例", "The share paid in advance"))),
    ],
    won: LocalizedText(zh: "签单投产", en: "Ordered"), postWin: nil, amounts: 300...9_000,
    products: ["精密结构件", "伺服电机", "输送线改造", "压铸模具", "检测设备", "数控加工中心"],
    teamWeights: [2, 4, 4, 1], bottleneck: ("south", "audit", 1.9))
}
