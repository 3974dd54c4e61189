import Contracts
import Foundation
import Statistics

/// The answer of `/v1/before-after`: what became of the deals that were closed in a window before a
/// moment and in one of the same length after it.
struct BeforeAfter: Figure {
  /// What was closed in one of the windows.
  struct Side: Equatable, Sendable {
    var won = 0
    var lost = 0
    /// Days from creation to the win.
    var cycle = Moments()
    /// Amounts won, in minor units, by currency.
    var amounts: [String: Moments] = [:]
  }

  struct Comparison: Encodable, Sendable {
    @Nullable var before: Double? = nil
    @Nullable var after: Double? = nil
    @Nullable var difference: Double? = nil
    @Nullable var low: Double? = nil
    @Nullable var high: Double? = nil
    /// `higher`, `lower` or `cannot-tell`.
    var verdict: String
    @Nullable var reason: Reason? = nil
    var sentence: LocalizedText
  }

  struct Window: Encodable, Sendable {
    var from: Instant
    var to: Instant
    var won: Int
    var lost: Int
    /// Won deals whose creation is not known are in no cycle.
    var cycles: Int
  }

  struct AmountComparison: Encodable, Sendable {
    var currency: String
    /// In minor units.
    var amount: Comparison
  }

  var at: Instant
  @Nullable var version: Int? = nil
  /// Of each window; shorter than was asked for where less than that has passed since.
  var windowDays: Double
  var before: Window
  var after: Window
  var conversion: Comparison
  /// In days.
  var cycle: Comparison
  var wonAmount: [AmountComparison]

  private enum CodingKeys: CodingKey {
    case at, version, windowDays, before, after, conversion, cycle, wonAmount
  }

  init(_ windows: BeforeAfterWindows, version: Int?, before: Side, after: Side) {
    at = windows.at
    self.version = version
    windowDays = windows.after.to.days(since: windows.after.from)
    self.before = Window(windows.before, before)
    self.after = Window(windows.after, after)
    conversion = Comparison(
      .conversion,
      Difference.ofProportions(
        before: Proportion(before.won, of: before.won + before.lost),
        after: Proportion(after.won, of: after.won + after.lost)))
    cycle = Comparison(.cycle, Difference.ofMeans(before: before.cycle, after: after.cycle))
    wonAmount = Set(before.amounts.keys).union(after.amounts.keys).sorted().map { currency in
      AmountComparison(
        currency: currency,
        amount: Comparison(
          .amount(currency),
          Difference.ofTotals(
            before: before.amounts[currency] ?? Moments(),
            after: after.amounts[currency] ?? Moments())))
    }
  }

  var about: LocalizedText {
    LocalizedText(
      zh: "前后对比：以该时刻为界，前后各一段等长期间内关闭的商机的转化率、赢单周期和赢单金额，附差值及其 95% 区间",
      en: "Before and after: conversion, cycle and won amount of the deals that were closed in two "
        + "windows of the same length around the moment, with each difference and its 95% interval")
  }

  var table: CSVTable {
    var table = CSVTable(header: [
      "figure", "currency", "before", "after", "difference", "low", "high", "verdict", "zh", "en",
    ])
    func add(_ figure: String, _ currency: String?, _ row: Comparison) {
      table.rows.append([
        figure, currency, row.before.cell, row.after.cell, row.difference.cell, row.low.cell,
        row.high.cell, row.verdict, row.sentence.zh, row.sentence.en,
      ])
    }
    add("conversion", nil, conversion)
    add("cycle", nil, cycle)
    for row in wonAmount { add("wonAmount", row.currency, row.amount) }
    return table
  }
}

/// The two windows: `before` ends where `after` begins.
struct BeforeAfterWindows: Equatable, Sendable {
  var at: Instant
  var before: FigurePeriod
  var after: FigurePeriod

  /// - Parameters:
  ///   - end: where what is known ends; the windows are shortened to what has passed since `at`.
  init(at: Instant, days: Double, upTo end: Instant) {
    self.at = at
    let wanted = at.adding(days: days).microseconds - at.microseconds
    let length = max(0, min(wanted, end.microseconds - at.microseconds))
    before = FigurePeriod(from: Instant(microseconds: at.microseconds - length), to: at)
    after = FigurePeriod(from: at, to: Instant(microseconds: at.microseconds + length))
  }
}

extension BeforeAfter.Window {
  init(_ period: FigurePeriod, _ side: BeforeAfter.Side) {
    self.init(
      from: period.from, to: period.to, won: side.won, lost: side.lost, cycles: side.cycle.count)
  }
}
