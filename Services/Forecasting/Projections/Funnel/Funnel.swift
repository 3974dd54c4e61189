import Contracts
import Foundation
import ServiceWiring

/// What a reader of the funnel asks for. A nil time is "now".
struct FunnelQuestion: Hashable, Sendable {
  var pipeline: String
  var team: String?
  var owner: String?
  /// Business time.
  var asOf: Instant?
  /// Recorded time.
  var knownAt: Instant?
  /// The deals that the reader may see, by their owner and team of the time; nil for all of them.
  var scope: DealScope?

  var isAboutNow: Bool { asOf == nil && knownAt == nil }
}

/// A stage as the newest pipeline version that has it describes it.
struct FunnelStage: Hashable, Sendable {
  var key: String
  var name: LocalizedText
  var category: String
  /// False when only older versions have it, or none that is known here.
  var isCurrent: Bool
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
  }

  var pipeline: String
  var asOf: Instant
  var knownAt: Instant
  var stages: [Row]

  /// Puts figures and stages together: the stages of the newest version in their order, then those
  /// in which deals stand although the newest version has them no more.
  init(
    question: FunnelQuestion, stages: [FunnelStage], figures: [String: StageFigures], now: Instant
  ) {
    pipeline = question.pipeline
    let asOf = question.asOf ?? now
    self.asOf = asOf
    knownAt = question.knownAt ?? now
    self.stages = stages.compactMap { stage in
      let figures = figures[stage.key] ?? StageFigures()
      guard stage.isCurrent || figures.count > 0 else { return nil }
      return Row(stage: stage, figures: figures, asOf: asOf)
    }
  }
}

/// How far the projections lie behind the log.
struct Freshness: Codable, Hashable, Sendable {
  /// Age of the oldest event that is not applied yet; 0 when there is none.
  var lagSeconds: Double
  /// Messages that are not applied yet.
  var behind: Int64
}
