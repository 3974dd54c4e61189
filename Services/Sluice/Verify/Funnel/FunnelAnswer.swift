import Contracts

/// What `GET /v1/funnel` of forecasting answers.
struct FunnelAnswer: Codable, Sendable {
  struct Freshness: Codable, Sendable {
    var lagSeconds: Double?
    var behind: Int64?
  }

  struct Amount: Codable, Sendable {
    var currency: String
    var minor: Int64
  }

  struct Stage: Codable, Sendable {
    var stage: String
    var name: LocalizedText
    var category: String
    var count: Int
    var amounts: [Amount]
    var unpriced: Int
    var entered: Int
    var advanced: Int
    var back: Int
    /// Advanced divided by entered; null where nothing entered.
    var conversion: Double?
    var meanDwellDays: Double?
    var oldestDays: Double?
  }

  var pipeline: String
  var asOf: Instant
  var knownAt: Instant
  var freshness: Freshness
  var stages: [Stage]

  /// By stage, in the form that is recomputed.
  var tallies: [String: StageTally] {
    Dictionary(
      stages.map { stage in
        let amounts = Dictionary(stage.amounts.map { ($0.currency, $0.minor) }) { $0 + $1 }
        return (
          stage.stage,
          StageTally(
            count: stage.count, amounts: amounts, unpriced: stage.unpriced,
            entered: stage.entered, advanced: stage.advanced, back: stage.back)
        )
      }, uniquingKeysWith: { first, _ in first })
  }
}
