import Contracts

/// What tells rows of `dwell_totals` apart but for the shard.
struct DwellLengthKey: Hashable, Sendable {
  var pipeline: String
  var stage: String
  var team: String
  /// Hundredths of a day, of which the first three digits count.
  var bucket: Int32
  var ending: String

  var text: String {
    "\(pipeline), stage \(stage), team '\(team)', \(ending) after \(Double(bucket) / 100) days"
  }
}

/// `dwell_totals` out of whole histories.
struct DwellLedger: Sendable {
  private(set) var visits: [DwellLengthKey: Int64] = [:]

  /// - Parameter events: of one opportunity, by position.
  mutating func add(_ events: [FeedEvent], symbols: SymbolTable) {
    let holds = HoldWalk(events)
    for stay in StageWalk(events).stays {
      guard let index = stay.end, let direction = stay.direction,
        let dwell = DwellLedger.dwell(of: events[stay.begin], until: events[index], holds)
      else { continue }
      let isWon = direction == .advance && events[index].toCategory == .won
      let key = DwellLengthKey(
        pipeline: symbols.text(events[stay.begin].pipeline),
        stage: symbols.text(events[stay.begin].to), team: symbols.text(events[index - 1].team),
        bucket: DwellLedger.bucket(dwell), ending: isWon ? "won" : direction.rawValue)
      visits[key, default: 0] += 1
    }
  }

  /// Microseconds without those on hold; nil where the entry is not known.
  static func dwell(
    of begin: FeedEvent, until end: FeedEvent, _ holds: HoldWalk
  ) -> Int64? {
    if begin.type == .created, begin.entryUnknown { return nil }
    let length = end.occurredAt.microseconds - begin.occurredAt.microseconds
    return max(0, length - holds.held(from: begin.occurredAt, to: end.occurredAt))
  }

  private static func bucket(_ microseconds: Int64) -> Int32 {
    let digits = String(microseconds / 864_000_000)
    let zeros = String(repeating: "0", count: max(0, digits.count - 3))
    return Int32(digits.prefix(3) + zeros) ?? .max
  }

  func differences(from live: [DwellLengthKey: Int64]) -> DifferenceLog {
    var log = DifferenceLog()
    for key in Set(visits.keys).union(live.keys).sorted(by: { $0.text < $1.text }) {
      let recomputed = visits[key] ?? 0
      let found = live[key] ?? 0
      guard recomputed != found else { continue }
      log.add(
        .dwellTotals, found == 0 ? .missing : recomputed == 0 ? .unexpected : .different, key.text,
        live: "visits \(found)", recomputed: "visits \(recomputed)")
    }
    return log
  }
}
