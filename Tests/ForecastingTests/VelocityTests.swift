import Contracts
import Foundation
import Postgres
import Testing

@testable import Forecasting

@Suite struct VelocityTests {
  private static func ask(
    _ question: FunnelQuestion = FunnelQuestion(pipeline: Ladder.key), targetMinor: Int64? = nil,
    now: Instant, of pool: PostgresPool
  ) async throws -> Velocity {
    try await pool.transaction { transaction in
      let stages = try FunnelStage.all(of: Ladder.key, in: transaction)
      let period = question.period(now: now)
      return Velocity(
        try VelocityQueries.sums(question, period, stages: stages, in: transaction),
        period: period, targetMinor: targetMinor)
    }
  }

  private static func publish(in pool: PostgresPool) async throws {
    var definition = Ladder.definition
    definition.stages[1].probability = 0.5
    try await pool.publish(Ladder.version(1, definition))
  }

  /// Twenty deals that were closed after twenty days, half of them won, and five open ones.
  private static func deals(amount: Int64 = 1_000) -> [History] {
    (0..<25).map { number in
      var deal = History(number)
      deal.amount = Money(minor: amount, currency: "CNY")
      deal.create()
      switch number {
      case 0..<10: deal.move(to: "won", afterDays: 20)
      case 10..<20: deal.move(to: "lost", afterDays: 20)
      default: deal.move(to: "offer", afterDays: 1)
      }
      return deal
    }
  }

  @Test func itIsDealsTimesRateTimesAmountByCycle() async throws {
    try await withForecastingTables { pool in
      try await Self.publish(in: pool)
      try await pool.project(Self.deals().flatMap(\.events))
      let now = History.start.adding(days: 30)
      let answer = try await Self.ask(now: now, of: pool)
      #expect(answer.openDeals == 5 && answer.won == 10 && answer.lost == 10)
      #expect(
        answer.winRate.value == 0.5 && answer.winRate.low! < 0.5 && answer.winRate.high! > 0.5)
      #expect(answer.cycleDays.deals == 10 && answer.cycleDays.mean.value == 20)
      #expect(answer.cycleDays.median.value == 20)
      let money = try #require(answer.currencies.first)
      // 5 × 0.5 × 1000 ÷ 20, and 5 × 1000 × 0.5 of 10 × 1000.
      #expect(money.averageWonMinor == 1_000 && money.perDayMinor == 125)
      #expect(money.weightedMinor == 2_500 && money.wonMinor == 10_000 && money.coverage == 0.25)
      let target = try await Self.ask(targetMinor: 5_000, now: now, of: pool)
      #expect(target.currencies[0].neededMinor == 5_000 && target.currencies[0].coverage == 0.5)
      // At an earlier time nothing was closed, and the same deals were open.
      let earlier = try await Self.ask(
        FunnelQuestion(pipeline: Ladder.key, asOf: History.start.adding(days: 5)), now: now,
        of: pool)
      #expect(earlier.openDeals == 25 && earlier.won == 0)
      #expect(earlier.winRate.reason?.code == "no-data")
    }
  }

  @Test func fewAndNoneHaveReasons() async throws {
    try await withForecastingTables { pool in
      try await Self.publish(in: pool)
      let now = History.start.adding(days: 30)
      let empty = try await Self.ask(now: now, of: pool)
      #expect(empty.openDeals == 0 && empty.currencies.isEmpty)
      #expect(empty.winRate.reason?.code == "no-data" && empty.cycleDays.mean.value == nil)
      #expect(empty.cycleDays.mean.reason != nil && empty.cycleDays.median.reason != nil)
      var open = History(1)
      open.create()
      try await pool.project(open.events)
      let one = try await Self.ask(now: now, of: pool).currencies[0]
      #expect(one.perDayMinor == nil && one.perDayReason?.code == "no-data")
      #expect(one.weightedMinor == nil && one.unweightedDeals == 1)
      #expect(one.coverage == nil && one.coverageReason?.code == "no-probability")
      // Won as soon as it was there.
      var sudden = History(2)
      sudden.create(in: "won")
      try await pool.project(sudden.events)
      let two = try await Self.ask(now: now, of: pool)
      #expect(two.cycleDays.mean.value == 0 && two.cycleDays.mean.reason?.code == "too-few")
      #expect(two.currencies[0].perDayReason?.code == "no-cycle")
    }
  }

  @Test func largeAmountsStayExact() async throws {
    try await withForecastingTables { pool in
      try await Self.publish(in: pool)
      try await pool.project(Self.deals(amount: 1_000_000_000_000_001).flatMap(\.events))
      let money = try await Self.ask(now: History.start.adding(days: 30), of: pool).currencies[0]
      #expect(money.openMinor == Decimal(string: "5000000000000005"))
      #expect(money.wonMinor == Decimal(string: "10000000000000010"))
      #expect(abs((money.coverage ?? 0) - 0.25) < 1e-12)
    }
  }
}
