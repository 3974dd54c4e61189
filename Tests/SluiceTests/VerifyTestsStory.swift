import Contracts

@testable import Sluice

/// Writes the events of deals as stage-service would, for the tests of `sluice verify`.
struct Story {
  private struct Deal {
    var sequence: Int64 = 0
    var epoch: Int64 = 1
    var stage: String { stays.last?.data.to ?? "" }
    /// The events that began the stays.
    var stays: [FeedItem] = []
    var owner: String?
    var team: String?
    var amount: Money?
  }

  private static let stages = ["lead", "talk", "offer", "won", "lost", "care"]
  private static let categories: [StageCategory] = [.open, .open, .open, .won, .lost, .postWin]

  private(set) var items: [FeedItem] = []
  private var deals: [Int: Deal] = [:]

  static func opportunity(_ number: Int) -> EntityID {
    EntityID.v7(at: Instant(milliseconds: 1_700_000_000_000), entropy: (0, UInt64(number)))
  }

  /// Noon UTC of a day of January 2026.
  static func noon(_ day: Int) -> Instant {
    Instant(milliseconds: 1_767_268_800_000).adding(days: Double(day - 1))
  }

  mutating func create(
    _ deal: Int, in stage: String = "lead", at time: Instant, owner: String? = "ann",
    team: String? = "north", amount: Money? = Money(minor: 1_000, currency: "CNY"),
    entryUnknown: Bool? = nil
  ) {
    deals[deal] = Deal(owner: owner, team: team, amount: amount)
    add(deal, .created, at: time) { data in
      Story.enter(stage, &data)
      data.entryUnknown = entryUnknown
      data.name = "deal \(deal)"
      data.account = Account(name: "account \(deal)")
    }
    deals[deal]?.stays = [items[items.count - 1]]
  }

  mutating func move(_ deal: Int, to stage: String, at time: Instant) {
    let from = stays(deal).last?.data.to ?? ""
    add(deal, .moved, at: time) { data in
      Story.leave(from, &data)
      Story.enter(stage, &data)
    }
    if stage != from { deals[deal]?.stays.append(items[items.count - 1]) }
  }

  /// Takes the move back that began the present stay.
  mutating func revert(_ deal: Int, at time: Instant, reason: String? = nil) {
    let stays = stays(deal)
    let (move, former) = (stays[stays.count - 1], stays[stays.count - 2].data)
    add(deal, .moveReverted, at: time) { data in
      Story.leave(move.data.to ?? "", &data)
      Story.enter(former.to ?? "", &data)
      data.reason = reason
      data.reverted = RevertedMove(
        eventId: move.eventId, epoch: move.data.epoch, sequence: move.data.sequence,
        enteredAt: former.entryUnknown == true ? nil : former.occurredAt,
        enteredEpoch: former.epoch, enteredSequence: former.sequence)
    }
    deals[deal]?.stays.removeLast()
  }

  /// Fields of the deal change, from nothing to these.
  mutating func note(_ deal: Int, _ fields: [String: JSONValue], at time: Instant) {
    add(deal, .changed, at: time) { data in
      data.changes = fields.sorted { $0.key < $1.key }.map {
        FieldChange(field: $0.key, old: .null, new: $0.value)
      }
    }
  }

  /// An activity of the deal.
  mutating func note(_ deal: Int, at time: Instant) {
    add(deal, .activityRecorded, at: time) { data in
      data.activity = ActivityRecord(
        source: "mail", id: "\(data.sequence)", kind: "email", at: time)
    }
  }

  /// The deal becomes part of another one, whose own event says so.
  mutating func merge(_ deal: Int, into survivor: Int, at time: Instant) {
    add(deal, .merged, at: time) { data in
      data.merged = MergedInto(opportunityId: Story.opportunity(survivor))
    }
    add(survivor, .changed, at: time) { data in
      data.changes = [
        FieldChange(
          field: "mergedFrom.\(Story.opportunity(deal))", old: .null,
          new: .object(["name": .string("deal \(deal)"), "at": .string(time.description)]))
      ]
    }
  }

  mutating func erase(_ deal: Int, _ erased: ErasedData, at time: Instant) {
    add(deal, .erased, at: time) { $0.erased = erased }
  }

  /// The events that began the stays of a deal.
  func stays(_ deal: Int) -> [FeedItem] { deals[deal]?.stays ?? [] }

  mutating func update(
    _ deal: Int, at time: Instant, owner: String? = nil, amount: Money? = nil, name: String? = nil
  ) {
    if let owner { deals[deal]?.owner = owner }
    if let amount { deals[deal]?.amount = amount }
    let stage = Story.stages.firstIndex(of: deals[deal]?.stage ?? "")!
    add(deal, .changed, at: time) { data in
      data.benchmarkDays = Double(stage) + 0.5
      if let name {
        data.changes = [FieldChange(field: "name", old: .null, new: .string(name))]
      }
    }
  }

  /// What follows was written after the database was restored.
  mutating func restore(_ deal: Int) { deals[deal]?.epoch += 1 }

  private static func enter(_ stage: String, _ data: inout StageEventData) {
    let index = stages.firstIndex(of: stage)!
    data.to = stage
    data.toPosition = index
    data.toCategory = categories[index]
    data.benchmarkDays = Double(index) + 0.5
    data.followUpDueAt = data.occurredAt.adding(days: 3)
  }

  private static func leave(_ stage: String, _ data: inout StageEventData) {
    let index = stages.firstIndex(of: stage)!
    data.from = stage
    data.fromPosition = index
    data.fromCategory = categories[index]
  }

  private mutating func add(
    _ deal: Int, _ type: StageEventType, at time: Instant,
    _ change: (inout StageEventData) -> Void
  ) {
    deals[deal]?.sequence += 1
    let state = deals[deal]!
    var data = StageEventData(
      opportunityId: Story.opportunity(deal), epoch: state.epoch, sequence: state.sequence,
      pipeline: "general", pipelineVersion: 1, actor: "user:ann", occurredAt: time,
      recordedAt: Story.noon(60).adding(seconds: Double(items.count)))
    data.owner = state.owner
    data.team = state.team
    data.amount = state.amount
    change(&data)
    let id = EntityID.v7(at: data.recordedAt, entropy: (1, UInt64(items.count)))
    items.append(
      FeedItem(cursor: String(items.count + 1), eventId: id, type: type, data: data))
  }

  /// What follows the move that was taken back, and the next one.
  static var reverted: Story {
    var story = Story()
    story.create(1, at: noon(1))
    story.move(1, to: "talk", at: noon(3))
    story.update(1, at: noon(4), owner: "bob")
    story.note(1, at: noon(5))
    story.revert(1, at: noon(6), reason: "not agreed")
    story.move(1, to: "offer", at: noon(8))
    return story
  }

  /// A duplicate that had come as far as the deal that it becomes part of.
  static var merged: Story {
    var story = Story()
    story.create(1, at: noon(1))
    story.create(2, at: noon(2), owner: "bob")
    story.move(1, to: "talk", at: noon(3))
    story.move(2, to: "talk", at: noon(4))
    story.merge(2, into: 1, at: noon(5))
    story.move(1, to: "offer", at: noon(8))
    return story
  }

  /// One deal with one of every kind of step, and a second one that is won at once.
  static var everything: Story {
    var story = Story()
    story.create(1, at: noon(1))
    story.move(1, to: "talk", at: noon(3))
    story.move(1, to: "lead", at: noon(4))
    story.create(2, at: noon(4), owner: nil, team: nil, amount: nil, entryUnknown: true)
    story.update(1, at: noon(5), owner: "bob", name: "renamed")
    story.move(1, to: "lost", at: noon(6))
    story.move(1, to: "talk", at: noon(8))
    story.move(2, to: "won", at: noon(9))
    story.move(1, to: "talk", at: noon(9))
    return story
  }
}

extension FeedItem {
  var event: StageEvent { StageEvent(id: eventId, type: type, data: data) }
}

extension FeedIndex {
  init(_ items: [FeedItem]) {
    self.init()
    append(items, after: nil)
  }

  init(_ story: Story) { self.init(story.items) }
}
