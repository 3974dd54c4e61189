import Contracts
import Messaging

extension ProjectionSnapshot {
  /// All that is wrong with the projections.
  struct Judgement: Sendable {
    var differences: DifferenceLog
    var counts: [Check: CheckCount]
  }

  /// Settles the snapshot against a feed that was read to its end after it was taken.
  ///
  /// - Parameters:
  ///   - heads: up to where every opportunity should have been projected.
  ///   - known: how many of the feed's events were there when the waiting began; a younger one may
  ///     still be parked without harm.
  func judge(by feed: FeedIndex, heads: [EntityID: EventPosition], known: Int) -> Judgement {
    var check = check
    check.settle(feed: feed)
    var differences = check.differences
    differences.merge(check.ledger.differences(from: totals))
    differences.merge(check.days.differences(from: days))
    differences.merge(check.lengths.differences(from: lengths))
    differences.merge(check.followUps.differences(from: followUps))
    // An owner that only a wrong row of applied_events names is told of there.
    for row in unlisted where feed.hasOwned(row.owner, row.opportunity) {
      differences.add(
        .dealOwners, .missing, "opportunity \(row.opportunity)", recomputed: "owner \(row.owner)")
    }
    differences.merge(check.behind(heads))
    let stuck = parked.filter { event in
      feed.index(of: event.eventId).map { $0 < known } ?? true
    }
    for event in stuck {
      let position = EventPosition(epoch: event.epoch, sequence: event.sequence)
      differences.add(
        .parkedEvents, .unexpected, "opportunity \(event.opportunityId), event \(event.eventId)",
        live: "\(position.text) waits for its predecessor")
    }
    var counts = check.counts
    counts[.stageTotals] = CheckCount(
      live: totals.count, recomputed: check.ledger.totals.count)
    counts[.dailyChanges] = CheckCount(live: days.count, recomputed: check.days.days.count)
    counts[.dwellTotals] = CheckCount(
      live: lengths.count, recomputed: check.lengths.visits.count)
    counts[.followUpChanges] = CheckCount(
      live: followUps.count, recomputed: check.followUps.days.count)
    counts[.freshness] = CheckCount(live: check.positions.count, recomputed: heads.count)
    counts[.parkedEvents] = CheckCount(live: parked.count, recomputed: 0)
    return Judgement(differences: differences, counts: counts)
  }
}
