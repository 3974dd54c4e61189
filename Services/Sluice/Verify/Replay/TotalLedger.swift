import Contracts

/// Whose totals: the identity of rows of `stage_totals` but for currency and shard.
struct TotalKey: Hashable, Sendable {
  var pipeline: String
  var stage: String
  var owner: String
  var team: String

  var text: String { "\(pipeline), stage \(stage), owner '\(owner)', team '\(team)'" }
}

/// The sums of rows of `stage_totals`.
struct Totals: Equatable, Sendable {
  struct Standing: Equatable, Sendable {
    var deals: Int64 = 0
    var amountMinor: Int128 = 0
  }

  var entered: Int64 = 0
  var advanced: Int64 = 0
  var back: Int64 = 0
  var lost: Int64 = 0
  var reopened: Int64 = 0
  var endedKnown: Int64 = 0
  var dwellSeconds: Int64 = 0
  /// By currency, "" for deals without an amount; no standing of zero.
  private(set) var standing: [String: Standing] = [:]

  mutating func stand(_ deals: Int64, _ amountMinor: Int128, in currency: String) {
    var sum = standing[currency] ?? Standing()
    sum.deals += deals
    sum.amountMinor += amountMinor
    standing[currency] = sum == Standing() ? nil : sum
  }

  var isZero: Bool { self == Totals() }

  var cells: [(column: String, value: String?)] {
    let standing = standing.sorted { $0.key < $1.key }.map { currency, sum in
      "\(sum.deals) deals" + (currency.isEmpty ? "" : " of \(sum.amountMinor) \(currency)")
    }
    return [
      ("entered", String(entered)), ("advanced", String(advanced)), ("back", String(back)),
      ("lost", String(lost)), ("reopened", String(reopened)),
      ("ended_known", String(endedKnown)), ("dwell_seconds", String(dwellSeconds)),
      ("standing", standing.joined(separator: ", ")),
    ]
  }
}

/// The totals of every stage, added up from whole histories.
struct TotalLedger: Sendable {
  private(set) var totals: [TotalKey: Totals] = [:]

  /// - Parameter events: of one opportunity, by position.
  mutating func add(_ events: [FeedEvent], symbols: SymbolTable) {
    let stays = StageWalk(events).stays
    let holds = HoldWalk(events)
    for stay in stays {
      let begin = events[stay.begin]
      totals[key(begin, heldAfter: begin, symbols), default: Totals()].entered += 1
      guard let index = stay.end else { continue }
      let key = key(begin, heldAfter: events[index - 1], symbols)
      var row = totals[key] ?? Totals()
      switch stay.direction {
      case .advance: row.advanced += 1
      case .back: row.back += 1
      case .lost: row.lost += 1
      case .reopen: row.reopened += 1
      case nil: break
      }
      if let dwell = DwellLedger.dwell(of: begin, until: events[index], holds) {
        row.endedKnown += 1
        row.dwellSeconds += dwell / 1_000_000
      }
      totals[key] = row
    }
    guard let stay = stays.last, let last = events.last else { return }
    totals[key(events[stay.begin], heldAfter: last, symbols), default: Totals()]
      .stand(1, Int128(last.amountMinor ?? 0), in: symbols[last.currency] ?? "")
  }

  /// The stage that `begin` led to, under the owner and team after `holder`.
  private func key(
    _ begin: FeedEvent, heldAfter holder: FeedEvent, _ symbols: SymbolTable
  ) -> TotalKey {
    TotalKey(
      pipeline: symbols.text(begin.pipeline), stage: symbols.text(begin.to),
      owner: symbols.text(holder.owner), team: symbols.text(holder.team))
  }

  /// Rows of zeros and absent rows are the same.
  func differences(from live: [TotalKey: Totals]) -> DifferenceLog {
    var log = DifferenceLog()
    for key in Set(totals.keys).union(live.keys).sorted(by: { $0.text < $1.text }) {
      let recomputed = totals[key] ?? Totals()
      let found = live[key] ?? Totals()
      guard recomputed != found else { continue }
      let kind: Difference.Kind =
        found.isZero ? .missing : recomputed.isZero ? .unexpected : .different
      let cells = CellDifference(live: found.cells, recomputed: recomputed.cells)
      log.add(.stageTotals, kind, key.text, live: cells.live, recomputed: cells.recomputed)
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
