import Contracts
import Messaging

/// Whether the feed itself is a history: nothing in it twice, nothing left out, every move out of
/// the stage that the deal stood in, every reversal of the latest one, and every merge in the history
/// of both deals.
enum FeedSanity {
  /// - Parameter count: judges the first so many events of the feed, with the help of the rest: an
  ///   event whose predecessor is missing at the end of the feed may be waiting for a transaction
  ///   that overlapped. Nil judges all.
  static func differences(of feed: FeedIndex, first count: Int? = nil) -> DifferenceLog {
    let judged = count ?? feed.events.count
    var log = DifferenceLog()
    for id in feed.repeated {
      log.add(.feed, .unexpected, "event \(id) appears more than once", live: "repeated")
    }
    for index in feed.opportunities.indices {
      let history = feed.chain(index).map {
        (event: feed.events[Int($0)], isJudged: Int($0) < judged)
      }
      check(history, of: feed.opportunities[index], symbols: feed.symbols, into: &log)
      checkMerge(history, of: feed.opportunities[index], in: feed, into: &log)
    }
    return log
  }

  /// The last position of a history before which nothing is left out.
  static func completeHead(of events: [FeedEvent]) -> EventPosition? {
    var last: EventPosition?
    for event in events {
      if gap(event.position, after: last) != nil { return last }
      last = event.position
    }
    return last
  }

  private static func check(
    _ history: [(event: FeedEvent, isJudged: Bool)], of opportunity: EntityID,
    symbols: SymbolTable, into log: inout DifferenceLog
  ) {
    var last: EventPosition?
    var stays: [(begin: EventPosition, stage: Symbol)] = []
    for (event, isJudged) in history {
      defer {
        follow(event, &stays)
        last = event.position
      }
      guard isJudged else { continue }
      let place = "opportunity \(opportunity), event \(event.id)"
      if let expected = gap(event.position, after: last) {
        log.add(.feed, .gap, place, live: event.position.text, recomputed: expected)
      }
      if event.type == .created, last != nil {
        log.add(.feed, .unexpected, place, live: "created again at \(event.position.text)")
      }
      func name(_ stage: Symbol) -> String { symbols[stage] ?? "null" }
      if event.type == .moved || event.type == .moveReverted, let stage = stays.last?.stage,
        event.from != stage
      {
        log.add(
          .feed, .different, place, live: "from \(name(event.from))",
          recomputed: "from \(name(stage))")
      }
      if event.type == .moveReverted {
        judge(event, after: stays, at: place, name, into: &log)
      }
    }
  }

  /// The survivor says which duplicates it took over, and a duplicate of which survivor it is part.
  private static func checkMerge(
    _ history: [(event: FeedEvent, isJudged: Bool)], of opportunity: EntityID,
    in feed: FeedIndex, into log: inout DifferenceLog
  ) {
    let merge = history.last { $0.event.type == .merged }
    guard merge?.isJudged ?? history.allSatisfy(\.isJudged) else { return }
    let survivor = merge.flatMap { feed.symbols[$0.event.mergedInto] }
    let holder = feed.absorbed[opportunity]?.description
    guard survivor != holder else { return }
    log.add(
      .feed, .different, "opportunity \(opportunity)", live: "merged into \(survivor ?? "none")",
      recomputed: "taken over by \(holder ?? "none")")
  }

  /// A reversal takes back the move that began the present stay, to the stage of the one before.
  private static func judge(
    _ event: FeedEvent, after stays: [(begin: EventPosition, stage: Symbol)], at place: String,
    _ name: (Symbol) -> String, into log: inout DifferenceLog
  ) {
    guard stays.count > 1 else {
      log.add(.feed, .unexpected, place, live: "takes a move back", recomputed: "there is none")
      return
    }
    let (move, former) = (stays[stays.count - 1].begin, stays[stays.count - 2].stage)
    guard event.reversal?.move != move || event.to != former else { return }
    log.add(
      .feed, .different, place,
      live: "takes \(event.reversal?.move.text ?? "nothing") back, to \(name(event.to))",
      recomputed: "takes \(move.text) back, to \(name(former))")
  }

  private static func follow(
    _ event: FeedEvent, _ stays: inout [(begin: EventPosition, stage: Symbol)]
  ) {
    switch event.type {
    case .created: stays = [(event.position, event.to)]
    case .moved where event.from != event.to: stays.append((event.position, event.to))
    case .moveReverted: _ = stays.popLast()
    case .moved, .activityRecorded, .changed, .merged, .erased: break
    }
  }

  /// Nil when `position` may follow, else what would be right. A higher epoch goes on where the
  /// restored history ends, or starts over.
  private static func gap(_ position: EventPosition, after last: EventPosition?) -> String? {
    guard let last else { return position.sequence == 1 ? nil : "sequence 1" }
    let next = EventPosition(epoch: last.epoch, sequence: last.sequence + 1)
    if position == next { return nil }
    if position.epoch > last.epoch, position.sequence == 1 || position.sequence == next.sequence {
      return nil
    }
    return next.text
  }
}

extension EventPosition {
  var text: String { "epoch \(epoch) sequence \(sequence)" }
}
