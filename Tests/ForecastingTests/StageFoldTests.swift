import Contracts
import Testing

@testable import Forecasting

@Suite struct StageFoldTests {
  @Test func aCreationOpensAVisit() throws {
    var history = History(1)
    history.create()
    let changes = StageFold.fold(current: [:], events: history.events)
    let row = try #require(changes.current.first)
    #expect(changes.current.count == 1)
    #expect(row.stage == "lead" && row.category == .open && row.position == 0)
    #expect(row.enteredAt == History.start && row.enteredSequence == 1 && row.sequence == 1)
    #expect(row.name == "Deal" && row.account == "Acme" && row.owner == "ann")
    #expect(changes.visits.count == 1 && changes.visits[0].leaving == nil)
    #expect(
      changes.totals.map(\.delta) == [TotalDelta(deals: 1, amountMinor: 1_000, entered: 1)])
  }

  /// from, to, days, what is counted for the stage that is left.
  static let moves: [(String, String, TotalDelta)] = [
    ("lead", "offer", TotalDelta(advanced: 1, endedKnown: 1, dwellSeconds: 129_600)),
    ("talks", "offer", TotalDelta(back: 1, endedKnown: 1, dwellSeconds: 129_600)),
    ("talks", "won", TotalDelta(advanced: 1, endedKnown: 1, dwellSeconds: 129_600)),
    ("lead", "lost", TotalDelta(lost: 1, endedKnown: 1, dwellSeconds: 129_600)),
    ("lost", "offer", TotalDelta(reopened: 1, endedKnown: 1, dwellSeconds: 129_600)),
    ("won", "talks", TotalDelta(reopened: 1, endedKnown: 1, dwellSeconds: 129_600)),
  ]

  @Test(arguments: moves)
  func aMoveEndsTheVisit(from: String, to: String, expected: TotalDelta) throws {
    var history = History(1)
    history.create(in: from)
    history.move(to: to, afterDays: 1.5)
    let whole = StageFold.fold(current: [:], events: history.events)
    var left = expected
    left.entered = 1
    #expect(whole.totals.filter { $0.key.stage == from }.map(\.delta) == [left])
    #expect(
      whole.totals.filter { $0.key.stage == to }.map(\.delta)
        == [TotalDelta(deals: 1, amountMinor: 1_000, entered: 1)])
    #expect(whole.current.map(\.stage) == [to])
    #expect(Set(whole.visits.map(\.stage)) == [from, to])
  }

  @Test func batchesOfOneGiveWhatOneBatchGives() throws {
    var history = History(1)
    history.create()
    history.move(to: "offer")
    history.change { $0.owner = "bob" }
    history.move(to: "talks")
    history.move(to: "offer")
    history.move(to: "won")
    let whole = StageFold.fold(current: [:], events: history.events)

    var current: [EntityID: CurrentStage] = [:]
    var visits: [Int64: Visit] = [:]
    var totals: [TotalKey: TotalDelta] = [:]
    for event in history.events {
      let part = StageFold.fold(current: current, events: [event])
      for row in part.current { current[row.opportunityID] = row }
      for visit in part.visits + part.ended { visits[visit.enteredSequence] = visit }
      for (key, delta) in part.totals { totals[key, default: TotalDelta()].add(delta) }
    }
    #expect(Array(current.values) == whole.current)
    #expect(
      visits.values.sorted { $0.enteredSequence < $1.enteredSequence }
        == whole.visits.sorted { $0.enteredSequence < $1.enteredSequence })
    #expect(totals == Dictionary(uniqueKeysWithValues: whole.totals.map { ($0.key, $0.delta) }))
  }

  @Test func leavingCountsUnderWhoHeldItBefore() throws {
    var history = History(1)
    history.create()
    history.owner = "bob"
    history.team = "south"
    history.move(to: "offer")
    let totals = StageFold.fold(current: [:], events: history.events).totals
    #expect(totals.first { $0.delta.advanced == 1 }?.key.owner == "ann")
    #expect(totals.first { $0.delta.advanced == 1 }?.key.team == "north")
    #expect(totals.first { $0.key.stage == "offer" }?.key.owner == "bob")
  }

  @Test func aDealThatIsGivenToAnotherMovesNothingAndLeavesUnderItsNewOwner() throws {
    var history = History(1)
    history.create()
    let given = history.change {
      $0.owner = "bob"
      $0.team = "south"
    }
    let before = StageFold.fold(current: [:], events: [history.events[0]])
    let change = StageFold.fold(
      current: Dictionary(uniqueKeysWithValues: before.current.map { ($0.opportunityID, $0) }),
      events: [given])
    let amount: Int128 = 1_000
    #expect(
      change.totals.map(\.delta) == [
        TotalDelta(deals: -1, amountMinor: -amount), TotalDelta(deals: 1, amountMinor: amount),
      ])
    #expect(change.totals.map(\.key.owner) == ["ann", "bob"])
    #expect(change.visits.isEmpty && change.ended.isEmpty)
    #expect(change.current.map(\.owner) == ["bob"] && change.current.map(\.team) == ["south"])
    history.move(to: "offer")
    let totals = StageFold.fold(current: [:], events: history.events).totals
    #expect(totals.first { $0.delta.advanced == 1 }?.key.owner == "bob")
    #expect(
      totals.filter { $0.delta.entered == 1 }.map { "\($0.key.stage) \($0.key.owner)" }.sorted()
        == ["lead ann", "offer bob"])
  }

  @Test func noOwnerAndNoTeamCountUnderTheEmptyText() {
    var history = History(1)
    history.owner = nil
    history.team = nil
    history.create()
    let totals = StageFold.fold(current: [:], events: history.events).totals
    #expect(totals.map(\.key.owner) == [""] && totals.map(\.key.team) == [""])
  }

  @Test func anUnknownEntryIsCountedButInNoDwell() throws {
    var history = History(1)
    history.create(entryUnknown: true)
    history.move(to: "offer")
    let changes = StageFold.fold(current: [:], events: history.events)
    let lead = changes.totals.filter { $0.key.stage == "lead" }.map(\.delta)
    #expect(lead == [TotalDelta(entered: 1, advanced: 1)])
    #expect(changes.visits.first { $0.stage == "lead" }?.enteredAt == nil)
    #expect(changes.current[0].enteredAt == history.at)
  }

  @Test func aDwellIsNeverNegative() throws {
    var history = History(1)
    history.create()
    history.move(to: "offer", afterDays: -3)
    let delta = StageFold.fold(current: [:], events: history.events).totals
      .first { $0.delta.advanced == 1 }?.delta
    #expect(delta?.dwellSeconds == 0 && delta?.endedKnown == 1)
  }

  @Test func fractionsOfASecondAreCutOff() throws {
    var history = History(1)
    history.create()
    history.at = history.at.adding(seconds: 1.999)
    history.move(to: "offer", afterDays: 0)
    let changes = StageFold.fold(current: [:], events: history.events)
    #expect(changes.totals.map(\.delta.dwellSeconds).reduce(0, +) == 1)
  }

  @Test func sameStageAndChangesOpenNoVisit() throws {
    var history = History(1)
    history.create()
    history.move(to: "lead")
    history.change {
      $0.owner = "bob"
      $0.amount = nil
    }
    let changes = StageFold.fold(current: [:], events: history.events)
    #expect(changes.visits.count == 1)
    #expect(
      changes.totals.map { [$0.key.owner, $0.key.currency] } == [["ann", "CNY"], ["bob", ""]])
    #expect(changes.totals.map(\.delta) == [TotalDelta(entered: 1), TotalDelta(deals: 1)])
    let row = try #require(changes.current.first)
    #expect(row.enteredAt == History.start && row.sequence == 3)
    #expect(row.owner == "bob" && row.amount == nil && row.occurredAt == history.at)
  }

  @Test func renamesFollowTheChanges() throws {
    var history = History(1)
    history.create()
    var event = history.change()
    event.data.changes = [
      FieldChange(field: "name", old: "Deal", new: "Big deal"),
      FieldChange(field: "account", old: .null, new: .object(["name": "Globex"])),
    ]
    let row = StageFold.fold(current: [:], events: [history.events[0], event]).current.first
    #expect(row?.name == "Big deal" && row?.account == "Globex")
  }

  @Test func totalsComeInKeyOrderAndOncePerKey() {
    let events = (1...50).flatMap { number in
      var history = History(number, at: History.start.adding(days: Double(number % 5)))
      history.owner = "owner-\(number % 7)"
      history.create()
      history.move(to: "offer")
      return history.events
    }
    let keys = StageFold.fold(current: [:], events: events).totals.map(\.key)
    #expect(keys == keys.sorted())
    #expect(Set(keys).count == keys.count)
  }

  @Test func textsThatOnlyLookTheSameAreTwoKeys() {
    let composed = TotalKey(
      pipeline: "p", stage: "s", owner: "\u{E9}", team: "", currency: "")
    let decomposed = TotalKey(
      pipeline: "p", stage: "s", owner: "e\u{301}", team: "", currency: "")
    #expect(composed != decomposed)
    #expect(Set([composed, decomposed]).count == 2)
    #expect((composed < decomposed) != (decomposed < composed))
  }
}

extension TotalDelta {
  mutating func add(_ other: TotalDelta) {
    deals += other.deals
    amountMinor += other.amountMinor
    entered += other.entered
    advanced += other.advanced
    back += other.back
    lost += other.lost
    reopened += other.reopened
    endedKnown += other.endedKnown
    dwellSeconds += other.dwellSeconds
  }
}
