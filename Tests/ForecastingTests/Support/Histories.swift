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
  /// Of the events to come.
  var followUpDueAt: Instant?
  /// The deal is on hold.
  private(set) var isHeld = false
  /// The events that count, in order.
  private(set) var events: [StageEvent] = []
  /// All events in the order in which they were sent, with those that a restored database lost.
  private(set) var log: [StageEvent] = []
  /// The events that began the stays; the last is the present one.
  private(set) var stays: [StageEvent] = []

  static let start = Instant("2026-03-02T10:00:00Z")!

  init(_ number: Int, at: Instant = History.start) {
    id = EntityID.v7(at: History.start, entropy: (UInt64(number >> 40), UInt64(number)))
    self.at = at
  }

  var last: StageEvent { events[events.count - 1] }

  var stage: String { stays.last?.data.to ?? "" }

  @discardableResult
  mutating func create(
    in stage: String = "lead", entryUnknown: Bool = false, expectedClose: String? = nil
  ) -> StageEvent {
    add(.created) { data in
      data.place(in: stage)
      data.name = "Deal"
      data.account = Account(name: "Acme")
      data.expectedClose = expectedClose
      if entryUnknown { data.entryUnknown = true }
    }
  }

  @discardableResult
  mutating func move(to stage: String, afterDays days: Double = 1) -> StageEvent {
    at = at.adding(days: days)
    let from = self.stage
    let ends = isHeld && from != stage
    if ends { isHeld = false }
    return add(.moved) { data in
      data.place(in: stage)
      data.leave(from)
      if ends {
        data.changes = [FieldChange(field: "hold", old: .string("on"), new: .null)]
      }
    }
  }

  /// Takes the move back that began the present stay.
  @discardableResult
  mutating func revert(afterDays days: Double = 1, reason: String? = nil) -> StageEvent {
    at = at.adding(days: days)
    let move = stays[stays.count - 1]
    let former = stays[stays.count - 2]
    return add(.moveReverted) { data in
      data.place(in: former.data.to ?? "")
      data.leave(move.data.to ?? "")
      data.reason = reason
      data.reverted = RevertedMove(
        eventId: move.id, epoch: move.epoch, sequence: move.sequence,
        enteredAt: former.data.entryUnknown == true ? nil : former.occurredAt,
        enteredEpoch: former.epoch,
        enteredSequence: former.sequence)
    }
  }

  @discardableResult
  mutating func note(afterDays days: Double = 1) -> StageEvent {
    at = at.adding(days: days)
    return add(.activityRecorded) { data in
      data.activity = ActivityRecord(
        source: "mail", id: "\(data.sequence)", kind: "email", at: data.occurredAt)
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

  /// The deal was a duplicate and becomes part of another one.
  @discardableResult
  mutating func merge(into survivor: EntityID = History(0).id, afterDays days: Double = 1)
    -> StageEvent
  {
    at = at.adding(days: days)
    return add(.merged) { $0.merged = MergedInto(opportunityId: survivor) }
  }

  /// The deal's personal data were erased.
  @discardableResult
  mutating func erase(
    _ fields: [String] = [], names: Bool, afterDays days: Double = 1
  ) -> StageEvent {
    at = at.adding(days: days)
    return add(.erased) { $0.erased = ErasedData(fields: fields, names: names) }
  }

  /// Puts the deal on hold, or lets it go on.
  @discardableResult
  mutating func hold(_ isHeld: Bool, afterDays days: Double = 1) -> StageEvent {
    at = at.adding(days: days)
    let hold: JSONValue = .object(["reason": "budget"])
    let change = FieldChange(
      field: "hold", old: isHeld ? .null : hold, new: isHeld ? hold : .null)
    self.isHeld = isHeld
    return add(.changed) { $0.changes = [change] }
  }

  @discardableResult
  mutating func set(_ fields: [String: JSONValue], afterDays days: Double = 0) -> StageEvent {
    at = at.adding(days: days)
    return add(.changed) { data in
      data.changes = fields.sorted { $0.key < $1.key }.map {
        FieldChange(field: "fields.\($0.key)", old: .null, new: $0.value)
      }
    }
  }

  /// Fields outside `fields` change, from nothing or from what the test says.
  @discardableResult
  mutating func change(
    _ field: String, from old: JSONValue = .null, to new: JSONValue, afterDays days: Double = 0
  ) -> StageEvent {
    at = at.adding(days: days)
    return add(.changed) { data in
      data.changes = [FieldChange(field: field, old: old, new: new)]
    }
  }

  /// The database is restored from a backup without the last events; what was sent stays sent.
  mutating func restore(losing count: Int) {
    let kept = events.dropLast(count)
    epoch += 1
    events = []
    stays = []
    for event in kept { follow(event) }
    owner = kept.last?.owner
    team = kept.last?.team
    amount = kept.last?.amount
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
    data.followUpDueAt = followUpDueAt
    edit(&data)
    let event = StageEvent(
      id: EntityID.v7(at: at, entropy: (UInt64(log.count), UInt64(id.hashValue.magnitude))),
      type: type, data: data)
    follow(event)
    log.append(event)
    return event
  }

  private mutating func follow(_ event: StageEvent) {
    events.append(event)
    switch event.type {
    case .created: stays = [event]
    case .moved where event.from != event.to: stays.append(event)
    case .moveReverted: stays.removeLast()
    case .moved, .activityRecorded, .changed, .merged, .erased: break
    }
  }
}

extension StageEventData {
  fileprivate mutating func place(in stage: String) {
    to = stage
    toPosition = Ladder.definition.position(of: stage) ?? 0
    toCategory = Ladder.definition.stage(stage)?.category ?? .open
  }

  fileprivate mutating func leave(_ stage: String) {
    from = stage
    fromPosition = Ladder.definition.position(of: stage) ?? 0
    fromCategory = Ladder.definition.stage(stage)?.category ?? .open
  }
}
