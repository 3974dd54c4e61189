import Contracts
import Messaging

/// What tells rows of `daily_changes` apart but for the shard.
struct DayKey: Hashable, Sendable {
  /// Days since 1970-01-01, UTC.
  var day: Int32
  var pipeline: String
  var stage: String
  /// "" in rows of standing deals and entries.
  var to: String
  var team: String
  var currency: String

  var text: String {
    "day \(CalendarDay(days: Int64(day))), \(pipeline), stage \(stage)"
      + (to.isEmpty ? "" : " to \(to)") + ", team '\(team)', currency '\(currency)'"
  }
}

/// The sums of rows of `daily_changes`.
struct DaySums: Equatable, Sendable {
  var deals: Int64 = 0
  var amountMinor: Int128 = 0
  var entered: Int64 = 0
  var advanced: Int64 = 0
  var won: Int64 = 0
  var back: Int64 = 0
  var lost: Int64 = 0
  var reopened: Int64 = 0
  var endedKnown: Int64 = 0
  var dwellSeconds: Int64 = 0

  mutating func add(_ other: DaySums, times: Int64) {
    deals += times * other.deals
    amountMinor += Int128(times) * other.amountMinor
    entered += times * other.entered
    advanced += times * other.advanced
    won += times * other.won
    back += times * other.back
    lost += times * other.lost
    reopened += times * other.reopened
    endedKnown += times * other.endedKnown
    dwellSeconds += times * other.dwellSeconds
  }

  var cells: [(column: String, value: String?)] {
    [
      ("deals", String(deals)), ("amount_minor", String(amountMinor)),
      ("entered", String(entered)), ("advanced", String(advanced)), ("won", String(won)),
      ("back", String(back)), ("lost", String(lost)), ("reopened", String(reopened)),
      ("ended_known", String(endedKnown)), ("dwell_seconds", String(dwellSeconds)),
    ]
  }
}

/// `daily_changes` out of whole histories: what each day's end shows less what the day before showed.
struct DayLedger: Sendable {
  private(set) var days: [DayKey: DaySums] = [:]

  /// - Parameter events: of one opportunity, by position.
  mutating func add(_ events: [FeedEvent], symbols: SymbolTable) {
    // Of a duplicate no day says anything.
    guard StageWalk(events).mergedInto == .null else { return }
    let reverted = Set(events.compactMap { $0.reversal?.move })
    var former: [DayKey: DaySums] = [:]
    for day in Set(events.map(\.occurredAt.day)).sorted() {
      let known = events.filter { $0.occurredAt.day <= day }
      let state = DayLedger.state(after: known, reverted, symbols)
      for key in Set(state.keys).union(former.keys) {
        var booked = key
        booked.day = day
        var sums = days[booked] ?? DaySums()
        sums.add(state[key] ?? DaySums(), times: 1)
        sums.add(former[key] ?? DaySums(), times: -1)
        days[booked] = sums == DaySums() ? nil : sums
      }
      former = state
    }
  }

  /// All sums after these events; the day of the keys is 0.
  private static func state(
    after events: [FeedEvent], _ reverted: Set<EventPosition>, _ symbols: SymbolTable
  ) -> [DayKey: DaySums] {
    var state: [DayKey: DaySums] = [:]
    func key(_ begin: FeedEvent, _ holder: FeedEvent, to: String = "") -> DayKey {
      DayKey(
        day: 0, pipeline: symbols.text(begin.pipeline), stage: symbols.text(begin.to), to: to,
        team: symbols.text(holder.team), currency: symbols.text(holder.currency))
    }
    let holds = HoldWalk(events)
    var begin: Int?
    for (index, event) in events.enumerated() where DayLedger.begins(event, reverted) {
      state[key(event, event), default: DaySums()].entered += 1
      if let begin {
        state[
          key(events[begin], events[index - 1], to: symbols.text(event.to)), default: DaySums()
        ].add(DayLedger.end(of: events[begin], by: event, holds), times: 1)
      }
      begin = index
    }
    if let begin, let last = events.last {
      state[key(events[begin], last), default: DaySums()].deals += 1
      state[key(events[begin], last), default: DaySums()].amountMinor += Int128(
        last.amountMinor ?? 0)
    }
    return state
  }

  private static func begins(_ event: FeedEvent, _ reverted: Set<EventPosition>) -> Bool {
    switch event.type {
    case .created: true
    case .moved: event.from != event.to && !reverted.contains(event.position)
    case .moveReverted, .activityRecorded, .changed, .merged, .erased: false
    }
  }

  private static func end(
    of begin: FeedEvent, by event: FeedEvent, _ holds: HoldWalk
  ) -> DaySums {
    var sums = DaySums()
    switch StageWalk.direction(of: event) {
    case .advance:
      sums.advanced = 1
      if event.toCategory == .won { sums.won = 1 }
    case .back: sums.back = 1
    case .lost: sums.lost = 1
    case .reopen: sums.reopened = 1
    case nil: break
    }
    if let dwell = DwellLedger.dwell(of: begin, until: event, holds) {
      sums.endedKnown = 1
      sums.dwellSeconds = dwell / 1_000_000
    }
    return sums
  }

  /// Rows of zeros and absent rows are the same.
  func differences(from live: [DayKey: DaySums]) -> DifferenceLog {
    var log = DifferenceLog()
    for key in Set(days.keys).union(live.keys).sorted(by: { $0.text < $1.text }) {
      let recomputed = days[key] ?? DaySums()
      let found = live[key] ?? DaySums()
      guard recomputed != found else { continue }
      let kind: Difference.Kind =
        found == DaySums() ? .missing : recomputed == DaySums() ? .unexpected : .different
      let cells = CellDifference(live: found.cells, recomputed: recomputed.cells)
      log.add(.dailyChanges, kind, key.text, live: cells.live, recomputed: cells.recomputed)
    }
    return log
  }
}
