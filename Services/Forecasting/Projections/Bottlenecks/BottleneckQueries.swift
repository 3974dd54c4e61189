import Contracts
import Postgres

/// Reads what bottlenecks are made of.
enum BottleneckQueries {
  static func bottlenecks(
    _ question: FunnelQuestion, stages: [FunnelStage], now: Instant,
    in transaction: borrowing PostgresTransaction
  ) throws -> Bottlenecks {
    let sums = try FlowSums.of(question, in: transaction)
    var earlier = question
    earlier.from = nil
    earlier.to = nil
    earlier.asOf = (question.asOf ?? now).adding(days: -30)
    let before = try FlowSums.of(earlier, in: transaction)
    let open = stages.filter { $0.category == StageCategory.open.rawValue }
    return Bottlenecks(
      try open.compactMap { stage in
        let figures = sums.figures(of: stage.key)
        guard stage.isCurrent || figures.count > 0 else { return nil }
        return Bottlenecks.Finding(
          stage: stage, figures: figures, monthBefore: before.figures(of: stage.key).count,
          spells: try DwellQueries.spells(
            question, DwellOptions(stage: stage.key), now: now, in: transaction))
      })
  }
}
