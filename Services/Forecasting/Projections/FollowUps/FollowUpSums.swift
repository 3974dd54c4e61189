import Contracts

/// What tells the rows of `follow_up_changes` apart but for the shard.
struct FollowUpKey: Sendable {
  /// Days since 1970-01-01, UTC, of business time.
  var day: Int32
  /// Without stage and owner.
  var place: TotalKey
}

extension FollowUpKey: Hashable, Comparable {
  static func < (left: FollowUpKey, right: FollowUpKey) -> Bool {
    left.day != right.day ? left.day < right.day : left.place < right.place
  }
}

/// What a batch adds to one row of `follow_up_changes`.
struct FollowUpDelta: Hashable, Sendable {
  /// Net change of the open deals, and of those among them whose deadline has passed.
  var open: Int64 = 0
  var forgotten: Int64 = 0
}

/// What a batch adds to `follow_up_changes`, or takes from them. Added up to a day, the rows say how
/// many deals were open at its end and how many of those were forgotten.
///
/// A deadline counts on its own day at once, also while that lies ahead, and is taken back on the day
/// on which it ends or, when it ends before it has passed, on its own.
struct FollowUpSums {
  private var deltas: [FollowUpKey: FollowUpDelta] = [:]

  /// An event changed what is to be done.
  ///
  /// - Parameters:
  ///   - former: nil for a deal that is new.
  ///   - times: -1 takes back what was counted.
  mutating func note(
    _ state: FollowUpState?, after former: FollowUpState?, at time: Instant, times: Int64 = 1
  ) {
    if let state, let former, state.isSame(as: former) { return }
    if let former { add(former, from: time, times: -times) }
    if let state { add(state, from: time, times: times) }
  }

  /// The state lasts from the time on, or (-1) no longer.
  private mutating func add(_ state: FollowUpState, from start: Instant, times: Int64) {
    guard state.isOpen else { return }
    let place = TotalKey(
      pipeline: state.pipeline, stage: "", owner: nil, team: state.holder.team,
      currency: state.holder.currency)
    deltas[FollowUpKey(day: start.day, place: place), default: FollowUpDelta()].open += times
    guard let due = state.due else { return }
    let day = max(start, due).day
    deltas[FollowUpKey(day: day, place: place), default: FollowUpDelta()].forgotten += times
  }

  /// Counts all that the events of a deal say.
  mutating func add(_ course: StageCourse, times: Int64) {
    var former: FollowUpState?
    for step in course.followUps {
      note(step.state, after: former, at: step.at, times: times)
      former = step.state
    }
  }

  /// By key, so that two projectors lock the rows in the same order; without what adds nothing.
  consuming func sorted() -> [(key: FollowUpKey, delta: FollowUpDelta)] {
    var rows: [(key: FollowUpKey, delta: FollowUpDelta)] = []
    rows.reserveCapacity(deltas.count)
    for (key, delta) in deltas where delta != FollowUpDelta() { rows.append((key, delta)) }
    rows.sort { $0.key < $1.key }
    return rows
  }
}
