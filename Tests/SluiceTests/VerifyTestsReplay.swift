import Contracts
import Messaging
import Testing

@testable import Sluice

@Suite struct VerifyReplayTests {
  private func replay(_ write: (inout Story) -> Void) -> OpportunityReplay {
    var story = Story()
    write(&story)
    let feed = FeedIndex(story)
    return OpportunityReplay(feed.history(0), symbols: feed.symbols)
  }

  struct Case: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var steps: @Sendable (inout Story) -> Void
    /// Stage, days in it (nil: open, or entry unknown), direction.
    var visits: [(String, Double?, String?)]
  }

  static let cases: [Case] = [
    Case(
      testDescription: "created", steps: { $0.create(1, at: Story.noon(1)) },
      visits: [("lead", nil, nil)]),
    Case(
      testDescription: "advanced, and back",
      steps: {
        $0.create(1, at: Story.noon(1))
        $0.move(1, to: "offer", at: Story.noon(3))
        $0.move(1, to: "talk", at: Story.noon(4))
      }, visits: [("lead", 2, "advance"), ("offer", 1, "back"), ("talk", nil, nil)]),
    Case(
      testDescription: "won, and on after it",
      steps: {
        $0.create(1, at: Story.noon(1))
        $0.move(1, to: "won", at: Story.noon(2))
        $0.move(1, to: "care", at: Story.noon(3))
      }, visits: [("lead", 1, "advance"), ("won", 1, "advance"), ("care", nil, nil)]),
    Case(
      testDescription: "lost and reopened",
      steps: {
        $0.create(1, at: Story.noon(1))
        $0.move(1, to: "lost", at: Story.noon(2))
        $0.move(1, to: "offer", at: Story.noon(4))
      }, visits: [("lead", 1, "lost"), ("lost", 2, "reopen"), ("offer", nil, nil)]),
    Case(
      testDescription: "won and reopened",
      steps: {
        $0.create(1, in: "won", at: Story.noon(1))
        $0.move(1, to: "talk", at: Story.noon(2))
      }, visits: [("won", 1, "reopen"), ("talk", nil, nil)]),
    Case(
      testDescription: "won, then lost",
      steps: {
        $0.create(1, in: "won", at: Story.noon(1))
        $0.move(1, to: "lost", at: Story.noon(2))
      }, visits: [("won", 1, "lost"), ("lost", nil, nil)]),
    Case(
      testDescription: "updates and moves to the same stage begin nothing",
      steps: {
        $0.create(1, at: Story.noon(1))
        $0.update(1, at: Story.noon(2), owner: "bob")
        $0.move(1, to: "lead", at: Story.noon(3))
        $0.move(1, to: "talk", at: Story.noon(4))
      }, visits: [("lead", 3, "advance"), ("talk", nil, nil)]),
    Case(
      testDescription: "an unknown entry has no beginning",
      steps: {
        $0.create(1, at: Story.noon(1), entryUnknown: true)
        $0.move(1, to: "talk", at: Story.noon(2))
      }, visits: [("lead", nil, "advance"), ("talk", nil, nil)]),
    Case(
      testDescription: "a later epoch goes on",
      steps: {
        $0.create(1, at: Story.noon(1))
        $0.restore(1)
        $0.move(1, to: "talk", at: Story.noon(2))
      }, visits: [("lead", 1, "advance"), ("talk", nil, nil)]),
    Case(
      testDescription: "a move taken back never was",
      steps: {
        $0.create(1, at: Story.noon(1))
        $0.move(1, to: "offer", at: Story.noon(3))
        $0.note(1, at: Story.noon(4))
        $0.revert(1, at: Story.noon(5))
      }, visits: [("lead", nil, nil)]),
    Case(
      testDescription: "the stay goes on until it really ends",
      steps: {
        $0.create(1, at: Story.noon(1))
        $0.move(1, to: "offer", at: Story.noon(3))
        $0.revert(1, at: Story.noon(5))
        $0.move(1, to: "talk", at: Story.noon(6))
      }, visits: [("lead", 5, "advance"), ("talk", nil, nil)]),
    Case(
      testDescription: "several moves taken back, one after the other",
      steps: {
        $0.create(1, at: Story.noon(1))
        $0.move(1, to: "offer", at: Story.noon(3))
        $0.move(1, to: "lost", at: Story.noon(4))
        $0.move(1, to: "talk", at: Story.noon(5))
        $0.revert(1, at: Story.noon(6))
        $0.revert(1, at: Story.noon(7))
      }, visits: [("lead", 2, "advance"), ("offer", nil, nil)]),
    Case(
      testDescription: "a move of an earlier epoch taken back",
      steps: {
        $0.create(1, at: Story.noon(1), entryUnknown: true)
        $0.move(1, to: "won", at: Story.noon(3))
        $0.restore(1)
        $0.revert(1, at: Story.noon(4))
      }, visits: [("lead", nil, nil)]),
  ]

  @Test("visits", arguments: cases) func visits(_ example: Case) {
    let visits = replay(example.steps).visits
    #expect(visits.map(\.stage) == example.visits.map(\.0))
    #expect(visits.map(\.direction) == example.visits.map(\.2))
    let days = visits.map { visit in
      visit.leftAt.flatMap { left in visit.enteredAt.map { left.days(since: $0) } }
    }
    #expect(days == example.visits.map(\.1))
    #expect(zip(visits, visits.dropFirst()).allSatisfy { $0.leftTo == $1.stage })
    #expect(zip(visits, visits.dropFirst()).allSatisfy { $0.leftSequence == $1.enteredSequence })
  }

  @Test func theCurrentStageCarriesWhatTheLastEventsSaid() throws {
    let current = try #require(
      replay {
        $0.create(1, at: Story.noon(1))
        $0.move(1, to: "offer", at: Story.noon(2))
        $0.update(
          1, at: Story.noon(3), owner: "bob", amount: Money(minor: 5, currency: "EUR"), name: "new")
      }.current)
    #expect(current.sequence == 3)
    #expect((current.stage, current.category, current.position) == ("offer", "open", 2))
    #expect(current.enteredAt == Story.noon(2))
    #expect(current.enteredSequence == 2)
    #expect((current.owner, current.amountMinor, current.currency) == ("bob", 5, "EUR"))
    #expect((current.name, current.account) == ("new", "account 1"))
    #expect(current.benchmarkDays == 2.5)
    #expect(current.occurredAt == Story.noon(3))
  }

  @Test func afterAReversalTheDealStandsWhereItStood() throws {
    let replay = replay {
      $0.create(1, at: Story.noon(1))
      $0.move(1, to: "won", at: Story.noon(2))
      $0.revert(1, at: Story.noon(3), reason: "not signed")
      $0.note(1, at: Story.noon(4))
    }
    let current = try #require(replay.current)
    #expect((current.stage, current.category, current.position) == ("lead", "open", 0))
    #expect((current.enteredAt, current.enteredSequence) == (Story.noon(1), 1))
    #expect((current.sequence, current.followUpDueAt) == (4, nil))
    let reversal = replay.applied[2]
    #expect((reversal.revertedEpoch, reversal.revertedSequence) == (1, 2))
    #expect((reversal.revertedBy, reversal.revertedBecause) == ("user:ann", "not signed"))
    #expect((reversal.toCategory, reversal.toPosition) == ("open", 0))
    #expect(reversal.direction == nil && replay.applied[3].revertedBy == nil)
  }

  @Test func aReversalTakesTheCountsBack() {
    let feed = FeedIndex(Story.reverted)
    var ledger = TotalLedger()
    ledger.add(feed.history(0), symbols: feed.symbols)
    func key(_ stage: String, _ owner: String) -> TotalKey {
      TotalKey(pipeline: "general", stage: stage, owner: owner, team: "north")
    }
    #expect(ledger.totals[key("lead", "ann")] == Totals(entered: 1))
    #expect(
      ledger.totals[key("lead", "bob")]
        == Totals(advanced: 1, endedKnown: 1, dwellSeconds: 7 * 86_400))
    #expect(ledger.totals[key("offer", "bob")]?.entered == 1)
    #expect(ledger.totals.count == 3)
    let tally = FunnelTally(feed).pipelines["general"] ?? [:]
    #expect(tally["talk"] == nil)
    #expect(tally["lead"] == StageTally(entered: 1, advanced: 1))
  }

  /// A history with reversals is what it would be without the moves that they take back.
  @Test(arguments: [UInt64(1), 2, 3, 4, 5])
  func movesThatWereTakenBackMightAsWellNotHaveBeen(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    for _ in 1...40 {
      var story = Story()
      story.create(1, at: Story.noon(1))
      for day in 0..<random.integer(below: 20) {
        let time = Story.noon(day + 2)
        switch random.integer(below: 6) {
        case 0, 1: if story.stays(1).count > 1 { story.revert(1, at: time) }
        case 2: story.note(1, at: time)
        case 3: story.update(1, at: time, owner: random.pick(["ann", "bob"]))
        default:
          let stage = random.pick(["lead", "talk", "offer", "won", "lost"])
          story.move(1, to: stage, at: time)
        }
      }
      let reverted = Set(story.items.compactMap(\.data.reverted?.eventId))
      let plain = story.items.map { item in
        var item = item
        if item.type == .moveReverted || reverted.contains(item.eventId) {
          item.type = .changed
          item.data.reverted = nil
        }
        return item
      }
      let (found, expected) = (FeedIndex(story), FeedIndex(plain))
      #expect(FeedSanity.differences(of: found).isEmpty)
      #expect(
        OpportunityReplay(found.history(0), symbols: found.symbols).visits
          == OpportunityReplay(expected.history(0), symbols: expected.symbols).visits)
      var (counted, wanted) = (TotalLedger(), TotalLedger())
      counted.add(found.history(0), symbols: found.symbols)
      wanted.add(expected.history(0), symbols: expected.symbols)
      #expect(counted.totals == wanted.totals)
      #expect(FunnelTally(found) == FunnelTally(expected))
    }
  }

  @Test func anUnknownEntryIsNull() throws {
    let replay = replay { $0.create(1, in: "won", at: Story.noon(1), entryUnknown: true) }
    #expect(replay.current?.enteredAt == nil)
    #expect(replay.applied.first?.entryUnknown == true)
  }

  @Test func totalsCountEntriesAfterAndLeavingsBeforeTheEvent() {
    var ledger = TotalLedger()
    let feed = FeedIndex(Story.everything)
    for index in feed.opportunities.indices {
      ledger.add(feed.history(index), symbols: feed.symbols)
    }
    func row(_ stage: String, _ owner: String, _ team: String = "north") -> Totals? {
      ledger.totals[TotalKey(pipeline: "general", stage: stage, owner: owner, team: team)]
    }
    let days: Int64 = 86_400
    #expect(row("lead", "ann")?.advanced == 1 && row("lead", "ann")?.dwellSeconds == 2 * days)
    #expect(row("talk", "ann")?.back == 1 && row("talk", "ann")?.dwellSeconds == days)
    #expect(row("lead", "bob")?.lost == 1 && row("lead", "bob")?.dwellSeconds == 2 * days)
    #expect(row("lost", "bob")?.reopened == 1 && row("lost", "bob")?.endedKnown == 1)
    #expect(row("talk", "bob")?.entered == 1)
    #expect(row("talk", "bob")?.standing["CNY"] == Totals.Standing(deals: 1, amountMinor: 1_000))
    #expect(row("lead", "", "") == Totals(entered: 1, advanced: 1))
    #expect(row("won", "", "")?.standing[""]?.deals == 1)
  }

  @Test func dwellIsWholeSecondsAndNeverNegative() {
    var story = Story()
    story.create(1, at: Story.noon(2))
    story.move(1, to: "talk", at: Story.noon(2).adding(seconds: 1.9))
    story.create(2, at: Story.noon(2), owner: "bob")
    story.move(2, to: "talk", at: Story.noon(1))
    let feed = FeedIndex(story)
    var ledger = TotalLedger()
    for index in feed.opportunities.indices {
      ledger.add(feed.history(index), symbols: feed.symbols)
    }
    let ended = ledger.totals.values.filter { $0.endedKnown > 0 }
    #expect(ended.map(\.dwellSeconds).sorted() == [0, 1])
  }

  @Test func theFunnelCountsDealsAndTheirAmounts() {
    let tally = FunnelTally(FeedIndex(Story.everything)).pipelines["general"] ?? [:]
    #expect(
      tally["talk"]
        == StageTally(count: 1, amounts: ["CNY": 1_000], unpriced: 0, entered: 2, back: 1))
    #expect(tally["won"] == StageTally(count: 1, unpriced: 1, entered: 1))
    #expect(tally["lead"] == StageTally(entered: 3, advanced: 2))
    #expect(tally["lost"] == StageTally(entered: 1))
  }

  @Test func aSoundFeedHasNoDifferences() {
    #expect(FeedSanity.differences(of: FeedIndex(Story.everything)).isEmpty)
    #expect(FeedSanity.differences(of: FeedIndex(Story.reverted)).isEmpty)
  }

  @Test func aLaterEpochMayGoOnOrStartOver() {
    var story = Story()
    story.create(1, at: Story.noon(1))
    story.restore(1)
    story.move(1, to: "talk", at: Story.noon(2))
    #expect(FeedSanity.differences(of: FeedIndex(story)).isEmpty)
  }

  @Test func aHoleAtTheEndOfTheFeedIsNotJudgedYet() {
    let items = Story.everything.items
    let late = FeedIndex(Array(items[..<1] + items[2...3]))
    #expect(FeedSanity.differences(of: late, first: 1).isEmpty)
    #expect(!FeedSanity.differences(of: late).isEmpty)
  }

  @Test func whatIsWrongWithAFeedIsFound() throws {
    let items = Story.everything.items
    func kinds(_ items: [FeedItem]) -> [Difference.Kind] {
      FeedSanity.differences(of: FeedIndex(items)).kept.map(\.kind)
    }
    #expect(kinds(items + [items[0]]) == [.unexpected])
    // The second event is left out: a gap, and the next move starts where nobody stood.
    #expect(kinds(Array(items[..<1] + items[2...])) == [.gap, .different])
    #expect(kinds(Array(items[1...])).first == .gap)
    // Transactions that overlap may stand in the feed in another order.
    var swapped = items
    swapped.swapAt(1, 2)
    #expect(kinds(swapped) == [])
    var elsewhere = items
    elsewhere[1].data.from = "offer"
    let difference = try #require(
      FeedSanity.differences(of: FeedIndex(elsewhere)).kept.first)
    #expect((difference.live, difference.recomputed) == ("from offer", "from lead"))
  }

  @Test func aReversalOfAnotherMoveThanTheLatestIsFound() throws {
    func difference(_ edit: (inout FeedItem) -> Void) throws -> Difference {
      var items = Story.reverted.items
      edit(&items[4])
      return try #require(FeedSanity.differences(of: FeedIndex(items)).kept.first)
    }
    let other = try difference { $0.data.reverted?.sequence = 3 }
    #expect(other.live == "takes epoch 1 sequence 3 back, to lead")
    #expect(other.recomputed == "takes epoch 1 sequence 2 back, to lead")
    let nothing = try difference { $0.data.reverted = nil }
    #expect(nothing.live == "takes nothing back, to lead")
    let elsewhere = try difference { $0.data.to = "offer" }
    #expect(elsewhere.live == "takes epoch 1 sequence 2 back, to offer")
    let origin = try difference { $0.data.from = "offer" }
    #expect((origin.live, origin.recomputed) == ("from offer", "from talk"))
    var first = Story()
    first.create(1, at: Story.noon(1))
    first.move(1, to: "talk", at: Story.noon(2))
    first.revert(1, at: Story.noon(3))
    var items = first.items
    items[1].type = .changed
    items[1].data.from = nil
    items[1].data.to = nil
    let none = FeedSanity.differences(of: FeedIndex(items)).kept
    #expect(none.last?.recomputed == "there is none")
  }
}
