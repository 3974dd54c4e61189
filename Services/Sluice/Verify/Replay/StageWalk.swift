import Contracts
import Messaging

/// The stays of one opportunity, worked out from its events in order.
///
/// Shares no code with the projector on purpose: it is what the projector is checked against.
struct StageWalk {
  enum Direction: String {
    case advance, back, lost, reopen
  }

  struct Stay {
    /// Index of the event that began it.
    var begin: Int
    /// Index of the event that ended it; nil while it lasts.
    var end: Int?
    var direction: Direction?
    /// Nil: since when is not known.
    var enteredAt: Instant?
  }

  /// Those that count: none of a duplicate that became part of another deal.
  private(set) var stays: [Stay] = []
  /// Where the deal stands, or stood when it became part of another one.
  private(set) var last: Stay?
  private(set) var mergedInto = Symbol.null

  init(_ events: [FeedEvent]) {
    for (index, event) in events.enumerated() {
      let begins =
        switch event.type {
        case .created: true
        case .moved: event.from != event.to
        case .moveReverted, .activityRecorded, .changed, .merged, .erased: false
        }
      if event.type == .merged { mergedInto = event.mergedInto }
      if let move = event.reversal?.move { takeBack(move, events) }
      guard begins, event.to != .null else { continue }
      if let last = stays.indices.last {
        stays[last].end = index
        stays[last].direction = event.type == .moved ? StageWalk.direction(of: event) : nil
      }
      let isUnknown = event.type == .created && event.entryUnknown
      stays.append(Stay(begin: index, enteredAt: isUnknown ? nil : event.occurredAt))
    }
    last = stays.last
    if mergedInto != .null { stays = [] }
  }

  /// Only the move that began the latest stay can be taken back: the stay before it goes on.
  private mutating func takeBack(_ move: EventPosition, _ events: [FeedEvent]) {
    guard stays.count > 1, let last = stays.last, events[last.begin].position == move else {
      return
    }
    stays.removeLast()
    stays[stays.count - 1].end = nil
    stays[stays.count - 1].direction = nil
  }

  /// Nil for what is no move between two stages, or does not say between which.
  static func direction(of event: FeedEvent) -> Direction? {
    guard event.type == .moved, event.from != event.to, let from = event.fromCategory,
      let to = event.toCategory, let start = event.fromPosition, let goal = event.toPosition
    else { return nil }
    if to == .lost { return .lost }
    if from == .lost { return .reopen }
    if to == .open, from != .open { return .reopen }
    if from == .open, to == .won { return .advance }
    return goal > start ? .advance : .back
  }
}
