import Contracts
import Messaging

/// What tells rows of `follow_up_changes` apart but for the shard.
struct FollowUpDayKey: Hashable, Sendable {
  /// Days since 1970-01-01, UTC.
  var day: Int32
  var pipeline: String
  var team: String
  var currency: String

  var text: String {
    "day \(CalendarDay(days: Int64(day))), \(pipeline), team '\(team)', currency '\(currency)'"
  }
}

/// The sums of rows of `follow_up_changes`.
struct FollowUpDaySums: Equatable, Sendable {
  var open: Int64 = 0
  var forgotten: Int64 = 0

  mutating func add(_ other: FollowUpDaySums, times: Int64) {
    open += times * other.open
    forgotten += times * other.forgotten
  }

  var cells: [(column: String, value: String?)] {
    [("open", String(open)), ("forgotten", String(forgotten))]
  }
}

/// `follow_up_changes` out of whole histories: what each day's end shows less what the day before
/// showed.
///
/// Shares no code with the projector on purpose: it is what the projector is checked against.
struct FollowUpLedger: Sendable {
  private(set) var days: [FollowUpDayKey: FollowUpDaySums] = [:]

  /// - Parameter events: of one opportunity, by position.
  mutating func add(_ events: [FeedEvent], symbols: SymbolTable) {
    guard StageWalk(events).mergedInto == .null else { return }
    let reverted = Set(events.compactMap { $0.reversal?.move })
    // A deadline that passes after the last event is seen at the end of its own day.
    let seen = Set(events.map(\.occurredAt.day)).union(events.compactMap(\.followUpDueAt?.day))
    var former: [FollowUpDayKey: FollowUpDaySums] = [:]
    for day in seen.sorted() {
      let state = FollowUpLedger.state(atEndOf: day, events, reverted, symbols)
      for key in Set(state.keys).union(former.keys) {
        var booked = key
        booked.day = day
        var sums = days[booked] ?? FollowUpDaySums()
        sums.add(state[key] ?? FollowUpDaySums(), times: 1)
        sums.add(former[key] ?? FollowUpDaySums(), times: -1)
        days[booked] = sums == FollowUpDaySums() ? nil : sums
      }
      former = state
    }
  }

  /// One deal, at the end of a day; the day of the key is 0.
  private static func state(
    atEndOf day: Int32, _ events: [FeedEvent], _ reverted: Set<EventPosition>,
    _ symbols: SymbolTable
  ) -> [FollowUpDayKey: FollowUpDaySums] {
    let known = events.filter { $0.occurredAt.day <= day }
    let begin = known.last { event in
      event.type == .created
        || event.type == .moved && event.from != event.to && !reverted.contains(event.position)
    }
    guard let begin, let last = known.last else { return [:] }
    let placed = known.last { event in
      event.position >= begin.position && event.to == begin.to && event.toCategory != nil
    }
    guard placed?.toCategory == .open else { return [:] }
    // Between a move that was taken back and its reversal the deadline before the move held.
    let speaker = known.last { event in
      !events.contains { reversal in
        guard let move = reversal.reversal?.move else { return false }
        return move <= event.position && event.position < reversal.position
      }
    }
    let key = FollowUpDayKey(
      day: 0, pipeline: symbols.text(begin.pipeline), team: symbols.text(last.team),
      currency: symbols.text(last.currency))
    let isForgotten = speaker?.followUpDueAt.map { $0.day <= day } ?? false
    return [key: FollowUpDaySums(open: 1, forgotten: isForgotten ? 1 : 0)]
  }

  /// Rows of zeros and absent rows are the same.
  func differences(from live: [FollowUpDayKey: FollowUpDaySums]) -> DifferenceLog {
    var log = DifferenceLog()
    for key in Set(days.keys).union(live.keys).sorted(by: { $0.text < $1.text }) {
      let recomputed = days[key] ?? FollowUpDaySums()
      let found = live[key] ?? FollowUpDaySums()
      guard recomputed != found else { continue }
      let kind: Difference.Kind =
        found == FollowUpDaySums()
        ? .missing : recomputed == FollowUpDaySums() ? .unexpected : .different
      let cells = CellDifference(live: found.cells, recomputed: recomputed.cells)
      log.add(.followUpChanges, kind, key.text, live: cells.live, recomputed: cells.recomputed)
    }
    return log
  }
}
