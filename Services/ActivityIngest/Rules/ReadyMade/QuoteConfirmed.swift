import Contracts

extension Rule {
  /// 确认报价: the customer agrees to what was quoted. The terms are still to be negotiated.
  static let quoteConfirmed = Rule(
    key: "quote-confirmed", name: LocalizedText(zh: "确认报价", en: "Quote confirmed"),
    intent: "quote-confirmed", keywords: chineseQuote + englishQuote, directions: [.inbound],
    mode: .auto,
    transitions: [
      Transition(from: [StageKey.proposal, StageKey.trial], to: .stage(StageKey.negotiation)),
      Transition(from: [StageKey.quotation], to: .stage(StageKey.audit)),
      Transition(from: [StageKey.quotation], to: .next),
    ], confidence: 0.95)

  private static let chineseQuote = [
    "{确认|接受|同意|认可}{|此|该|这份|这个|你方|你们的|你们|您的|贵司|贵司的|贵公司|贵公司的|贵方|贵方的}{报价|报价单|价格|价位|单价|总价}",
    "{报价|报价单|价格|价位|单价|总价}{|表}{确认|接受|同意|认可|敲定|谈妥|批准}",
    "{报价|报价单|价格}…{确认|同意|认可|敲定|接受|批准}",
    "{报价|报价单}……{确认无误|没问题|没有问题|可以接受|没有异议|没异议|无异议|没意见|没有意见}",
    "{确认|接受|同意|认可}…{报价|报价单}",
    "{报价|报价单|价格|价位|价钱}{|方面}{没问题|没有问题|没啥问题|没什么问题|无异议|没异议|没有异议|没意见|没有意见|无误|可以接受|能接受|可接受|ok|okay}",
    "{报价|报价单|价格}…{没问题|没有问题|没意见|没有意见|没异议|没有异议|无异议|可以接受|能接受|可接受}",
    "{报价|价格|价钱}{可以|行|成}。",
    "{报价|报价单|价格}{通过|审批通过|审核通过|定了|定下来|说定|谈定}了",
    "{报价|报价单}{通过|审批通过|审核通过|批下来|批了}",
    "{按|照|按照|依}…{报价|报价单|价格|价位|价}{走|来|执行|办|下单|签|做|定|采购|订}",
    "{这个价|这价格|这个价格|这个报价|这份报价|该报价|此报价}{可以|行|成|能接受|接受}。",
    "{价格|价}谈{好|妥|拢}了",
    "报价{我们|}认了",
  ]

  private static let englishQuote = [
    "{confirm|confirmed|confirming|confirms|accept|accepted|accepting|accepts|approve|approved|approving|approves|agreed to|agree to|agree with|agreed with|agree on|ok with|okay with|fine with|happy with|satisfied with|good with|sign off on|signed off on|green light for} {quote|quotation|price quote|price|prices|pricing|offer|price offer|quoted price|price list}",
    "{confirm|confirmed|accept|accepted|approve|approved} … {quote|quotation}",
    "{quote|quotation|price quote|price offer|quoted price|pricing|price|offer} {confirmed|approved|accepted|agreed|agreed upon|signed off|acceptable|fine by us|fine with us|fine for us|ok for us|okay for us|good for us|works for us|ok|okay|agreeable}",
    "{quote|quotation|price quote} … {confirmed|approved|accepted|signed off}",
    "{quote|quotation|offer} … {acceptable|works for us|fine with us}",
    "{go|going|go ahead|going ahead|proceed|proceeding|move forward|moving forward} with {quote|quotation|offer|price}",
    "{quote|quotation|offer} {got|gets|received} {approval|approved}",
    "price works for us",
    "no objection to {quote|quotation|price|pricing}",
    "no objections to {quote|quotation|price|pricing}",
  ]
}
