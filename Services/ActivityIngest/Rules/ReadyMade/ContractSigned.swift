import Contracts

extension Rule {
  /// 签署合同: the contract is signed. Where nothing is left but to count it as won, the deal is.
  static let contractSigned = Rule(
    key: "contract-signed", name: LocalizedText(zh: "签署合同", en: "Contract signed"),
    intent: "contract-signed", keywords: chineseContract + englishContract,
    directions: [.inbound], mode: .auto,
    transitions: [
      Transition(from: [StageKey.contract], to: .win, fields: signed),
      Transition(
        from: [StageKey.negotiation, StageKey.audit], to: .stage(StageKey.contract), fields: signed),
      // A pipeline that has no stage for the contract.
      Transition(from: [StageKey.negotiation], to: .win, fields: signed),
    ], confidence: 0.95)

  private static let signed: [String: JSONValue] = ["contractSigned": true]

  private static let chineseContract = [
    "{签署|签订}{合同|合约|协议|采购合同|销售合同|服务合同}",
    "{签|签好|签完|签妥|签下|签回}了{|这份|这个|该|正式}{合同|合约|协议}",
    "已{签|签署|签订|签好|签完|签回}{|这份|这个|该|正式|双方}{合同|合约|协议}",
    "{签署|签订}了…{合同|协议}",
    "签了…合同",
    "{合同|合约|协议|合同书|采购合同|服务合同}{签|签署|签订|签好|签完|签妥|签字|签章|签回|双签|会签完成}了",
    "{合同|合约|协议|合同书|采购合同|服务合同}…{签好|签完|签妥|签署完成|签署完毕|签订完成|签订完毕|签署完|双签完成|盖好章|盖完章|签字盖章|签章完成|签署成功|签订成功}",
    "{合同|合约|协议|合同书}…{签|签署|签订|签字|盖章|签章|用印|双签}了",
    "{合同|合约|协议|合同书}…{盖章|签字|签章|用印}…{回传|寄回|寄出|发回|扫描|完成|完毕|快递}",
    "{合同|合约|协议}{扫描件|原件|回传件|电子版|盖章版|盖章件|签字版|签字页|双章版}…{寄出|寄回|回传|见附件|请查收|发您|发给您|发你|发回}",
    "{签好|签完|签署|盖章|盖好章|签字|双签|签回|签署完成|签字盖章}{|后|完|好|过}的…{合同|合约|协议}…{寄出|寄回|寄给|回传|附件|查收|发您|发给您|发你|发回|快递}",
    "{附件|随附|附上}…{签好|签署|盖章|签字|双签|签回|签字盖章}{|完|好|后|过}的{|正式}{合同|合约|协议}",
    "{正式|顺利|成功}签约",
    "签约{成功|完成|完毕}",
    "签约了",
    "已签约",
    "{签字|盖章}…合同…{寄出|寄回|回传|快递}",
  ]

  private static let englishContract = [
    "{signed|executed|countersigned|have signed|sign} {contract|contracts|agreement|sales contract|purchase contract|service agreement|master agreement|paperwork|deal}",
    "{signed|executed|countersigned|counter signed} … {contract|agreement}",
    "{contract|agreement|paperwork} {signed|executed|countersigned|counter signed|fully executed}",
    "{contract|agreement} … {signed|executed|countersigned|stamped}",
    "{find|attached|attaching|enclosed|here|sending|sent|returning|returned|see} … {signed|executed|countersigned|stamped} … {contract|agreement|copy|copies}",
    "{signed|executed|countersigned|stamped} … {contract|agreement|copy|copies} {attached|enclosed|on way|in mail|sent}",
    "signature … {contract|agreement} {completed|done|complete}",
    "put pen to paper",
  ]
}
