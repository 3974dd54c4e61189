import Contracts
import Foundation
import ServiceWiring

/// What a reader of the funnel asks for. A nil time is "now".
struct FunnelQuestion: Hashable, Sendable {
  var pipeline: String
  var team: String?
  var owner: String?
  var product: String?
  var industry: String?
  var currency: String?
  /// Entries and leavings count from this time on, and before `to`; nil: from ever, up to `asOf`.
  var from: Instant?
  var to: Instant?
  /// Business time.
  var asOf: Instant?
  /// Recorded time.
  var knownAt: Instant?
  /// The deals that the reader may see, by their owner and team of the time; nil for all of them.
  var scope: DealScope?

  var filter: DealFilter {
    DealFilter(
      pipeline: pipeline, team: team, owner: owner, product: product, industry: industry,
      currency: currency, scope: scope)
  }
}

/// A stage as the newest pipeline version that has it describes it.
struct FunnelStage: Hashable, Sendable {
  var key: String
  var name: LocalizedText
  var category: String
  /// False when only older versions have it, or none that is known here.
  var isCurrent: Bool
  var benchmarkDays: Double?
  /// That a deal there is won; nil where the pipeline does not say.
  var probability: Double?
}

/// The raw figures of one stage.
struct StageFigures: Hashable, Sendable {
  var count: Int64 = 0
  /// By currency. Sums of 64-bit amounts can be longer than 64 bits.
  var amounts: [String: Decimal] = [:]
  var unpriced: Int64 = 0
  /// Of the open visits with a known entry.
  var oldestEntry: Instant?
  var entered: Int64 = 0
  var advanced: Int64 = 0
  var back: Int64 = 0
  var won: Int64 = 0
  var lost: Int64 = 0
  /// Moves that passed over the stage.
  var skipped: Int64 = 0
  var endedKnown: Int64 = 0
  var dwellSeconds: Int64 = 0
}

/// The answer of `/v1/funnel` but for the freshness.
struct Funnel: Equatable, Sendable {
  struct Row: Equatable, Sendable {
    var stage: FunnelStage
    var figures: StageFigures
    var asOf: Instant

    var conversion: Double? {
      figures.entered == 0 ? nil : Double(figures.advanced) / Double(figures.entered)
    }

    var meanDwellDays: Double? {
      guard figures.endedKnown > 0 else { return nil }
      return Double(figures.dwellSeconds) / Double(figures.endedKnown)
        / Double(Instant.secondsPerDay)
    }

    var oldestDays: Double? { figures.oldestEntry.map { max(0, asOf.days(since: $0)) } }

    /// Amounts times the probability of the stage, by currency, in whole minor units; nil where the
    /// pipeline says no probability.
    var weighted: [String: Decimal]? {
      guard let probability = stage.probability else { return nil }
      return figures.amounts.mapValues { amount in
        var exact = amount * Decimal(probability)
        var rounded = Decimal()
        NSDecimalRound(&rounded, &exact, 0, .plain)
        return rounded
      }
    }
  }

  var pipeline: String
  var asOf: Instant
  var knownAt: Instant
  var from: Instant?
  var to: Instant?
  var stages: [Row]

  /// Puts figures and stages together: the stages of the newest version in their order, then those
  /// in which deals stand although the newest version has them no more.
  init(
    question: FunnelQuestion, stages: [FunnelStage], sums: FlowSums, now: Instant
  ) {
    pipeline = question.pipeline
    let asOf = question.asOf ?? now
    self.asOf = asOf
    knownAt = question.knownAt ?? now
    from = question.from
    to = question.to
    let won = Set(stages.filter { $0.category == StageCategory.won.rawValue }.map(\.key))
    let skipped = Funnel.skipped(stages, sums)
    self.stages = stages.compactMap { stage in
      var figures = sums.figures(of: stage.key)
      guard stage.isCurrent || figures.count > 0 else { return nil }
      for (to, moves) in sums.moves[stage.key] ?? [:] where won.contains(to) {
        figures.won += moves.advanced
      }
      figures.skipped = skipped[stage.key] ?? 0
      return Row(stage: stage, figures: figures, asOf: asOf)
    }
  }

  /// How often moves forwards between stages of the newest version passed over each open one.
  private static func skipped(_ stages: [FunnelStage], _ sums: FlowSums) -> [String: Int64] {
    let current = stages.filter(\.isCurrent)
    let places = Dictionary(
      current.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
    var skipped: [String: Int64] = [:]
    for (from, row) in sums.moves {
      for (to, moves) in row where moves.advanced != 0 {
        guard let start = places[from], let goal = places[to], goal > start else { continue }
        for stage in current[(start + 1)..<goal]
        where stage.category == StageCategory.open.rawValue {
          skipped[stage.key, default: 0] += moves.advanced
        }
      }
    }
    return skipped
  }
}

/// How far the projections lie behind the log.
struct Freshness: Codable, Hashable, Sendable {
  /// Age of the oldest event that is not applied yet; 0 when there is none.
  var lagSeconds: Double
  /// Messages that are not applied yet.
  var behind: Int64
}
