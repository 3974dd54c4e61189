import Contracts

extension Rule {
  /// 确定方案: the customer has chosen what is to be delivered.
  static let solutionConfirmed = Rule(
    key: "solution-confirmed", name: LocalizedText(zh: "确定方案", en: "Solution confirmed"),
    intent: "solution-confirmed", keywords: chineseSolution + englishSolution,
    directions: [.inbound], mode: .auto,
    transitions: [
      Transition(
        from: [StageKey.proposal, StageKey.demonstration, StageKey.trial],
        to: .stage(StageKey.negotiation)),
      Transition(from: [StageKey.sampling], to: .stage(StageKey.quotation)),
    ], confidence: 0.95)

  private static let chineseSolution = [
    "{确定|确认|敲定|同意|认可|选定|采纳|采用|批准|通过|接受|定下|定下来}{|了|这个|此|该|这套|这份|你们的|你们|您的|贵司|贵司的|贵公司|贵公司的|贵方|贵方的|最终}{方案|解决方案|技术方案|实施方案|建议书|设计方案}",
    "{确定|确认|敲定|同意|认可|选定|采纳|采用|批准}…{方案|解决方案|技术方案}",
    "{方案|解决方案|技术方案|实施方案|设计方案|建议书}{确定|确认|敲定|定稿|同意|认可|选定|采纳|批准}",
    "{方案|解决方案|技术方案}…{确定|确认|敲定|定稿|认可|采纳|批准|拍板}",
    "{方案|解决方案|技术方案}{定|定下来|通过|评审通过|审批通过|过会|审过|拍板}了",
    "{方案|解决方案|技术方案}{通过|评审通过|审批通过|审核通过|定下来|过会}",
    "{方案|解决方案|技术方案}…{没问题|没有问题|没意见|没有意见|无异议|没有异议|没异议|评审通过|审批通过}",
    "{方案|解决方案|技术方案}{|就}{这么|这样|这样子}{定|办|做|走}{|了|吧}",
    "{就用|就选|就按|就定|决定用|决定采用|决定选|选择|选用|决定按|就上}{这个|这套|你们的|你们|您的|贵司的|贵司|贵方|贵公司的|该|此|}{方案|解决方案|技术方案}",
    "{按|照|按照}{这个|这套|你们的|你们|您的|贵司的|贵司|该|此|上述|现有|最新}{方案|解决方案}{走|来|执行|办|做|推进|实施|落地}",
    "{方案|这个方案|这套方案}{可以|行|可行|ok|okay}。",
    "方案……{没问题|没有问题|没有异议|没异议|没意见|就这么定|就这样定|就这么办|就这样办}",
    "方案{用|选|选定|采用|选用}{你们|你们的|你家|贵司|贵司的|您的|贵公司的}",
  ]

  private static let englishSolution = [
    "{confirm|confirmed|confirming|accept|accepted|approve|approved|adopt|adopted|agree to|agreed to|agree with|agree on|agreed on|chose|chosen|choose|selected|settled on|decided on|decided for|signed off on|sign off on} {solution|proposal|proposed solution|plan|project plan|concept|design|approach}",
    "{confirm|confirmed|accept|accepted|approve|approved|selected|chosen} … {solution|proposal}",
    "{solution|proposal|proposed solution|concept|design} {confirmed|approved|accepted|agreed|selected|chosen|signed off|acceptable|works for us|fine with us}",
    "{solution|proposal} … {confirmed|approved|accepted|signed off}",
    "{go|going|gone|go ahead|going ahead|proceed|proceeding|move forward|moving forward|move ahead|went} with {solution|proposal|plan|proposed solution|approach}",
    "{we will|we'll|will|let's|let us} {go|go ahead|proceed|move forward} with {solution|proposal|proposed solution|approach}",
    "{decided|opted|opting} {to go with|for|to use|to adopt} {solution|proposal|proposed solution}",
    "no objection to {solution|proposal}",
    "no objections to {solution|proposal}",
  ]
}
