import Contracts
import Postgres

@testable import Forecasting

// The tables of days and of lengths, read and worked out the long way.
extension Tables {
  mutating func readDays(of pool: PostgresPool) async throws {
    for row in try await pool.query(
      """
      SELECT day, pipeline, stage, to_stage, team, currency, sum(deals)::bigint,
        sum(amount_minor)::text, sum(entered)::bigint, sum(advanced)::bigint, sum(won)::bigint,
        sum(back)::bigint, sum(lost)::bigint, sum(reopened)::bigint, sum(ended_known)::bigint,
        sum(dwell_seconds)::bigint
      FROM daily_changes GROUP BY day, pipeline, stage, to_stage, team, currency
      """)
    {
      let key = DailyKey(
        day: try row.decode(0, as: PostgresDate.self).daysSinceEpoch,
        to: try row.decode(3),
        place: TotalKey(
          pipeline: try row.decode(1), stage: try row.decode(2), owner: nil,
          team: try row.decode(4, as: String.self), currency: try row.decode(5, as: String.self)))
      let sums = DailyDelta(
        deals: try row.decode(6), amountMinor: Int128(try row.decode(7, as: String.self)) ?? -1,
        entered: try row.decode(8), advanced: try row.decode(9), won: try row.decode(10),
        back: try row.decode(11), lost: try row.decode(12), reopened: try row.decode(13),
        endedKnown: try row.decode(14), dwellSeconds: try row.decode(15))
      if sums != DailyDelta() { daily[key] = sums }
    }
    for row in try await pool.query(
      """
      SELECT pipeline, stage, team, bucket, ending, sum(visits)::bigint FROM dwell_totals
      GROUP BY pipeline, stage, team, bucket, ending HAVING sum(visits) <> 0
      """)
    {
      let place = TotalKey(
        pipeline: try row.decode(0), stage: try row.decode(1), owner: nil,
        team: try row.decode(2, as: String.self), currency: nil)
      let key = DwellKey(
        place: place, ending: DwellKey.Ending(rawValue: try row.decode(4)) ?? .back,
        bucket: try row.decode(3))
      dwell[key] = try row.decode(5)
    }
  }

  /// Event by event, in the order in which they happened: what each day's end shows less what the
  /// day before showed, as whole histories tell it that know nothing later.
  mutating func countDays(of events: [StageEvent]) {
    let reverted = Set(events.compactMap { $0.data.reverted?.eventId })
    var former: [DailyKey: DailyDelta] = [:]
    for day in Set(events.map { $0.data.occurredAt.day }).sorted() {
      let known = events.filter { $0.data.occurredAt.day <= day }
      let state = Tables.state(of: known, reverted)
      for key in Set(state.keys).union(former.keys) {
        var change = state[key] ?? DailyDelta()
        change.add(former[key] ?? DailyDelta(), times: -1)
        var booked = key
        booked.day = day
        if change != DailyDelta() { daily[booked, default: DailyDelta()].add(change) }
        if daily[booked] == DailyDelta() { daily[booked] = nil }
      }
      former = state
    }
  }

  /// All that the sums hold after these events; the day of the keys is 0.
  private static func state(
    of events: [StageEvent], _ reverted: Set<EntityID>
  ) -> [DailyKey: DailyDelta] {
    var state: [DailyKey: DailyDelta] = [:]
    func key(_ opening: StageEvent, _ holder: StageEvent, to: String = "") -> DailyKey {
      DailyKey(
        day: 0, to: to,
        place: TotalKey(
          pipeline: opening.pipeline, stage: opening.to!, owner: nil, team: holder.team,
          currency: holder.amount?.currency))
    }
    let openings = events.filter { event in
      event.type == .created
        || event.type == .moved && event.from != event.to && !reverted.contains(event.id)
    }
    for (index, opening) in openings.enumerated() {
      state[key(opening, opening), default: DailyDelta()].entered += 1
      guard index + 1 < openings.count else { continue }
      let next = openings[index + 1]
      let previous = events.last { $0.sequence < next.sequence }!
      var delta = DailyDelta()
      switch MoveDirection.of(next.data)! {
      case .advance:
        delta.advanced = 1
        delta.won = next.toCategory == .won ? 1 : 0
      case .back: delta.back = 1
      case .lost: delta.lost = 1
      case .reopen: delta.reopened = 1
      }
      if let dwell = Tables.dwell(from: opening, to: next, in: events) {
        delta.endedKnown = 1
        delta.dwellSeconds = dwell / 1_000_000
      }
      state[key(opening, previous, to: next.to!), default: DailyDelta()].add(delta)
    }
    if let last = events.last, let opening = openings.last {
      state[key(opening, last), default: DailyDelta()].deals += 1
      state[key(opening, last), default: DailyDelta()].amountMinor += Int128(
        last.amount?.minor ?? 0)
    }
    return state
  }

  /// Microseconds without those on hold, second by second where need be; nil for an unknown entry.
  static func dwell(
    from opening: StageEvent, to next: StageEvent, in events: [StageEvent]
  ) -> Int64? {
    guard opening.data.entryUnknown != true else { return nil }
    return max(
      0,
      next.occurredAt.microseconds - opening.occurredAt.microseconds
        - held(from: opening.occurredAt, to: next.occurredAt, in: events))
  }

  static func held(
    from start: Instant?, to end: Instant, in events: [StageEvent]
  ) -> Int64 {
    var sum: Int64 = 0
    var since: Instant?
    for event in events {
      guard let change = event.data.changes.last(where: { $0.field == "hold" }) else { continue }
      if change.new != .null {
        since = since ?? event.occurredAt
      } else if let begin = since {
        sum += overlap(begin, event.occurredAt, start, end)
        since = nil
      }
    }
    if let since { sum += overlap(since, end, start, end) }
    return sum
  }

  static func overlap(
    _ begin: Instant, _ end: Instant, _ start: Instant?, _ limit: Instant
  ) -> Int64 {
    let from = start.map { max($0, begin) } ?? begin
    return max(0, min(end, limit).microseconds - from.microseconds)
  }

  static func outcome(_ opening: StageEvent) -> Outcome? {
    switch opening.toCategory! {
    case .open: nil
    case .won, .postWin: .won
    case .lost: .lost
    }
  }

  /// The entry into the first of the last stays that all have the outcome of the present one.
  static func closing(_ present: StageEvent, in events: [StageEvent]) -> Instant? {
    guard let result = outcome(present) else { return nil }
    let reverted = Set(events.compactMap { $0.data.reverted?.eventId })
    let openings = events.filter { event in
      event.type == .created
        || event.type == .moved && event.from != event.to && !reverted.contains(event.id)
    }
    let run = openings.reversed().prefix { outcome($0) == result }
    let first = Array(run).last!
    return first.data.entryUnknown == true ? nil : first.occurredAt
  }

  /// Hundredths of a day of which all but the first three digits are zero.
  static func bucket(_ hundredths: Double) -> Int32 {
    let digits = String(Int(hundredths.rounded(.down)))
    return Int32(digits.prefix(3) + String(repeating: "0", count: max(0, digits.count - 3)))!
  }
}

extension DailyDelta {
  mutating func add(_ other: DailyDelta, times: Int64 = 1) {
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
}
