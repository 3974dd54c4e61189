import Contracts
import Messaging

/// What tells the rows of `daily_changes` apart but for the shard.
struct DailyKey: Sendable {
  /// Days since 1970-01-01, UTC, of business time.
  var day: Int32
  /// The stage that the deals went to; "" in rows of standing deals and entries.
  var to: String
  /// Without an owner.
  var place: TotalKey
}

extension DailyKey: Hashable, Comparable {
  static func == (left: DailyKey, right: DailyKey) -> Bool {
    left.day == right.day && left.to.hasSameBytes(as: right.to) && left.place == right.place
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(day)
    hasher.combine(bytesOf: to)
    hasher.combine(place)
  }

  static func < (left: DailyKey, right: DailyKey) -> Bool {
    if left.day != right.day { return left.day < right.day }
    if left.place != right.place { return left.place < right.place }
    return left.to.order(right.to) < 0
  }
}

/// What a batch adds to one row of `daily_changes`.
struct DailyDelta: Hashable, Sendable {
  /// Net change of the deals that stand there, and of the sum of their amounts.
  var deals: Int64 = 0
  var amountMinor: Int128 = 0
  var entered: Int64 = 0
  /// Those won are among those that advanced.
  var advanced: Int64 = 0
  var won: Int64 = 0
  var back: Int64 = 0
  var lost: Int64 = 0
  var reopened: Int64 = 0
  /// Ended visits whose entry is known, and their whole seconds without the time on hold.
  var endedKnown: Int64 = 0
  var dwellSeconds: Int64 = 0
}

/// What a batch adds to `daily_changes`, or takes from them. Added up to a day, the rows say how the
/// pipeline stood at its end, as the events that had happened by then tell it.
struct DailySums {
  private var deltas: [DailyKey: DailyDelta] = [:]

  /// - Parameters:
  ///   - holder: team and currency after the event.
  ///   - day: of the event.
  mutating func addEntry(
    of visit: Visit, under holder: Holder, on day: Int32, times: Int64 = 1
  ) {
    let key = DailyKey(day: day, to: "", place: holder.place(visit.pipeline, visit.stage))
    deltas[key, default: DailyDelta()].entered += times
  }

  /// Under team and currency before the visit ended.
  mutating func addEnd(of visit: Visit, on day: Int32, times: Int64 = 1) {
    guard let leaving = visit.leaving else { return }
    let key = DailyKey(
      day: day, to: leaving.to, place: leaving.holder.place(visit.pipeline, visit.stage))
    deltas[key, default: DailyDelta()].addEnd(leaving, visit.dwellMicroseconds, times: times)
  }

  /// A deal stands in a stage from the day on, or (-1) stands there no longer.
  mutating func addStanding(
    in stage: String, of pipeline: String, under holder: Holder, _ amountMinor: Int64?,
    on day: Int32, times: Int64
  ) {
    let key = DailyKey(day: day, to: "", place: holder.place(pipeline, stage))
    deltas[key, default: DailyDelta()].deals += times
    deltas[key, default: DailyDelta()].amountMinor += Int128(times) * Int128(amountMinor ?? 0)
  }

  /// An event changed where the deal stands, or whose it is.
  ///
  /// - Parameter former: nil for a deal that is new.
  mutating func addStanding(of row: CurrentStage, before former: CurrentStage?, on day: Int32) {
    if let former {
      if former.standsAlike(row) { return }
      addStanding(of: former, on: day, times: -1)
    }
    addStanding(of: row, on: day, times: 1)
  }

  private mutating func addStanding(of row: CurrentStage, on day: Int32, times: Int64) {
    addStanding(
      in: row.stage, of: row.pipeline, under: row.holder, row.amount?.minor, on: day, times: times)
  }

  /// By key, so that two projectors lock the rows in the same order; without what adds nothing.
  consuming func sorted() -> [(key: DailyKey, delta: DailyDelta)] {
    var rows: [(key: DailyKey, delta: DailyDelta)] = []
    rows.reserveCapacity(deltas.count)
    for (key, delta) in deltas where delta != DailyDelta() { rows.append((key, delta)) }
    rows.sort { $0.key < $1.key }
    return rows
  }
}

extension DailySums {
  /// Counts all that the events of a deal say, on the day of each; nothing of a duplicate.
  mutating func add(_ course: StageCourse, of opportunity: EntityID, times: Int64) {
    guard course.mergedInto == nil else { return }
    let facts = course.facts
    let inTime = facts.indices.sorted {
      (facts[$0].occurredAt, $0) < (facts[$1].occurredAt, $1)
    }
    if inTime.elementsEqual(facts.indices) {
      addInOrder(course, of: opportunity, on: nil, times: times)
      return
    }
    // Each event changes what those say that had happened before, also where their order is another.
    var known: [Int] = []
    var former: StageCourse?
    for index in inTime {
      known.append(index)
      let course = StageCourse(
        kept: known.sorted().map { facts[$0] }, reverted: course.reverted)
      let day = facts[index].occurredAt.day
      if let former { addInOrder(former, of: opportunity, on: day, times: -times) }
      addInOrder(course, of: opportunity, on: day, times: times)
      former = course
    }
  }

  /// - Parameter fixed: the day of everything; nil: each on its own.
  private mutating func addInOrder(
    _ course: StageCourse, of opportunity: EntityID, on fixed: Int32?, times: Int64
  ) {
    for (stay, visit) in zip(course.stays, course.visits(of: opportunity)) {
      addEntry(
        of: visit, under: stay.begin.holder, on: fixed ?? stay.begin.occurredAt.day, times: times)
      if let leaving = visit.leaving {
        addEnd(of: visit, on: fixed ?? leaving.at.day, times: times)
      }
    }
    var stays = course.stays.makeIterator()
    var next = stays.next()
    var standing: (stay: StageFact, last: StageFact)?
    for fact in course.facts {
      let day = fixed ?? fact.occurredAt.day
      if let standing { add(standing.stay, heldAfter: standing.last, on: day, times: -times) }
      if let stay = next, stay.begin.position == fact.position {
        standing = (fact, fact)
        next = stays.next()
      } else {
        standing?.last = fact
      }
      if let standing { add(standing.stay, heldAfter: fact, on: day, times: times) }
    }
  }

  private mutating func add(
    _ stay: StageFact, heldAfter fact: StageFact, on day: Int32, times: Int64
  ) {
    addStanding(
      in: stay.to ?? "", of: stay.pipeline, under: fact.holder, fact.amountMinor, on: day,
      times: times)
  }
}

extension Holder {
  func place(_ pipeline: String, _ stage: String) -> TotalKey {
    TotalKey(pipeline: pipeline, stage: stage, owner: nil, team: team, currency: currency)
  }
}

extension DailyDelta {
  fileprivate mutating func addEnd(_ leaving: Visit.Leaving, _ dwell: Int64?, times: Int64) {
    switch leaving.direction {
    case .advance:
      advanced += times
      if leaving.category == .won { won += times }
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
