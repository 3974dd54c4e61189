import Contracts
import Statistics

/// The answer of `/v1/transitions`: which way deals went.
struct Transitions: Figure {
  struct StageLabel: Encodable, Sendable {
    var stage: String
    var name: LocalizedText
    var category: String
  }

  struct Move: Encodable, Sendable {
    var from: String
    var to: String
    var count: Int64
    /// Of all that left `from`.
    var share: Double
    var direction: String
    @Nullable var meanDays: Double?
  }

  /// The open stage through which the fewest go on.
  struct Narrowest: Encodable, Sendable {
    var stage: String
    var left: Int64
    var advanced: Int64
    var rate: Double
    var low: Double
    var high: Double
    var sentence: LocalizedText
  }

  var stages: [StageLabel]
  /// Row by row the stage that was left, column by column the one after it.
  var matrix: [[Int64]]
  var moves: [Move]
  @Nullable var narrowest: Narrowest?
  @Nullable var narrowestReason: Reason?

  var about: LocalizedText {
    LocalizedText(
      zh: "商机离开每个阶段后去了哪里；已撤回的推进不计入",
      en: "Where deals went from each stage; moves that were taken back do not count")
  }

  init(stages all: [FunnelStage], _ sums: FlowSums) {
    let touched = sums.stages.union(sums.moves.values.flatMap { $0.keys })
    let stages = all.filter { $0.isCurrent || touched.contains($0.key) }
    self.stages = stages.map { StageLabel(stage: $0.key, name: $0.name, category: $0.category) }
    matrix = stages.map { from in
      stages.map { to in sums.moves[from.key]?[to.key]?.count ?? 0 }
    }
    moves = stages.flatMap { from -> [Move] in
      let row = sums.moves[from.key] ?? [:]
      let left = row.values.reduce(0) { $0 + $1.count }
      return stages.compactMap { to in
        guard let moves = row[to.key], moves.count > 0 else { return nil }
        return Move(
          from: from.key, to: to.key, count: moves.count,
          share: Double(moves.count) / Double(left), direction: moves.direction,
          meanDays: moves.endedKnown > 0
            ? Double(moves.dwellSeconds) / Double(moves.endedKnown)
              / Double(Instant.secondsPerDay) : nil)
      }
    }
    narrowest = stages.filter { $0.category == StageCategory.open.rawValue }
      .compactMap { Narrowest($0, sums) }
      // Whoever has few moves has a wide interval: luck alone makes no stage the narrowest.
      .min { ($0.high, $0.rate) < ($1.high, $1.rate) }
    narrowestReason = narrowest == nil ? Reason(.noData) : nil
  }

  var table: CSVTable {
    CSVTable(
      header: ["from", "to", "count", "share", "direction", "meanDays"],
      rows: moves.map {
        [
          $0.from, $0.to, "\($0.count)", "\($0.share)", $0.direction, $0.meanDays.cell,
        ]
      })
  }
}

extension Transitions.Narrowest {
  fileprivate init?(_ stage: FunnelStage, _ sums: FlowSums) {
    let moves = sums.moves[stage.key, default: [:]].values
    let left = moves.reduce(0) { $0 + $1.count }
    let advanced = moves.reduce(0) { $0 + $1.advanced }
    guard let rate = Proportion(Int(advanced), of: Int(left)).wilson.value else { return nil }
    let percents = [rate.value, rate.low, rate.high].map { Int(($0 * 100).rounded()) }
    self.init(
      stage: stage.key, left: left, advanced: advanced, rate: rate.value, low: rate.low,
      high: rate.high,
      sentence: LocalizedText(
        zh: "离开“\(stage.name.zh)”的 \(left) 次中有 \(advanced) 次是向前推进"
          + "（\(percents[0])%，95% 区间 \(percents[1])–\(percents[2])%）",
        en: "Of \(left) that left \(stage.name.en), \(advanced) went on "
          + "(\(percents[0]) %, 95% interval \(percents[1])–\(percents[2]) %)"))
  }
}

extension FlowSums.Moves {
  /// The one that most of them had.
  fileprivate var direction: String {
    let ways: [(MoveDirection, Int64)] = [
      (.advance, advanced), (.back, back), (.lost, lost), (.reopen, reopened),
    ]
    return (ways.max { $0.1 < $1.1 }?.0 ?? .advance).rawValue
  }
}
