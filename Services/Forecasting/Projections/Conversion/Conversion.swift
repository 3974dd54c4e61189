import Contracts
import Statistics

/// The answer of `/v1/conversion?mode=snapshot`: what became of the deals that were closed.
struct ClosedConversion: Figure {
  let mode = "snapshot"
  var won: Int64
  var lost: Int64
  @Nullable var rate: Double?
  @Nullable var low: Double?
  @Nullable var high: Double?
  @Nullable var reason: Reason?
  /// Closed deals of which nobody knows when that was; a period leaves them out.
  var undated: Int64

  var about: LocalizedText {
    LocalizedText(
      zh: "快照转化率：在该期间关闭（赢单或输单）的商机中赢单所占的比例，附 Wilson 95% 区间；未关闭的商机不计入",
      en: "Snapshot: won deals as a share of those that were closed in the period, with Wilson's "
        + "95% interval; open deals are not in it")
  }

  init(won: Int64, lost: Int64, undated: Int64) {
    self.won = won
    self.lost = lost
    self.undated = undated
    let result = Proportion(Int(won), of: Int(won + lost)).wilson
    rate = result.value?.value
    low = result.value?.low
    high = result.value?.high
    reason = result.lack.map { Reason($0) }
  }

  private enum CodingKeys: CodingKey { case mode, won, lost, rate, low, high, reason, undated }

  var table: CSVTable {
    CSVTable(
      header: ["won", "lost", "rate", "low", "high", "undated"],
      rows: [["\(won)", "\(lost)", rate.cell, low.cell, high.cell, "\(undated)"]])
  }
}

/// The answer of `/v1/conversion?mode=snapshot&stage=`: how many of those that entered went on.
struct StageConversion: Figure {
  let mode = "snapshot"
  var stage: String
  var entered: Int64
  var advanced: Int64
  @Nullable var rate: Double?
  @Nullable var low: Double?
  @Nullable var high: Double?
  @Nullable var reason: Reason?

  var about: LocalizedText {
    LocalizedText(
      zh: "阶段转化率：进入该阶段的次数中向前推进所占的比例，附 Wilson 95% 区间；仍停在该阶段的也算作已进入",
      en: "Stage to next stage: moves forwards as a share of the entries, with Wilson's 95% "
        + "interval; those that still stand there count as entered")
  }

  init(stage: String, entered: Int64, advanced: Int64) {
    self.stage = stage
    self.entered = entered
    self.advanced = advanced
    let result = Proportion(Int(advanced), of: Int(entered)).wilson
    rate = result.value?.value
    low = result.value?.low
    high = result.value?.high
    reason = result.lack.map { Reason($0) }
  }

  private enum CodingKeys: CodingKey {
    case mode, stage, entered, advanced, rate, low, high, reason
  }

  var table: CSVTable {
    CSVTable(
      header: ["stage", "entered", "advanced", "rate", "low", "high"],
      rows: [[stage, "\(entered)", "\(advanced)", rate.cell, low.cell, high.cell]])
  }
}

/// The answer of `/v1/conversion?mode=cohort`: what had become of deals so many days after they were
/// created, with those that are open as censored.
struct CohortConversion: Figure {
  enum Length: String, CaseIterable, Sendable {
    case month, quarter
  }

  struct Incidence: Encodable, Sendable {
    var day: Int
    @Nullable var won: Double?
    @Nullable var lost: Double?
    /// Of `won`.
    @Nullable var low: Double?
    @Nullable var high: Double?
    @Nullable var lostLow: Double?
    @Nullable var lostHigh: Double?
    @Nullable var reason: Reason?
  }

  struct Group: Encodable, Sendable {
    /// The first day, UTC; nil for all.
    @Nullable var start: String?
    var entered: Int
    var won: Int
    var lost: Int
    var open: Int
    var incidence: [Incidence]
  }

  let mode = "cohort"
  var cohort: String
  var cohorts: [Group]
  var all: Group
  /// Deals of which nobody knows when they were created or closed; they are in no cohort.
  var undated: Int64
  /// To which the lengths are rounded where there are many deals; 0: exact.
  var resolutionDays: Double

  var about: LocalizedText {
    LocalizedText(
      zh: "队列转化率：按创建时间分组的商机，在创建后若干天内赢单或输单的累积发生率（Aalen–Johansen），"
        + "未关闭的商机按删失处理，附 95% 区间",
      en:
        "Cohorts: of the deals created in a period, the cumulative incidence of winning and losing "
        + "so many days after their creation (Aalen–Johansen), open deals as censored, with 95% "
        + "intervals")
  }

  private enum CodingKeys: CodingKey { case mode, cohort, cohorts, all, undated, resolutionDays }

  var table: CSVTable {
    CSVTable(
      header: [
        "start", "entered", "won", "lost", "open", "day", "wonIncidence", "low", "high",
        "lostIncidence", "lostLow", "lostHigh",
      ],
      rows: (cohorts + [all]).flatMap { group in
        group.incidence.map { row in
          [
            group.start ?? "all", "\(group.entered)", "\(group.won)", "\(group.lost)",
            "\(group.open)", "\(row.day)", row.won.cell, row.low.cell, row.high.cell,
            row.lost.cell, row.lostLow.cell, row.lostHigh.cell,
          ]
        }
      })
  }
}

extension CohortConversion.Group {
  /// - Parameter spells: outcome 0 is won, 1 lost.
  init(start: String?, _ spells: [Spell], days: [Int]) {
    func count(_ outcome: Int?) -> Int {
      spells.reduce(0) { $0 + ($1.outcome == outcome ? $1.count : 0) }
    }
    self.start = start
    won = count(0)
    lost = count(1)
    open = count(nil)
    entered = won + lost + open
    let curve = CumulativeIncidence(spells, outcomes: 2)
    incidence = days.map { day in
      let won = curve.incidence(of: 0, at: Double(day))
      let lost = curve.incidence(of: 1, at: Double(day))
      return CohortConversion.Incidence(
        day: day, won: won.value?.value, lost: lost.value?.value, low: won.value?.low,
        high: won.value?.high, lostLow: lost.value?.low, lostHigh: lost.value?.high,
        reason: won.lack.map { Reason($0) })
    }
  }
}
