import Contracts

/// The pipeline of these tests: three open stages, won, lost.
enum Ladder {
  static let key = "software"

  static let definition = PipelineDefinition(
    name: LocalizedText(zh: "软件销售", en: "Software sales"),
    stages: [
      stage("lead", zh: "初步接触", .open), stage("offer", zh: "方案制定", .open),
      stage("talks", zh: "商务谈判", .open), stage("won", zh: "赢单", .won),
      stage("lost", zh: "输单", .lost),
    ])

  static let published = version(1, definition)

  static func version(_ version: Int, _ definition: PipelineDefinition) -> PublishedPipeline {
    PublishedPipeline(
      key: key, version: version, definition: definition,
      publishedAt: Instant(microseconds: 0), publishedBy: "test")
  }

  static func stage(_ key: String, zh: String, _ category: StageCategory) -> Stage {
    Stage(key: key, name: LocalizedText(zh: zh, en: "The \(key)"), category: category)
  }
}

/// Makes the events of one opportunity, one after the other.
struct History {
  let id: EntityID
  var pipeline = Ladder.key
  var epoch: Int64 = 1
  var owner: String? = "ann"
  var team: String? = "north"
  var amount: Money? = Money(minor: 1_000, currency: "CNY")
  var at: Instant
  private(set) var stage = ""
  private(set) var events: [StageEvent] = []

  static let start = Instant("2026-03-02T10:00:00Z")!

  init(_ number: Int, at: Instant = History.start) {
    id = EntityID.v7(at: History.start, entropy: (UInt64(number >> 40), UInt64(number)))
    self.at = at
  }

  var last: StageEvent { events[events.count - 1] }

  @discardableResult
  mutating func create(in stage: String = "lead", entryUnknown: Bool = false) -> StageEvent {
    add(.created) { data in
      data.place(in: stage)
      data.name = "Deal"
      data.account = Account(name: "Acme")
      if entryUnknown { data.entryUnknown = true }
    }
  }

  @discardableResult
  mutating func move(to stage: String, afterDays days: Double = 1) -> StageEvent {
    at = at.adding(days: days)
    let from = self.stage
    return add(.moved) { data in
      data.place(in: stage)
      data.from = from
      data.fromPosition = Ladder.definition.position(of: from) ?? 0
      data.fromCategory = Ladder.definition.stage(from)?.category ?? .open
    }
  }

  @discardableResult
  mutating func change(
    afterDays days: Double = 1, _ edit: (inout History) -> Void = { _ in }
  ) -> StageEvent {
    at = at.adding(days: days)
    edit(&self)
    return add(.changed) { _ in }
  }

  private mutating func add(
    _ type: StageEventType, _ edit: (inout StageEventData) -> Void
  ) -> StageEvent {
    let sequence = Int64(events.count + 1)
    var data = StageEventData(
      opportunityId: id, epoch: epoch, sequence: sequence, pipeline: pipeline, pipelineVersion: 1,
      actor: "test", occurredAt: at, recordedAt: at)
    data.owner = owner
    data.team = team
    data.amount = amount
    edit(&data)
    if let to = data.to { stage = to }
    let event = StageEvent(
      id: EntityID.v7(at: at, entropy: (UInt64(sequence), UInt64(id.hashValue.magnitude))),
      type: type, data: data)
    events.append(event)
    return event
  }
}

extension StageEventData {
  fileprivate mutating func place(in stage: String) {
    to = stage
    toPosition = Ladder.definition.position(of: stage) ?? 0
    toCategory = Ladder.definition.stage(stage)?.category ?? .open
  }
}
