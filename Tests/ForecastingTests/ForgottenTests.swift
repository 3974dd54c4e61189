import Contracts
import Messaging
import Postgres
import Testing

@testable import Forecasting

@Suite struct ForgottenTests {
  private static func ask(
    _ question: FunnelQuestion, _ options: ForgottenOptions = ForgottenOptions(), now: Instant,
    of pool: PostgresPool
  ) async throws -> [Forgotten.Row] {
    try await pool.transaction {
      try ForgottenQueries.forgotten(question, options, now: now, in: $0)
    }.rows
  }

  /// Deal by deal, out of the events that count.
  private static func count(
    _ events: [[StageEvent]], _ question: FunnelQuestion, at time: Instant
  ) -> Forgotten.Count {
    events.reduce(into: Forgotten.Count()) { count, events in
      let known = events.filter { event in
        question.knownAt.map { event.data.recordedAt <= $0 } ?? true
      }
      guard !known.contains(where: { $0.type == .merged }),
        let (key, delta) = Tables.followUp(at: time, known),
        let last = known.last(where: { $0.occurredAt <= time }),
        question.team.map({ $0 == key.place.team }) ?? true,
        question.owner.map({ $0 == last.owner }) ?? true,
        question.currency.map({ $0 == key.place.currency }) ?? true
      else { return }
      count = count + Forgotten.Count(open: delta.open, forgotten: delta.forgotten)
    }
  }

  @Test func fromOneInFiveToOneInTwenty() async throws {
    try await withForecastingTables { pool in
      var deals = (0..<100).map { History($0) }
      for index in deals.indices {
        deals[index].followUpDueAt = History.start.adding(days: index < 20 ? 2 : 30)
        deals[index].create()
      }
      for index in 0..<15 {
        deals[index].followUpDueAt = nil
        deals[index].note(afterDays: 8)
      }
      try await pool.project(deals.flatMap(\.events))
      let question = FunnelQuestion(pipeline: Ladder.key, from: History.start)
      let rows = try await Self.ask(question, now: History.start.adding(days: 16), of: pool)
      // History.start is a Monday.
      #expect(rows.map(\.point.start.description) == ["2026-03-02", "2026-03-09", "2026-03-16"])
      #expect(rows.map(\.count.rate) == [0.2, 0.05, 0.05])
      #expect(rows.last?.point.at == History.start.adding(days: 16))
    }
  }

  @Test func deadlinesHoldsMovesAndReversals() async throws {
    try await withForecastingTables { pool in
      var deal = History(1)
      deal.followUpDueAt = History.start.adding(days: 2)
      deal.create()
      // Past its deadline from the second day on, on hold from the fourth to the fifth.
      deal.followUpDueAt = nil
      deal.hold(true, afterDays: 4)
      deal.followUpDueAt = History.start.adding(days: 6.5)
      deal.hold(false, afterDays: 1)
      // A move sets a deadline ahead; it is taken back, and the deadline before it was all along.
      deal.followUpDueAt = History.start.adding(days: 20)
      deal.move(to: "offer", afterDays: 1)
      deal.note(afterDays: 1)
      deal.followUpDueAt = History.start.adding(days: 6.5)
      deal.revert(afterDays: 1)
      deal.followUpDueAt = nil
      deal.move(to: "won", afterDays: 1)
      for batch in deal.events.map({ [$0] }) { try await pool.project(batch) }
      for (days, open, forgotten) in [
        (1.9, 1, 0), (2.0, 1, 1), (3.9, 1, 1), (4.0, 1, 0), (5.5, 1, 0), (6.4, 1, 0), (6.5, 1, 1),
        (7.5, 1, 1), (8.0, 1, 1), (9.0, 0, 0),
      ] {
        let time = History.start.adding(days: days)
        let question = FunnelQuestion(pipeline: Ladder.key, from: time, asOf: time)
        let rows = try await Self.ask(question, now: time, of: pool)
        #expect(
          rows.map(\.count) == [Forgotten.Count(open: Int64(open), forgotten: Int64(forgotten))],
          "after \(days) days")
      }
      // Before the reversal was known the deal stood in offer, with its deadline ahead.
      let known = FunnelQuestion(
        pipeline: Ladder.key, from: History.start.adding(days: 7),
        asOf: History.start.adding(days: 7),
        knownAt: History.start.adding(days: 7))
      let rows = try await Self.ask(known, now: History.start.adding(days: 30), of: pool)
      #expect(rows.map(\.count.forgotten) == [0])
    }
  }

  @Test(arguments: [UInt64(61), 62, 63, 64]) func theSumsAreWhatEachDealSays(
    _ seed: UInt64
  ) async throws {
    try await withForecastingTables { pool in
      var random = SplitMix(seed)
      let histories = (1...40).map {
        History.random($0, restores: seed == 62, disordered: seed > 62, &random)
      }
      for batch in Delivery.random(histories, &random) { try await pool.project(batch) }
      let events = histories.map { history in
        history.log.filter { event in
          !history.log.contains { $0.epoch > event.epoch && $0.sequence <= event.sequence }
        }
      }
      for number in 0..<16 {
        let any = History.start.adding(days: Double.random(in: -1...50, using: &random))
        let midnight = Int64(any.day) * 86_400_000_000 + Int64.random(in: -1...1, using: &random)
        let time = number % 2 == 0 ? any : Instant(microseconds: midnight)
        var question = FunnelQuestion(pipeline: Ladder.key, asOf: time)
        switch number % 5 {
        case 1: question.team = "north"
        case 2: question.owner = "bob"
        case 3: question.currency = "EUR"
        case 4 where seed != 62: question.knownAt = time
        default: break
        }
        let interval = CalendarInterval.allCases.randomElement(using: &random)!
        let asked = question
        let rows = try await Self.ask(
          asked, ForgottenOptions(interval: interval), now: any, of: pool)
        #expect(rows.last?.point.at == time)
        for row in rows {
          #expect(
            row.count == Self.count(events, asked, at: row.point.at), "\(asked), \(row.point)")
        }
      }
    }
  }

  @Test func intervalsBeginOnMondaysAndFirsts() {
    let from = Instant("2026-01-29T12:00:00Z")!
    let to = Instant("2026-03-02T00:00:00Z")!
    func starts(_ interval: CalendarInterval) -> [String] {
      ForgottenOptions(interval: interval).points(
        FunnelQuestion(pipeline: "", from: from, to: to), now: to.adding(days: 9)
      ).map(\.start.description)
    }
    #expect(starts(.month) == ["2026-01-01", "2026-02-01", "2026-03-01"])
    #expect(
      starts(.week) == ["2026-01-26", "2026-02-02", "2026-02-09", "2026-02-16", "2026-02-23"])
    #expect(starts(.day).count == 32 && starts(.day).first == "2026-01-29")
    let usual = ForgottenOptions(interval: .month).points(
      FunnelQuestion(pipeline: ""), now: to)
    #expect(usual.count == 12 && usual.first?.start.description == "2025-04-01")
    let none = ForgottenOptions().points(
      FunnelQuestion(pipeline: "", from: to, asOf: from), now: to)
    #expect(none.isEmpty)
  }
}
