import Contracts
import Testing

@testable import Sluice

/// A duplicate that became part of another deal might as well not have been.
@Suite struct VerifyMergeTests {
  @Test func itIsInNoFigure() {
    let feed = FeedIndex(Story.merged)
    let survivor = FeedIndex(
      Story.merged.items.filter { $0.data.opportunityId == Story.opportunity(1) })
    #expect(FeedSanity.differences(of: feed).isEmpty)
    #expect(FunnelTally(feed) == FunnelTally(survivor))
    var (counted, wanted) = (TotalLedger(), TotalLedger())
    for index in feed.opportunities.indices {
      counted.add(feed.history(index), symbols: feed.symbols)
    }
    wanted.add(survivor.history(0), symbols: survivor.symbols)
    #expect(counted.totals == wanted.totals)
    var (days, wantedDays) = (DayLedger(), DayLedger())
    var (lengths, wantedLengths) = (DwellLedger(), DwellLedger())
    for index in feed.opportunities.indices {
      days.add(feed.history(index), symbols: feed.symbols)
      lengths.add(feed.history(index), symbols: feed.symbols)
    }
    var (due, wantedDue) = (FollowUpLedger(), FollowUpLedger())
    for index in feed.opportunities.indices {
      due.add(feed.history(index), symbols: feed.symbols)
    }
    wantedDue.add(survivor.history(0), symbols: survivor.symbols)
    #expect(due.days == wantedDue.days && !due.days.isEmpty)
    wantedDays.add(survivor.history(0), symbols: survivor.symbols)
    wantedLengths.add(survivor.history(0), symbols: survivor.symbols)
    #expect(days.days == wantedDays.days && !days.days.isEmpty)
    #expect(lengths.visits == wantedLengths.visits)
  }

  @Test func itsRowSaysWhereItStoodAndWhatItBecamePartOf() throws {
    let feed = FeedIndex(Story.merged)
    let index = try #require(feed.index(ofOpportunity: Story.opportunity(2)))
    let replay = OpportunityReplay(feed.history(index), symbols: feed.symbols)
    #expect(replay.visits.isEmpty && replay.applied.count == 3)
    let row = try #require(replay.current)
    #expect(row.category == "merged" && row.stage == "talk" && row.sequence == 3)
    #expect(row.enteredAt == Story.noon(4) && row.enteredSequence == 2)
    #expect(row.mergedInto == Story.opportunity(1).description)
    #expect(row.createdAt == nil && row.outcome == nil && row.closedAt == nil)
    #expect(replay.applied.map(\.mergedInto) == [nil, nil, row.mergedInto])
  }

  /// Both deals of a merge say so, or the feed is no history.
  @Test func aMergeStandsInTheHistoryOfBothDeals() throws {
    let items = Story.merged.items
    let merge = try #require(items.first { $0.type == .merged })
    var silent = items
    silent[5].data.changes = []
    let unnoticed = FeedSanity.differences(of: FeedIndex(silent))
    #expect(
      unnoticed.kept.map(\.place) == ["opportunity \(Story.opportunity(2))"]
        && unnoticed.kept.map(\.check) == [.feed])
    #expect(unnoticed.kept.first?.live == "merged into \(Story.opportunity(1))")
    #expect(unnoticed.kept.first?.recomputed == "taken over by none")
    let forgotten = FeedSanity.differences(
      of: FeedIndex(items.filter { $0.eventId != merge.eventId }))
    #expect(forgotten.kept.first?.live == "merged into none")
    #expect(forgotten.kept.first?.recomputed == "taken over by \(Story.opportunity(1))")
    // What was written when the feed had been read to here may be followed by the rest.
    #expect(FeedSanity.differences(of: FeedIndex(silent), first: 4).isEmpty)
  }
}
