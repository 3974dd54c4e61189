import Contracts

/// Today in the demo, in the pipeline `general`: deals that activities move before one's eyes, that
/// become due for a follow-up within a minute, and a message that nobody can read.
struct DemoDay: Sendable {
  struct Deal: Sendable {
    var key: String
    var name: String
    var account: String
    var stage: String
    var owner: String
    /// Seconds from the loading until the follow-up is due.
    var dueIn: Double
    var fields: [String: JSONValue] = [:]
  }

  static let pipeline = "general"
  /// Of the deal that waits for the reader's own activity.
  static let tryMe = "try-me"

  let now: Instant
  /// `yyyy-MM-dd`; another day makes other deals.
  let day: String

  init(now: Instant) {
    self.now = now
    day = String(now.description.prefix(10))
  }

  func externalId(_ key: String) -> String { "demo:\(day)-\(key)" }

  /// Each deal has come into its stage just so that its three days end when it says.
  var commands: [StageCommand] {
    DemoDay.deals.map { deal in
      let identity = ImportIdentity(source: "demo", externalId: "\(day)-\(deal.key)")
      var new = NewOpportunity(
        pipeline: DemoDay.pipeline, name: deal.name, account: Account(name: deal.account),
        owner: deal.owner, team: "east", amount: Money(minor: 36_000_000, currency: "CNY"),
        externalId: externalId(deal.key), stage: deal.stage)
      new.fields = deal.fields.merging([
        "customerNeeds": "替换现有系统", "budget": 400_000, "decisionMaker": "王总",
      ]) { own, _ in own }
      return StageCommand(
        id: identity.command(0, at: nil), opportunityId: identity.opportunity(at: nil),
        actor: "import:demo", occurredAt: now.adding(days: -3).adding(seconds: deal.dueIn),
        action: .create(new))
    }
  }

  /// The day's activities as CloudEvents, in order.
  var activities: [JSONValue] {
    DemoDay.activities.enumerated().map { number, activity in
      .object([
        "specversion": "1.0", "id": .string("\(day)-\(number)"), "source": "/sluice/demo",
        "type": .string(ObservedActivity.type), "time": .string(now.description),
        "data": .object(activity.data(at: now, externalId: externalId)),
      ])
    }
  }

  /// Half an activity: its JSON breaks off.
  var poison: WireMessage {
    CloudEvent(
      id: "\(day)-broken", source: "/sluice/demo", type: ObservedActivity.type, time: now
    ).binary(
      key: externalId(DemoDay.tryMe),
      data: Array(#"{"kind":"email","externalId":"\#(externalId(DemoDay.tryMe))","text":"#.utf8))
  }

  private static let day: Double = 86_400

  private static let deals = [
    Deal(
      key: "quote", name: "恒达机械 ERP 二期", account: "恒达机械", stage: "proposal", owner: "黄丽",
      dueIn: 2 * day, fields: ["contactEmail": "wang@hengda.example"]),
    Deal(
      key: "contract", name: "蓝海物流 仓储系统", account: "蓝海物流", stage: "contract", owner: "周杰",
      dueIn: 2 * day, fields: ["contactPhone": "+86 138 0013 8000"]),
    Deal(
      key: "question", name: "同创电子 报价平台", account: "同创电子", stage: "proposal", owner: "吴倩",
      dueIn: 2 * day, fields: ["contactEmail": "li@tongchuang.example"]),
    Deal(
      key: "budget", name: "新城医院 排班系统", account: "新城医院", stage: "needs-analysis", owner: "徐强",
      dueIn: 2 * day, fields: ["contactEmail": "zhao@xincheng.example"]),
    Deal(
      key: "forgotten", name: "东方纺织 质检方案", account: "东方纺织", stage: "proposal", owner: "孙悦",
      dueIn: 30),
    Deal(
      key: "called", name: "远景置业 CRM", account: "远景置业", stage: "proposal", owner: "马超", dueIn: 30),
    Deal(
      key: tryMe, name: "华东机械 产线改造", account: "华东机械", stage: "proposal", owner: "赵磊",
      dueIn: 2 * day),
  ]

  private static let activities = [
    DemoActivity(
      kind: "email", email: "wang@hengda.example", subject: "Re: ERP 二期报价",
      text: "您好，报价我们确认了，按这个走，合同什么时候发过来？"),
    DemoActivity(kind: "chat", phone: "13800138000", text: "合同已经签好了，盖章件今天快递给你们"),
    DemoActivity(
      kind: "email", email: "li@tongchuang.example", subject: "Re: 报价",
      text: "能不能先确认报价里有没有包含培训费用？"),
    DemoActivity(kind: "email", email: "zhao@xincheng.example", text: "院里开过会了，预算批下来了"),
    DemoActivity(kind: "call", deal: "called", text: "电话里聊了半小时，下周再约"),
    DemoActivity(kind: "email", email: "nobody@unknown.example", text: "请问你们的系统怎么收费？"),
  ]
}

/// One activity of the demo, of a deal or of somebody who can be reached so.
struct DemoActivity: Sendable {
  var kind: String
  var deal: String?
  var email: String?
  var phone: String?
  var subject: String?
  var text: String

  init(
    kind: String, deal: String? = nil, email: String? = nil, phone: String? = nil,
    subject: String? = nil, text: String
  ) {
    self.kind = kind
    self.deal = deal
    self.email = email
    self.phone = phone
    self.subject = subject
    self.text = text
  }

  func data(at now: Instant, externalId: (String) -> String) -> [String: JSONValue] {
    var data: [String: JSONValue] = [
      "kind": .string(kind), "direction": "inbound", "text": .string(text),
      "at": .string(now.description),
    ]
    if let deal { data["externalId"] = .string(externalId(deal)) }
    if let email { data["contact"] = .object(["email": .string(email)]) }
    if let phone { data["contact"] = .object(["phone": .string(phone)]) }
    if let subject { data["subject"] = .string(subject) }
    return data
  }
}
