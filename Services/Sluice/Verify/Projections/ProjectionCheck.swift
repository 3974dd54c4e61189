import Contracts
import Messaging

/// Compares what the projections hold of each opportunity with what its events say. Pure.
struct ProjectionCheck: Sendable {
  private(set) var differences = DifferenceLog()
  private(set) var counts: [Check: CheckCount] = [:]
  private(set) var ledger = TotalLedger()
  private(set) var days = DayLedger()
  private(set) var lengths = DwellLedger()
  private(set) var followUps = FollowUpLedger()
  /// Up to where each opportunity is projected.
  private(set) var positions: [EntityID: EventPosition] = [:]
  /// Opportunities of which the projections know more than the feed, as far as it was read; to be
  /// settled when it was read on.
  private(set) var pending: [LiveOpportunity] = []

  mutating func add(_ live: LiveOpportunity, feed: FeedIndex) {
    let known = feed.index(ofOpportunity: live.id).map { feed.history($0) } ?? []
    guard let position = live.position, let head = FeedSanity.completeHead(of: known),
      position <= head
    else {
      pending.append(live)
      return
    }
    compare(live, with: known, feed)
  }

  /// Whether the feed has caught up with everything that is pending.
  func isCovered(by feed: FeedIndex) -> Bool {
    pending.allSatisfy { live in
      guard let index = feed.index(ofOpportunity: live.id), let position = live.position,
        let head = FeedSanity.completeHead(of: feed.history(index))
      else { return false }
      return position <= head
    }
  }

  /// Compares what was pending with a feed that was read to its end after the snapshot.
  mutating func settle(feed: FeedIndex) {
    let waiting = pending
    pending = []
    for live in waiting {
      guard let index = feed.index(ofOpportunity: live.id) else {
        differences.add(
          .currentStage, .unexpected, "opportunity \(live.id)",
          live: live.position?.text ?? "rows without an event", recomputed: "not in the feed")
        continue
      }
      compare(live, with: feed.history(index), feed)
    }
  }

  private mutating func compare(
    _ live: LiveOpportunity, with known: [FeedEvent], _ feed: FeedIndex
  ) {
    let position = live.position
    if let position { positions[live.id] = position }
    let events = position.map { position in known.filter { $0.position <= position } } ?? []
    let replay = OpportunityReplay(events, symbols: feed.symbols)
    compare(live.applied, replay.applied, of: live.id)
    compare(live.visits, replay.visits, of: live.id)
    compare([live.current].compactMap(\.self), [replay.current].compactMap(\.self), of: live.id)
    compare([live.traits].compactMap(\.self), [replay.traits].compactMap(\.self), of: live.id)
    compare(live.notes, replay.notes, of: live.id)
    ledger.add(events, symbols: feed.symbols)
    days.add(events, symbols: feed.symbols)
    lengths.add(events, symbols: feed.symbols)
    followUps.add(events, symbols: feed.symbols)
  }

  private mutating func compare<Row: ProjectionRow>(
    _ live: [Row], _ recomputed: [Row], of opportunity: EntityID
  ) {
    counts[Row.check, default: CheckCount()].live += live.count
    counts[Row.check, default: CheckCount()].recomputed += recomputed.count
    guard live != recomputed else { return }
    let expected = Dictionary(grouping: recomputed, by: \.key)
    let found = Dictionary(grouping: live, by: \.key)
    for key in Set(expected.keys).union(found.keys).sorted() {
      let place = "opportunity \(opportunity)" + (key.isEmpty ? "" : ", \(key)")
      switch (found[key]?.first, expected[key]?.first) {
      case (let live?, let recomputed?) where live != recomputed:
        let cells = CellDifference(live: live.cells, recomputed: recomputed.cells)
        differences.add(
          Row.check, .different, place, live: cells.live, recomputed: cells.recomputed)
      case (let live?, nil):
        differences.add(Row.check, .unexpected, place, live: live.text)
      case (nil, let recomputed?):
        differences.add(Row.check, .missing, place, recomputed: recomputed.text)
      default: break
      }
    }
  }

  /// Which opportunities were not projected as far as the feed was at the start.
  func behind(_ heads: [EntityID: EventPosition]) -> DifferenceLog {
    var log = DifferenceLog()
    for (id, head) in heads.sorted(by: { $0.key < $1.key }) {
      let position = positions[id]
      if let position, position >= head { continue }
      log.add(
        .freshness, .behind, "opportunity \(id)", live: position?.text ?? "not projected",
        recomputed: head.text)
    }
    return log
  }
}

extension ProjectionRow {
  /// All cells that are not null.
  var text: String {
    cells.filter { $0.value != nil }.map(CellDifference.text).joined(separator: ", ")
  }
}
