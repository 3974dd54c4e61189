import Contracts

/// What tells the rows of `dwell_totals` apart but for the shard.
struct DwellKey: Sendable {
  /// Without owner and currency.
  var place: TotalKey
  /// How the visit ended.
  var ending: Ending
  /// Dwell in hundredths of a day, see ``DwellBucket``.
  var bucket: Int32

  enum Ending: String, CaseIterable, Sendable {
    case advance, won, back, lost, reopen
  }
}

extension DwellKey: Hashable, Comparable {
  static func < (left: DwellKey, right: DwellKey) -> Bool {
    if left.place != right.place { return left.place < right.place }
    if left.bucket != right.bucket { return left.bucket < right.bucket }
    return left.ending.rawValue < right.ending.rawValue
  }
}

/// Lengths that count as one: the first three digits of the hundredths of a day. Under ten days that
/// is a quarter of an hour, above never more than a hundredth of the length.
enum DwellBucket {
  static func of(microseconds: Int64) -> Int32 {
    var value = microseconds / 864_000_000
    var scale: Int64 = 1
    while value >= 1_000 {
      value /= 10
      scale *= 10
    }
    return Int32(clamping: value * scale)
  }

  /// The middle of the bucket, in days.
  static func days(_ bucket: Int32) -> Double {
    var width = 1.0
    while Double(bucket) / width >= 1_000 { width *= 10 }
    return (Double(bucket) + width / 2) / 100
  }
}

/// What a batch adds to `dwell_totals`, or takes from them: ended visits whose entry is known, by how
/// long they lasted.
struct DwellSums {
  private var counts: [DwellKey: Int64] = [:]

  /// Under the team before the visit ended.
  mutating func addEnd(of visit: Visit, times: Int64 = 1) {
    guard let dwell = visit.dwellMicroseconds, let leaving = visit.leaving,
      let ending = leaving.ending
    else { return }
    let place = TotalKey(
      pipeline: visit.pipeline, stage: visit.stage, owner: nil, team: leaving.holder.team,
      currency: nil)
    let key = DwellKey(
      place: place, ending: ending, bucket: DwellBucket.of(microseconds: dwell))
    counts[key, default: 0] += times
  }

  mutating func add(_ course: StageCourse, of opportunity: EntityID, times: Int64) {
    for visit in course.visits(of: opportunity) { addEnd(of: visit, times: times) }
  }

  /// By key, so that two projectors lock the rows in the same order; without what adds nothing.
  consuming func sorted() -> [(key: DwellKey, visits: Int64)] {
    var rows: [(key: DwellKey, visits: Int64)] = []
    rows.reserveCapacity(counts.count)
    for (key, visits) in counts where visits != 0 { rows.append((key, visits)) }
    rows.sort { $0.key < $1.key }
    return rows
  }
}

extension Visit.Leaving {
  var ending: DwellKey.Ending? {
    switch direction {
    case .advance: category == .won ? .won : .advance
    case .back: .back
    case .lost: .lost
    case .reopen: .reopen
    case nil: nil
    }
  }
}
