import Contracts
import Postgres
import Statistics

/// The answer of `/v1/feedback`: what customers said, by the stage in which they said it.
struct Feedback: Figure {
  struct Row: Encodable, Sendable {
    var stage: String
    var name: LocalizedText
    var statements: Int64
    /// The customer's own words; the others are somebody's impression.
    var explicit: Int64
    /// Statements with the scores 1 to 5.
    var scores: [Int64]
    /// With Student's interval.
    var mean: EstimateBody
  }

  var period: FigurePeriod
  var stages: [Row]
  @Nullable var reason: Reason? = nil

  var about: LocalizedText {
    LocalizedText(
      zh: "客户反馈：期间内各阶段记录的反馈数、其中客户原话的数目，以及 1 到 5 分的分布和平均分（附 95% 区间）",
      en:
        "Customer feedback: how much was recorded in each stage in the period, how much of it in the "
        + "customer's own words, the scores from 1 to 5 and their mean with its 95% interval")
  }

  var table: CSVTable {
    CSVTable(
      header: [
        "stage", "statements", "explicit", "score1", "score2", "score3", "score4", "score5",
        "mean", "low", "high",
      ],
      rows: stages.map { row in
        [row.stage, "\(row.statements)", "\(row.explicit)"] + row.scores.map { "\($0)" }
          + [row.mean.value.cell, row.mean.low.cell, row.mean.high.cell]
      })
  }

  /// Stages of the newest version in their order, and others of which something was said.
  static func read(
    _ question: FunnelQuestion, _ period: FigurePeriod, stages: [FunnelStage],
    in transaction: borrowing PostgresTransaction
  ) throws -> Feedback {
    var source = EventSource(question)
    let from = source.bind(period.from)
    let to = source.bind(period.to)
    let rows = try transaction.query(
      """
      SELECT noted.stage, coalesce(noted.score, 0), count(*),
        count(*) FILTER (WHERE noted.is_explicit)
      FROM noted_changes AS noted CROSS JOIN LATERAL (
        SELECT FROM applied_events
        WHERE (opportunity_id, epoch, sequence)
            = (noted.opportunity_id, noted.epoch, noted.sequence) AND \(source.condition)
      ) AS event
      WHERE noted.pipeline = $1 AND noted.kind = 'feedback' AND noted.is_set
        AND noted.occurred_at >= \(from) AND noted.occurred_at < \(to)
      GROUP BY 1, 2
      """, parameters: source.parameters)
    var counts: [String: [Int64]] = [:]
    var explicit: [String: Int64] = [:]
    for row in rows {
      let stage = try row.decode(0, as: String.self)
      let score = Int(try row.decode(1, as: Int32.self))
      counts[stage, default: Array(repeating: 0, count: 6)][score] += try row.decode(2)
      explicit[stage, default: 0] += try row.decode(3)
    }
    let known = Set(stages.map(\.key))
    let others = counts.keys.filter { !known.contains($0) }.sorted().map {
      (key: $0, name: LocalizedText(zh: $0, en: $0))
    }
    let places =
      stages.filter { $0.isCurrent || counts[$0.key] != nil }.map { (key: $0.key, name: $0.name) }
      + others
    return Feedback(
      period: period,
      stages: places.map { place in
        let counts = counts[place.key] ?? Array(repeating: 0, count: 6)
        return Row(
          stage: place.key, name: place.name, statements: counts.reduce(0, +),
          explicit: explicit[place.key] ?? 0, scores: Array(counts.dropFirst()),
          mean: EstimateBody(Moments(scores: counts)))
      }, reason: counts.isEmpty ? Reason(.noData) : nil)
  }
}

extension Moments {
  /// - Parameter counts: by score; those of 0 have none.
  fileprivate init(scores counts: [Int64]) {
    let scored = counts.enumerated().dropFirst()
    let total = scored.reduce(0) { $0 + $1.element }
    let mean =
      scored.reduce(0.0) { $0 + Double($1.offset) * Double($1.element) }
      / Double(max(1, total))
    let squares = scored.reduce(0.0) { sum, score in
      sum + (Double(score.offset) - mean) * (Double(score.offset) - mean) * Double(score.element)
    }
    self.init(
      count: Int(total), mean: mean, variance: total < 2 ? 0 : squares / Double(total - 1))
  }
}
