import Contracts
import Statistics

/// The answer of `/v1/dwell`: how long deals stay in a stage.
struct Dwell: Figure {
  struct Limits: Encodable, Sendable {
    @Nullable var days: Double?
    @Nullable var low: Double?
    /// Nil when the data do not say how late it may be.
    @Nullable var high: Double?
    @Nullable var reason: Reason?
  }

  struct Quartile: Encodable, Sendable {
    var share: Double
    @Nullable var days: Double?
    @Nullable var low: Double?
    @Nullable var high: Double?
    @Nullable var reason: Reason?
  }

  struct RestrictedMean: Encodable, Sendable {
    @Nullable var days: Double?
    @Nullable var horizonDays: Double?
    @Nullable var low: Double?
    @Nullable var high: Double?
    @Nullable var reason: Reason?
  }

  struct Step: Encodable, Sendable {
    var day: Double
    var s: Double
    var low: Double
    var high: Double
    var atRisk: Int
  }

  /// Of visits that ended with the outcome that was asked for.
  struct Incidence: Encodable, Sendable {
    var day: Double
    var value: Double
    var low: Double
    var high: Double
    var atRisk: Int
  }

  var stage: String
  var visits: Int
  var ended: Int
  var open: Int
  /// Visits of which nobody knows when they began; they are in no other number.
  var unknownEntry: Int64
  var median: Limits
  var quartiles: [Quartile]
  var restrictedMean: RestrictedMean
  @Nullable var naiveMeanEndedDays: Double?
  @Nullable var benchmarkDays: Double?
  /// Open visits that last longer than the benchmark by now; nil without a benchmark.
  @Nullable var overBenchmark: Int?
  var survival: [Step]
  @Nullable var outcome: String?
  @Nullable var incidence: [Incidence]?
  /// To which lengths are rounded at most where there are many visits, as a share of the length; 0: exact.
  var resolution: Double
  @Nullable var reason: Reason?

  var about: LocalizedText {
    LocalizedText(
      zh: "在该阶段停留多久（Kaplan–Meier）：仍在该阶段的按删失处理，暂停的时间已扣除；离开即为结束，不论去向",
      en:
        "How long deals stay in the stage (Kaplan–Meier): open visits as censored, the time on hold "
        + "taken out; a visit ends with the deal's leaving, whatever comes next")
  }

  private enum CodingKeys: CodingKey {
    case stage, visits, ended, open, unknownEntry, median, quartiles, restrictedMean
    case naiveMeanEndedDays, benchmarkDays, overBenchmark, survival, outcome, incidence, resolution
    case reason
  }

  var table: CSVTable {
    CSVTable(
      header: ["stage", "day", "s", "low", "high", "atRisk"],
      rows: survival.map {
        ["\(stage)", "\($0.day)", "\($0.s)", "\($0.low)", "\($0.high)", "\($0.atRisk)"]
      })
  }
}

/// What the answer is made of: outcome 0 is won, 1 lost, 2 any other end.
struct DwellSpells: Sendable {
  var spells: [Spell] = []
  var unknownEntry: Int64 = 0
  var resolution = 0.0
}

extension Dwell {
  /// - Parameter outcome: nil: none is asked for.
  init(
    stage: FunnelStage, _ data: DwellSpells, outcome: Outcome?
  ) {
    let curve = KaplanMeier(data.spells)
    self.stage = stage.key
    visits = curve.total
    ended = curve.totalEnded
    open = curve.totalOpen
    unknownEntry = data.unknownEntry
    let quartiles = curve.quartiles
    median = Limits(quartiles[1])
    self.quartiles = quartiles.map { Quartile($0) }
    restrictedMean = RestrictedMean(curve.restrictedMean())
    naiveMeanEndedDays = curve.naiveMeanOfEnded
    benchmarkDays = stage.benchmarkDays
    overBenchmark = stage.benchmarkDays.map { mark in
      data.spells.reduce(0) { $0 + ($1.outcome == nil && $1.duration > mark ? $1.count : 0) }
    }
    survival = curve.points().map {
      Step(
        day: $0.time, s: $0.survival.value, low: $0.survival.low, high: $0.survival.high,
        atRisk: $0.atRisk)
    }
    self.outcome = outcome?.rawValue
    incidence = outcome.map { outcome in
      CumulativeIncidence(data.spells, outcomes: 3).points(of: outcome == .won ? 0 : 1).map {
        Incidence(
          day: $0.time, value: $0.incidence.value, low: $0.incidence.low,
          high: $0.incidence.high, atRisk: $0.atRisk)
      }
    }
    resolution = data.resolution
    reason =
      visits == 0 ? Reason(.noData) : ended == 0 ? Reason(.noneEnded) : nil
  }
}

extension Dwell.Limits {
  init(_ quantile: SurvivalQuantile) {
    self.init(
      days: quantile.value, low: quantile.low, high: quantile.high,
      reason: quantile.lack.map { Reason($0) })
  }
}

extension Dwell.Quartile {
  fileprivate init(_ quantile: SurvivalQuantile) {
    self.init(
      share: quantile.share, days: quantile.value, low: quantile.low, high: quantile.high,
      reason: quantile.lack.map { Reason($0) })
  }
}

extension Dwell.RestrictedMean {
  fileprivate init(_ result: Result<Statistics.RestrictedMean, Lack>) {
    let mean = result.value
    self.init(
      days: mean?.mean.value, horizonDays: mean?.horizon, low: mean?.mean.low,
      high: mean?.mean.high, reason: result.lack.map { Reason($0) })
  }
}
