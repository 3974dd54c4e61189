import Contracts
import Messaging
import Postgres

@testable import Forecasting

/// What the stage projection keeps.
struct Tables {
  struct Fact: Hashable {
    var opportunity: EntityID
    var position: EventPosition
  }

  var facts: Set<Fact> = []
  var current: [EntityID: CurrentStage] = [:]
  var visits: Set<Visit> = []
  /// Without those of zero.
  var totals: [TotalKey: TotalDelta] = [:]
  var daily: [DailyKey: DailyDelta] = [:]
  var dwell: [DwellKey: Int64] = [:]
  var followUps: [FollowUpKey: FollowUpDelta] = [:]
}

extension Tables {
  init(of pool: PostgresPool) async throws {
    for row in try await pool.query("SELECT opportunity_id, epoch, sequence FROM applied_events") {
      let position = EventPosition(epoch: try row.decode(1), sequence: try row.decode(2))
      facts.insert(Fact(opportunity: try row.decode(0), position: position))
    }
    let ids = Array(Set(facts.map(\.opportunity)))
    current = try await pool.transaction { try StageTables.load(ids, in: $0).current }
    for row in try await pool.query(
      """
      SELECT opportunity_id, entered_sequence, pipeline, stage, category, entered_at, left_at,
        left_sequence, left_to, direction, left_category, left_owner, left_team, left_currency,
        left_amount_minor, held_us
      FROM visits
      """)
    {
      let direction = try row.optional(9, as: String.self)
      let leftAt = try row.optional(6, as: Instant.self)
      let leaving = try leftAt.map { at in
        Visit.Leaving(
          at: at, sequence: try row.decode(7), to: try row.decode(8),
          direction: direction.flatMap { MoveDirection(rawValue: $0) },
          category: try row.optional(10, as: String.self).flatMap { StageCategory(rawValue: $0) },
          holder: Holder(
            owner: try row.optional(11), team: try row.optional(12),
            currency: try row.optional(13)), amountMinor: try row.optional(14),
          heldMicroseconds: try row.decode(15))
      }
      visits.insert(
        Visit(
          opportunityID: try row.decode(0), enteredSequence: try row.decode(1),
          pipeline: try row.decode(2), stage: try row.decode(3),
          category: StageCategory(rawValue: try row.decode(4)) ?? .open,
          enteredAt: try row.optional(5), leaving: leaving))
    }
    for row in try await pool.query(
      """
      SELECT pipeline, stage, owner, team, currency, sum(deals)::bigint, sum(amount_minor)::text,
        sum(entered)::bigint, sum(advanced)::bigint, sum(back)::bigint, sum(lost)::bigint,
        sum(reopened)::bigint, sum(ended_known)::bigint, sum(dwell_seconds)::bigint
      FROM stage_totals GROUP BY pipeline, stage, owner, team, currency
      """)
    {
      let key = TotalKey(
        pipeline: try row.decode(0), stage: try row.decode(1),
        owner: try row.decode(2, as: String.self), team: try row.decode(3, as: String.self),
        currency: try row.decode(4, as: String.self))
      let sums = TotalDelta(
        deals: try row.decode(5), amountMinor: Int128(try row.decode(6, as: String.self)) ?? -1,
        entered: try row.decode(7), advanced: try row.decode(8), back: try row.decode(9),
        lost: try row.decode(10), reopened: try row.decode(11), endedKnown: try row.decode(12),
        dwellSeconds: try row.decode(13))
      if sums != TotalDelta() { totals[key] = sums }
    }
    try await readDays(of: pool)
    try await readFollowUps(of: pool)
  }

  /// Worked out the long way: event by event, each question asked of the whole history.
  init(naively logs: [[StageEvent]]) {
    for log in logs {
      let events = log.filter { event in
        !log.contains { $0.epoch > event.epoch && $0.sequence <= event.sequence }
      }
      let openings = events.filter { event in
        event.type == .created
          || event.type == .moved && event.from != event.to
            && !events.contains { $0.data.reverted?.eventId == event.id }
      }
      facts.formUnion(
        events.map { Fact(opportunity: $0.opportunityId, position: EventPosition($0)) })
      let isMerged = events.contains { $0.type == .merged }
      for (index, opening) in openings.enumerated() where !isMerged {
        let next = index + 1 < openings.count ? openings[index + 1] : nil
        count(opening, until: next, in: events)
      }
      if let last = events.last, let opening = openings.last {
        current[last.opportunityId] = Tables.row(after: last, standingSince: opening, in: events)
        if isMerged { continue }
        let key = key(opening, heldAfter: last)
        totals[key, default: TotalDelta()].deals += 1
        totals[key, default: TotalDelta()].amountMinor += Int128(last.amount?.minor ?? 0)
      }
      guard !isMerged else { continue }
      countDays(of: events)
      countFollowUps(of: events)
    }
  }

  private mutating func count(
    _ opening: StageEvent, until next: StageEvent?, in events: [StageEvent]
  ) {
    let enteredAt = opening.data.entryUnknown == true ? nil : opening.occurredAt
    var visit = Visit(
      opportunityID: opening.opportunityId, enteredSequence: opening.sequence,
      pipeline: opening.pipeline, stage: opening.to!, category: opening.toCategory!,
      enteredAt: enteredAt)
    totals[key(opening, heldAfter: opening), default: TotalDelta()].entered += 1
    if let next {
      let direction = MoveDirection.of(next.data)!
      let previous = events.last { $0.sequence < next.sequence }!
      visit.leaving = Visit.Leaving(
        at: next.occurredAt, sequence: next.sequence, to: next.to!, direction: direction,
        category: next.toCategory,
        holder: Holder(
          owner: previous.owner, team: previous.team, currency: previous.amount?.currency),
        amountMinor: previous.amount?.minor,
        heldMicroseconds: Tables.held(from: enteredAt, to: next.occurredAt, in: events))
      var sums = TotalDelta()
      switch direction {
      case .advance: sums.advanced = 1
      case .back: sums.back = 1
      case .lost: sums.lost = 1
      case .reopen: sums.reopened = 1
      }
      if let microseconds = Tables.dwell(from: opening, to: next, in: events) {
        sums.endedKnown = 1
        sums.dwellSeconds = microseconds / 1_000_000
        let place = TotalKey(
          pipeline: opening.pipeline, stage: opening.to!, owner: nil, team: previous.team,
          currency: nil)
        let ending: DwellKey.Ending =
          switch direction {
          case .advance: next.toCategory == .won ? .won : .advance
          case .back: .back
          case .lost: .lost
          case .reopen: .reopen
          }
        let bucket = Tables.bucket(Double(microseconds) / 864_000_000)
        dwell[DwellKey(place: place, ending: ending, bucket: bucket), default: 0] += 1
      }
      totals[key(opening, heldAfter: previous), default: TotalDelta()].add(sums)
    }
    visits.insert(visit)
  }

  private func key(_ opening: StageEvent, heldAfter event: StageEvent) -> TotalKey {
    TotalKey(
      pipeline: opening.pipeline, stage: opening.to!, owner: event.owner, team: event.team,
      currency: event.amount?.currency)
  }

  private static func row(
    after last: StageEvent, standingSince opening: StageEvent, in events: [StageEvent]
  ) -> CurrentStage {
    // Of a duplicate that became part of another deal the column says no category.
    let merged = events.last { $0.type == .merged }?.data.merged
    let enteredAt = opening.data.entryUnknown == true ? nil : opening.occurredAt
    let since = events.reduce(into: Instant?.none) { since, event in
      guard let change = event.data.changes.last(where: { $0.field == "hold" }) else { return }
      since = change.new == .null ? nil : since ?? event.occurredAt
    }
    let latest = events.map(\.data.occurredAt).max()!
    let lasting = since.map { overlap($0, latest, enteredAt, latest) } ?? 0
    return CurrentStage(
      opportunityID: last.opportunityId, epoch: last.epoch, sequence: last.sequence,
      pipeline: last.pipeline, pipelineVersion: last.pipelineVersion, stage: opening.to!,
      category: merged == nil ? opening.toCategory! : .open, position: opening.toPosition!,
      owner: last.owner,
      team: last.team, amount: last.amount, name: events[0].data.name,
      account: events[0].data.account?.name,
      enteredAt: enteredAt,
      enteredSequence: opening.sequence, followUpDueAt: last.followUpDueAt,
      benchmarkDays: last.benchmarkDays, occurredAt: last.occurredAt, latestAt: latest,
      heldSince: since,
      heldMicroseconds: held(from: enteredAt, to: latest, in: events) - lasting,
      createdAt: merged != nil || events[0].data.entryUnknown == true ? nil : events[0].occurredAt,
      outcome: merged == nil ? outcome(opening) : nil,
      closedAt: merged == nil ? closing(opening, in: events) : nil,
      mergedInto: merged?.opportunityId)
  }

  /// One line per row that is not the same on both sides.
  func differences(from expected: Tables) -> [String] {
    func lines<Row: Hashable>(_ found: Set<Row>, _ expected: Set<Row>) -> [String] {
      found.subtracting(expected).map { "found \($0)" }
        + expected.subtracting(found).map { "missing \($0)" }
    }
    func lines<Key: Hashable, Row: Hashable>(
      _ found: [Key: Row], _ expected: [Key: Row]
    ) -> [String] {
      Set(found.keys).union(expected.keys).filter { found[$0] != expected[$0] }.map { key in
        func text(_ row: Row?) -> String { row.map { "\($0)" } ?? "nothing" }
        return "\(key): found \(text(found[key])), expected \(text(expected[key]))"
      }
    }
    return lines(facts, expected.facts) + lines(current, expected.current)
      + lines(visits, expected.visits) + lines(totals, expected.totals)
      + lines(daily, expected.daily) + lines(dwell, expected.dwell)
      + lines(followUps, expected.followUps)
  }
}
