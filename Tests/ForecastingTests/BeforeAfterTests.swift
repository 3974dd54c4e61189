import Contracts
import Postgres
import Testing

@testable import Forecasting

@Suite struct BeforeAfterTests {
  private static let at = History.start.adding(days: 200)

  /// Deals that are closed evenly over a window of 90 days from `start` on.
  private static func deals(
    _ count: Int, won: Int, cycleDays: Double, from start: Instant, firstNumber: Int,
    amount: Int64 = 100_000
  ) -> [History] {
    (0..<count).map { index in
      // From half to one and a half times the mean.
      let cycle = cycleDays * (0.5 + (Double(index % 10) + 0.5) / 10)
      let closed = start.adding(days: (Double(index) + 0.5) * 90 / Double(count))
      var deal = History(firstNumber + index, at: closed.adding(days: -cycle))
      deal.amount = Money(minor: amount + Int64(index), currency: "CNY")
      deal.create()
      deal.move(to: index < won ? "won" : "lost", afterDays: cycle)
      return deal
    }
  }

  private static func compare(
    _ deals: [History], days: Double = 90, upTo end: Instant? = nil, in pool: PostgresPool
  ) async throws -> BeforeAfter {
    try await pool.project(deals.flatMap(\.events))
    return try await pool.transaction {
      try BeforeAfterQueries.compare(
        FunnelQuestion(pipeline: Ladder.key),
        BeforeAfterWindows(at: at, days: days, upTo: end ?? at.adding(days: 100)), version: nil,
        in: $0)
    }
  }

  @Test func conversionAndCycleAreFoundToHaveChanged() async throws {
    try await withForecastingTables { pool in
      let answer = try await Self.compare(
        Self.deals(200, won: 80, cycleDays: 40, from: Self.at.adding(days: -90), firstNumber: 1)
          + Self.deals(200, won: 114, cycleDays: 25, from: Self.at, firstNumber: 1_001), in: pool)
      #expect(answer.before.won == 80 && answer.before.lost == 120)
      #expect(answer.after.won == 114 && answer.after.lost == 86)
      #expect(answer.conversion.before == 0.4 && answer.conversion.after == 0.57)
      #expect(answer.conversion.verdict == "higher")
      #expect(answer.conversion.sentence.en.hasPrefix("Conversion rose from 40.0% to 57.0% (+17.0"))
      #expect(answer.conversion.sentence.zh.hasPrefix("转化率上升：由 40.0% 变为 57.0%"))
      #expect(
        abs((answer.cycle.before ?? 0) - 40) < 0.1 && abs((answer.cycle.after ?? 0) - 25) < 0.3)
      #expect(answer.cycle.verdict == "lower")
      #expect(answer.cycle.sentence.en.contains("fell from 40.0 to") == false)
      #expect(answer.cycle.sentence.en.hasPrefix("The cycle of won deals fell from 40.0 days"))
      let amount = try #require(answer.wonAmount.first)
      #expect(amount.currency == "CNY" && amount.amount.verdict == "higher")
      #expect(amount.amount.before == Double(80 * 100_000 + 79 * 80 / 2))
    }
  }

  @Test func chanceIsSaidToBeChance() async throws {
    try await withForecastingTables { pool in
      let answer = try await Self.compare(
        Self.deals(10, won: 4, cycleDays: 40, from: Self.at.adding(days: -90), firstNumber: 1)
          + Self.deals(10, won: 6, cycleDays: 38, from: Self.at, firstNumber: 101), in: pool)
      for comparison in [answer.conversion, answer.cycle, answer.wonAmount[0].amount] {
        #expect(comparison.verdict == "cannot-tell")
        #expect(comparison.sentence.zh.hasPrefix("无法判断"))
        #expect(comparison.sentence.en.hasPrefix("The data can't tell whether"))
        let low = try #require(comparison.low)
        let high = try #require(comparison.high)
        #expect(low <= 0 && high >= 0)
      }
    }
  }

  @Test func whatIsMissingIsSaid() async throws {
    try await withForecastingTables { pool in
      let empty = try await Self.compare([], in: pool)
      #expect(empty.conversion.before == nil && empty.conversion.reason?.code == "no-data")
      #expect(empty.cycle.reason?.code == "no-data" && empty.wonAmount.isEmpty)
      #expect(empty.conversion.verdict == "cannot-tell")
      #expect(empty.conversion.sentence.zh == "无法判断转化率是否变化：没有数据。")
      let one = try await Self.compare(
        Self.deals(1, won: 1, cycleDays: 3, from: Self.at, firstNumber: 1), in: pool)
      #expect(one.conversion.reason?.code == "no-data" && one.after.won == 1)
      #expect(one.cycle.reason != nil && one.wonAmount[0].amount.reason?.code == "too-few")
    }
  }

  @Test func largeAmountsAndOneDay() async throws {
    try await withForecastingTables { pool in
      let deals = (0..<40).map { number in
        var deal = History(number, at: Self.at.adding(days: number < 20 ? -1 : 1))
        deal.amount = Money(minor: 1_000_000_000_000_000, currency: "CNY")
        deal.create(in: "won")
        return deal
      }
      let answer = try await Self.compare(deals, in: pool)
      #expect(answer.wonAmount[0].amount.before == 2e16 && answer.wonAmount[0].amount.after == 2e16)
      #expect(answer.wonAmount[0].amount.verdict == "cannot-tell")
      #expect(answer.cycle.difference == 0 && answer.cycle.verdict == "cannot-tell")
      #expect(answer.cycle.low == 0 && answer.cycle.high == 0)
    }
  }

  @Test func windowsAreOfOneLengthAndEndWhereTimeDoes() {
    let windows = BeforeAfterWindows(at: Self.at, days: 90, upTo: Self.at.adding(days: 30))
    #expect(windows.before == FigurePeriod(from: Self.at.adding(days: -30), to: Self.at))
    #expect(windows.after == FigurePeriod(from: Self.at, to: Self.at.adding(days: 30)))
    let ahead = BeforeAfterWindows(at: Self.at, days: 90, upTo: Self.at.adding(days: -1))
    #expect(ahead.before.from == Self.at && ahead.after.to == Self.at)
  }
}
