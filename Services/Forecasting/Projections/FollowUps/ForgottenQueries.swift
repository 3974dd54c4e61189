import Contracts
import Postgres
import ServiceWiring

/// Reads how many open deals there were, and how many of them had a deadline that had passed.
enum ForgottenQueries {
  static func forgotten(
    _ question: FunnelQuestion, _ options: ForgottenOptions, now: Instant,
    in transaction: borrowing PostgresTransaction
  ) throws -> Forgotten {
    let points = options.points(question, now: now)
    let times = points.map(\.at)
    let counts =
      question.filter.isOfSums && question.knownAt == nil
      ? try daily(question.filter, at: times, in: transaction)
      : try historical(question.filter, knownAt: question.knownAt, at: times, in: transaction)
    return Forgotten(
      options: options,
      rows: zip(points, counts).map { Forgotten.Row(point: $0, count: $1) })
  }

  /// Out of the sums of days; on the day of a time that does not end it, out of the deals of which
  /// something happened or fell due on that day.
  ///
  /// - Parameters:
  ///   - filter: one that the sums can answer.
  ///   - times: ascending.
  private static func daily(
    _ filter: DealFilter, at times: [Instant], in transaction: borrowing PostgresTransaction
  ) throws -> [Forgotten.Count] {
    guard let last = times.last else { return [] }
    let days = try transaction.query(
      """
      SELECT day, sum(open)::bigint, sum(forgotten)::bigint FROM follow_up_changes
      WHERE pipeline = $1 AND day <= $2 AND ($3::text IS NULL OR team = $3)
        AND ($4::text IS NULL OR currency = $4)
      GROUP BY day ORDER BY day
      """, filter.pipeline, PostgresDate(daysSinceEpoch: last.day), filter.team, filter.currency
    ).map { row in
      (
        day: try row.decode(0, as: PostgresDate.self).daysSinceEpoch,
        count: Forgotten.Count(open: try row.decode(1), forgotten: try row.decode(2))
      )
    }
    var counts: [Forgotten.Count] = []
    var sum = Forgotten.Count()
    var next = 0
    for time in times {
      let isWhole = Instant(microseconds: time.microseconds + 1).day > time.day
      while next < days.count, days[next].day < time.day || isWhole && days[next].day == time.day {
        sum = sum + days[next].count
        next += 1
      }
      counts.append(
        isWhole ? sum : sum + (try changes(filter, onTheDayOf: time, in: transaction)))
    }
    return counts
  }

  /// What the day changed up to a time.
  private static func changes(
    _ filter: DealFilter, onTheDayOf time: Instant,
    in transaction: borrowing PostgresTransaction
  ) throws -> Forgotten.Count {
    let start = CalendarDay(time).midnight
    let touched = try transaction.query(
      """
      SELECT opportunity_id FROM applied_events
      WHERE occurred_at >= $2 AND occurred_at <= $3 AND pipeline = $1
      UNION
      SELECT opportunity_id FROM applied_events
      WHERE follow_up_due_at >= $2 AND follow_up_due_at <= $3 AND pipeline = $1
      """, filter.pipeline, start, time
    ).map { try $0.decode(0, as: EntityID.self) }
    let before = Instant(microseconds: start.microseconds - 1)
    let counts = try count(
      touched, filter, knownAt: nil, at: [before, time], in: transaction)
    return counts[1] - counts[0]
  }

  /// Out of the events themselves: exact whatever is asked, and slow where that is many deals.
  static func historical(
    _ filter: DealFilter, knownAt: Instant?, at times: [Instant],
    in transaction: borrowing PostgresTransaction
  ) throws -> [Forgotten.Count] {
    var parameters: [(any PostgresEncodable)?] = [filter.pipeline]
    let restriction = filter.restriction(&parameters)
    let deals = try transaction.query(
      "SELECT opportunity_id FROM current_stage WHERE pipeline = $1\(restriction)",
      parameters: parameters
    ).map { try $0.decode(0, as: EntityID.self) }
    return try count(deals, filter, knownAt: knownAt, at: times, in: transaction)
  }

  private static func count(
    _ deals: [EntityID], _ filter: DealFilter, knownAt: Instant?, at times: [Instant],
    in transaction: borrowing PostgresTransaction
  ) throws -> [Forgotten.Count] {
    var counts = times.map { _ in Forgotten.Count() }
    // So many at a time that their events are no load for the memory.
    for start in stride(from: 0, to: deals.count, by: 2_000) {
      let some = Set(deals[start..<min(start + 2_000, deals.count)])
      let histories = try StageTables.loadHistories(
        of: some, knownAt: knownAt, in: transaction)
      for history in histories.values {
        let steps = StageCourse(history).followUps
        for (index, time) in times.enumerated() {
          guard let state = steps.last(where: { $0.at <= time })?.state, state.isOpen,
            filter.covers(state)
          else { continue }
          counts[index].open += 1
          if state.isForgotten(at: time) { counts[index].forgotten += 1 }
        }
      }
    }
    return counts
  }
}

extension DealFilter {
  /// Whether pipeline, team, owner and currency are those asked for, byte by byte, and the deal is in
  /// scope.
  func covers(_ state: FollowUpState) -> Bool {
    func agrees(_ wanted: String?, _ found: String?) -> Bool {
      wanted.map { wanted in found.map { $0.hasSameBytes(as: wanted) } ?? false } ?? true
    }
    return state.pipeline.hasSameBytes(as: pipeline) && agrees(team, state.holder.team)
      && agrees(owner, state.holder.owner) && agrees(currency, state.holder.currency)
      && (scope.map { scope in
        scope.owners.contains { agrees($0, state.holder.owner) }
          || scope.teams.contains { agrees($0, state.holder.team) }
      } ?? true)
  }
}
