import Contracts
import Messaging
import Postgres

@testable import Forecasting

// The days of follow-ups, read and worked out the long way.
extension Tables {
  mutating func readFollowUps(of pool: PostgresPool) async throws {
    for row in try await pool.query(
      """
      SELECT day, pipeline, team, currency, sum(open)::bigint, sum(forgotten)::bigint
      FROM follow_up_changes GROUP BY day, pipeline, team, currency
      HAVING (sum(open), sum(forgotten)) <> (0, 0)
      """)
    {
      let key = FollowUpKey(
        day: try row.decode(0, as: PostgresDate.self).daysSinceEpoch,
        place: TotalKey(
          pipeline: try row.decode(1), stage: "", owner: nil,
          team: try row.decode(2, as: String.self), currency: try row.decode(3, as: String.self)))
      followUps[key] = FollowUpDelta(open: try row.decode(4), forgotten: try row.decode(5))
    }
  }

  /// What each day's end shows less what the day before showed.
  mutating func countFollowUps(of events: [StageEvent]) {
    let days = Set(events.map { $0.data.occurredAt.day })
      .union(events.compactMap { $0.data.followUpDueAt?.day })
    var former: (key: FollowUpKey, delta: FollowUpDelta)?
    for day in days.sorted() {
      let end = Instant(microseconds: (Int64(day) + 1) * 86_400_000_000 - 1)
      let state = Tables.followUp(at: end, events)
      for (part, times) in [(former, Int64(-1)), (state, 1)] {
        guard var (key, delta) = part else { continue }
        key.day = day
        let sum = followUps[key] ?? FollowUpDelta()
        delta = FollowUpDelta(
          open: sum.open + times * delta.open, forgotten: sum.forgotten + times * delta.forgotten)
        followUps[key] = delta == FollowUpDelta() ? nil : delta
      }
      former = state
    }
  }

  /// What the deal adds to the figures of a moment; the day of the key is 0.
  ///
  /// - Parameter events: those that never were are not among them.
  static func followUp(
    at time: Instant, _ events: [StageEvent]
  ) -> (key: FollowUpKey, delta: FollowUpDelta)? {
    let known = events.filter { $0.occurredAt <= time }
    let opening = known.last { event in
      event.type == .created
        || event.type == .moved && event.from != event.to
          && !events.contains { $0.data.reverted?.eventId == event.id }
    }
    guard let opening, let last = known.last, opening.toCategory == .open else { return nil }
    let speaker = known.last { event in
      !events.contains { reversal in
        guard let move = reversal.data.reverted else { return false }
        return EventPosition(move) <= EventPosition(event)
          && EventPosition(event) < EventPosition(reversal)
      }
    }
    let key = FollowUpKey(
      day: 0,
      place: TotalKey(
        pipeline: opening.pipeline, stage: "", owner: nil, team: last.team,
        currency: last.amount?.currency))
    let isForgotten = speaker?.followUpDueAt.map { $0 <= time } ?? false
    return (key, FollowUpDelta(open: 1, forgotten: isForgotten ? 1 : 0))
  }
}
