import Contracts
import Foundation
import Statistics

/// What `/v1/velocity` is worked out from.
struct VelocitySums: Equatable, Sendable {
  struct Money: Equatable, Sendable {
    /// Open deals with an amount in the currency.
    var open: Int64 = 0
    var openMinor: Int128 = 0
    /// Amounts times the win probability of the stage, in minor units.
    var weightedMinor = Decimal()
    /// Of them those in a stage of which the pipeline says no probability: they are not weighted.
    var unweighted: Int64 = 0
    /// Deals won in the period.
    var won: Int64 = 0
    var wonMinor: Int128 = 0
  }

  /// Deals that were expected to close in the period, and those among them that did not.
  var due: Int64 = 0
  var slipped: Int64 = 0
  /// Deals whose expected close was put off in the period, how often, and by how many days.
  var pushedDeals: Int64 = 0
  var pushes: Int64 = 0
  var meanPushDays: Double?
  var open: Int64 = 0
  var openUnpriced: Int64 = 0
  var won: Int64 = 0
  var lost: Int64 = 0
  var money: [String: Money] = [:]
  /// Days from creation to the win of the deals won in the period.
  var cycle = Moments()
  /// The same, to the hour.
  var cycles: [Spell] = []
}

/// The answer of `/v1/velocity`.
struct Velocity: Figure {
  struct Cycle: Encodable, Sendable {
    /// Won deals whose creation is known.
    var deals: Int
    /// In days; its interval is Student's.
    var mean: EstimateBody
    var median: EstimateBody
  }

  struct ExpectedCloses: Encodable, Sendable {
    var due: Int64
    var slipped: Int64
    @Nullable var slippedShare: Double? = nil
    var pushedDeals: Int64
    var pushes: Int64
    @Nullable var meanPushDays: Double? = nil
    @Nullable var reason: Reason? = nil
  }

  struct CurrencyBody: Encodable, Sendable {
    var currency: String
    var openDeals: Int64
    var openMinor: Decimal
    @Nullable var averageWonMinor: Decimal? = nil
    /// Deals × win rate × average won amount ÷ mean cycle.
    @Nullable var perDayMinor: Decimal? = nil
    @Nullable var perDayReason: Reason? = nil
    @Nullable var weightedMinor: Decimal? = nil
    var unweightedDeals: Int64
    var wonMinor: Decimal
    /// What is to be covered: the target, or the amount won in the period.
    var neededMinor: Decimal
    /// weighted ÷ needed.
    @Nullable var coverage: Double? = nil
    @Nullable var coverageReason: Reason? = nil
  }

  var period: FigurePeriod
  var openDeals: Int64
  var openUnpriced: Int64
  var won: Int64
  var lost: Int64
  var winRate: EstimateBody
  var cycleDays: Cycle
  @Nullable var targetMinor: Int64? = nil
  var currencies: [CurrencyBody]
  var expectedCloses: ExpectedCloses

  private enum CodingKeys: CodingKey {
    case period, openDeals, openUnpriced, won, lost, winRate, cycleDays, targetMinor, currencies
    case expectedCloses
  }

  init(_ sums: VelocitySums, period: FigurePeriod, targetMinor: Int64?) {
    self.period = period
    openDeals = sums.open
    openUnpriced = sums.openUnpriced
    won = sums.won
    lost = sums.lost
    let rate = Proportion(Int(sums.won), of: Int(sums.won + sums.lost)).wilson
    winRate = EstimateBody(rate)
    cycleDays = Cycle(
      deals: sums.cycle.count, mean: EstimateBody(sums.cycle),
      median: EstimateBody(KaplanMeier(sums.cycles).median))
    self.targetMinor = targetMinor
    expectedCloses = ExpectedCloses(
      due: sums.due, slipped: sums.slipped,
      slippedShare: sums.due == 0 ? nil : Double(sums.slipped) / Double(sums.due),
      pushedDeals: sums.pushedDeals, pushes: sums.pushes, meanPushDays: sums.meanPushDays,
      reason: sums.due == 0 ? Reason(.noData) : nil)
    currencies = sums.money.sorted { $0.key < $1.key }.map { currency, money in
      CurrencyBody(
        currency, money, rate: rate.value?.value, cycle: sums.cycle, targetMinor: targetMinor)
    }
  }

  var about: LocalizedText {
    LocalizedText(
      zh: "销售速度：进行中的商机数 × 赢单率 × 平均赢单金额 ÷ 平均赢单周期（每天的金额）；"
        + "覆盖率：进行中商机的加权金额 ÷ 目标（未给目标时为期间内的赢单金额）",
      en:
        "Velocity: open deals × win rate × average won amount ÷ mean cycle, as an amount per day; "
        + "coverage: the weighted amount of open deals ÷ the target, or else the amount won in the "
        + "period")
  }

  var table: CSVTable {
    CSVTable(
      header: [
        "currency", "openDeals", "openMinor", "won", "lost", "winRate", "averageWonMinor",
        "meanCycleDays", "medianCycleDays", "perDayMinor", "weightedMinor", "unweightedDeals",
        "neededMinor", "coverage",
      ],
      rows: currencies.map { row in
        [
          row.currency, "\(row.openDeals)", "\(row.openMinor)", "\(won)", "\(lost)",
          winRate.value.cell, row.averageWonMinor.cell, cycleDays.mean.value.cell,
          cycleDays.median.value.cell, row.perDayMinor.cell, row.weightedMinor.cell,
          "\(row.unweightedDeals)", "\(row.neededMinor)", row.coverage.cell,
        ]
      })
  }
}

extension Velocity.CurrencyBody {
  fileprivate init(
    _ currency: String, _ money: VelocitySums.Money, rate: Double?, cycle: Moments,
    targetMinor: Int64?
  ) {
    self.currency = currency
    openDeals = money.open
    openMinor = Decimal(exact: money.openMinor)
    unweightedDeals = money.unweighted
    wonMinor = Decimal(exact: money.wonMinor)
    let average = money.won == 0 ? nil : Double(money.wonMinor) / Double(money.won)
    averageWonMinor = average.map(Decimal.init(whole:))
    if let rate, let average, cycle.count > 0, cycle.mean > 0 {
      perDayMinor = Decimal(whole: Double(money.open) * rate * average / cycle.mean)
    } else {
      perDayReason = cycle.count > 0 && cycle.mean <= 0 ? .noCycle : Reason(.noData)
    }
    let isWeighted = money.unweighted < money.open
    if isWeighted { weightedMinor = money.weightedMinor }
    neededMinor = targetMinor.map { Decimal($0) } ?? wonMinor
    if money.open > 0, !isWeighted {
      coverageReason = .noProbability
    } else if neededMinor > 0 {
      coverage =
        (money.weightedMinor as NSDecimalNumber).doubleValue
        / (neededMinor as NSDecimalNumber).doubleValue
    } else {
      coverageReason = .nothingNeeded
    }
  }
}

extension Decimal {
  init(exact value: Int128) { self = Decimal(string: "\(value)") ?? 0 }

  /// Rounded to a whole number.
  init(whole value: Double) { self.init(value.rounded()) }
}

extension Reason {
  fileprivate static let noCycle = Reason(
    code: "no-cycle",
    message: LocalizedText(
      zh: "赢单周期为零天", en: "the deals were won as soon as they were created"))
  fileprivate static let noProbability = Reason(
    code: "no-probability",
    message: LocalizedText(
      zh: "流程未给出这些商机所在阶段的赢单概率",
      en: "the pipeline says no win probability for the stages of these deals"))
  fileprivate static let nothingNeeded = Reason(
    code: "nothing-needed",
    message: LocalizedText(
      zh: "期间内没有赢单金额，也没有给出目标", en: "nothing was won in the period and no target is given"))

  init(code: String, message: LocalizedText) {
    self.init(.noData)
    self.code = code
    self.message = message
  }
}
