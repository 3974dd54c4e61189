import Contracts

/// What a batch adds to `stage_totals`, or takes from them.
struct TotalSums {
  private var deltas: [TotalKey: TotalDelta] = [:]

  /// - Parameters:
  ///   - holder: owner, team and currency after the event.
  ///   - times: -1 takes back what was counted.
  mutating func addEntry(of visit: Visit, under holder: Holder, times: Int64 = 1) {
    deltas[holder.key(visit.pipeline, visit.stage), default: TotalDelta()].entered += times
  }

  /// Under owner, team and currency before the visit ended.
  ///
  /// - Parameter times: -1 takes back what was counted.
  mutating func addEnd(of visit: Visit, times: Int64 = 1) {
    guard let leaving = visit.leaving else { return }
    deltas[leaving.holder.key(visit.pipeline, visit.stage), default: TotalDelta()]
      .addEnd(leaving, dwell: visit.dwellMicroseconds, times: times)
  }

  /// A deal stands elsewhere, belongs to somebody else or has another amount than before the batch.
  ///
  /// - Parameter former: nil for a deal that is new.
  mutating func addStanding(of row: CurrentStage, before former: CurrentStage?) {
    if let former {
      if former.standsAlike(row) { return }
      add(former, times: -1)
    }
    add(row, times: 1)
  }

  private mutating func add(_ row: CurrentStage, times: Int64) {
    guard row.mergedInto == nil else { return }
    let key = row.holder.key(row.pipeline, row.stage)
    deltas[key, default: TotalDelta()].deals += times
    if let amount = row.amount {
      deltas[key, default: TotalDelta()].amountMinor += Int128(times) * Int128(amount.minor)
    }
  }

  /// By key, so that two projectors lock the rows in the same order; without what adds nothing.
  consuming func sorted() -> [(key: TotalKey, delta: TotalDelta)] {
    var rows: [(key: TotalKey, delta: TotalDelta)] = []
    rows.reserveCapacity(deltas.count)
    for (key, delta) in deltas where delta != TotalDelta() { rows.append((key, delta)) }
    rows.sort { $0.key < $1.key }
    return rows
  }
}

/// Under whom and in which currency something is counted.
struct Holder: Hashable, Sendable {
  var owner: String?
  var team: String?
  var currency: String?

  func key(_ pipeline: String, _ stage: String) -> TotalKey {
    TotalKey(pipeline: pipeline, stage: stage, owner: owner, team: team, currency: currency)
  }
}

extension CurrentStage {
  var holder: Holder { Holder(owner: owner, team: team, currency: amount?.currency) }

  func standsAlike(_ other: CurrentStage) -> Bool {
    mergedInto == other.mergedInto && amount == other.amount && stage.hasSameBytes(as: other.stage)
      && (owner ?? "").hasSameBytes(as: other.owner ?? "")
      && (team ?? "").hasSameBytes(as: other.team ?? "")
  }
}

extension TotalDelta {
  fileprivate mutating func addEnd(
    _ leaving: Visit.Leaving, dwell: Int64?, times: Int64
  ) {
    switch leaving.direction {
    case .advance: advanced += times
    case .back: back += times
    case .lost: lost += times
    case .reopen: reopened += times
    case nil: break
    }
    if let dwell {
      endedKnown += times
      dwellSeconds += times * (dwell / 1_000_000)
    }
  }
}
