import Contracts

/// What a batch adds to `daily_counters`, or takes from them.
struct CounterSums {
  private var deltas: [CounterKey: CounterDelta] = [:]

  /// - Parameters:
  ///   - owner: after the event.
  ///   - times: -1 takes back what was counted.
  mutating func addEntry(
    of visit: Visit, on day: Int32, owner: String?, team: String?, times: Int64 = 1
  ) {
    let key = CounterKey(
      pipeline: visit.pipeline, day: day, stage: visit.stage, owner: owner ?? "", team: team ?? "")
    deltas[key, default: CounterDelta()].entered += times
  }

  /// - Parameters:
  ///   - owner: before the event.
  ///   - times: -1 takes back what was counted.
  mutating func addEnd(of visit: Visit, owner: String?, team: String?, times: Int64 = 1) {
    guard let leaving = visit.leaving else { return }
    let key = CounterKey(
      pipeline: visit.pipeline, day: leaving.at.day, stage: visit.stage, owner: owner ?? "",
      team: team ?? "")
    deltas[key, default: CounterDelta()].addEnd(leaving, enteredAt: visit.enteredAt, times: times)
  }

  /// By key, so that two projectors lock the rows in the same order; without what adds nothing.
  consuming func sorted() -> [(key: CounterKey, delta: CounterDelta)] {
    var rows: [(key: CounterKey, delta: CounterDelta)] = []
    rows.reserveCapacity(deltas.count)
    for (key, delta) in deltas where delta != CounterDelta() { rows.append((key, delta)) }
    rows.sort { $0.key < $1.key }
    return rows
  }
}

extension CounterDelta {
  fileprivate mutating func addEnd(
    _ leaving: Visit.Leaving, enteredAt: Instant?, times: Int64
  ) {
    switch leaving.direction {
    case .advance: advanced += times
    case .back: back += times
    case .lost: lost += times
    case .reopen: reopened += times
    case nil: break
    }
    if let enteredAt {
      endedKnown += times
      dwellSeconds +=
        times * (max(0, leaving.at.microseconds - enteredAt.microseconds) / 1_000_000)
    }
  }
}
