import Contracts

/// The key of a row of `daily_counters`.
struct CounterKey: Hashable, Sendable {
  var pipeline: String
  /// Days since 1970-01-01, UTC.
  var day: Int32
  var stage: String
  var owner: String
  var team: String

  var text: String {
    let civil = CivilDate.civil(days: Int64(day))
    let date = [civil.year, civil.month, civil.day]
      .map { $0 < 10 ? "0\($0)" : String($0) }.joined(separator: "-")
    return "\(pipeline), \(date), stage \(stage), owner '\(owner)', team '\(team)'"
  }
}

/// The sums of a row of `daily_counters`.
struct Counters: Equatable, Sendable {
  var entered: Int64 = 0
  var advanced: Int64 = 0
  var back: Int64 = 0
  var lost: Int64 = 0
  var reopened: Int64 = 0
  var endedKnown: Int64 = 0
  var dwellSeconds: Int64 = 0

  var isZero: Bool { self == Counters() }

  var cells: [(column: String, value: String?)] {
    [
      ("entered", String(entered)), ("advanced", String(advanced)), ("back", String(back)),
      ("lost", String(lost)), ("reopened", String(reopened)),
      ("ended_known", String(endedKnown)), ("dwell_seconds", String(dwellSeconds)),
    ]
  }
}

/// The counters of every day, added up from whole histories.
struct CounterLedger: Sendable {
  private(set) var counters: [CounterKey: Counters] = [:]

  /// - Parameter events: of one opportunity, by position.
  mutating func add(_ events: [FeedEvent], symbols: SymbolTable) {
    for stay in StageWalk(events).stays {
      let begin = events[stay.begin]
      counters[key(stay: begin, on: begin, heldAfter: begin, symbols), default: Counters()]
        .entered += 1
      guard let index = stay.end else { continue }
      let end = events[index]
      let key = key(stay: begin, on: end, heldAfter: events[index - 1], symbols)
      var row = counters[key] ?? Counters()
      switch stay.direction {
      case .advance: row.advanced += 1
      case .back: row.back += 1
      case .lost: row.lost += 1
      case .reopen: row.reopened += 1
      case nil: break
      }
      if let enteredAt = stay.enteredAt {
        row.endedKnown += 1
        row.dwellSeconds += max(
          0, (end.occurredAt.microseconds - enteredAt.microseconds) / 1_000_000)
      }
      counters[key] = row
    }
  }

  /// The stage of `stay`, on the day of `day`, under the owner and team after `holder`.
  private func key(
    stay: FeedEvent, on day: FeedEvent, heldAfter holder: FeedEvent, _ symbols: SymbolTable
  ) -> CounterKey {
    CounterKey(
      pipeline: symbols.text(stay.pipeline), day: day.occurredAt.day,
      stage: symbols.text(stay.to), owner: symbols.text(holder.owner),
      team: symbols.text(holder.team))
  }

  /// Rows of zeros and absent rows are the same.
  func differences(from live: [CounterKey: Counters]) -> DifferenceLog {
    var log = DifferenceLog()
    for key in Set(counters.keys).union(live.keys).sorted(by: { $0.text < $1.text }) {
      let recomputed = counters[key] ?? Counters()
      let found = live[key] ?? Counters()
      guard recomputed != found else { continue }
      let kind: Difference.Kind =
        found.isZero ? .missing : recomputed.isZero ? .unexpected : .different
      let cells = CellDifference(live: found.cells, recomputed: recomputed.cells)
      log.add(.dailyCounters, kind, key.text, live: cells.live, recomputed: cells.recomputed)
    }
    return log
  }
}

/// The cells in which two rows differ, as text.
struct CellDifference {
  let live: String
  let recomputed: String

  init(
    live: [(column: String, value: String?)], recomputed: [(column: String, value: String?)]
  ) {
    let pairs = zip(live, recomputed).filter { $0.value != $1.value }
    self.live = pairs.map { CellDifference.text($0.0) }.joined(separator: ", ")
    self.recomputed = pairs.map { CellDifference.text($0.1) }.joined(separator: ", ")
  }

  static func text(_ cell: (column: String, value: String?)) -> String {
    "\(cell.column) \(cell.value ?? "null")"
  }
}
