import Contracts

/// One of the demo's lines of business: its pipeline, and how its deals tend to go.
struct DemoTrade: Sendable {
  struct OpenStage: Sendable {
    var stage: Stage
    /// Half of the visits are shorter.
    var medianDays: Double
    /// Chance that a visit ends in a step forwards rather than in a loss.
    var success: Double
  }

  var key: String
  var name: LocalizedText
  /// In order; the last one is followed by the won stage.
  var open: [OpenStage]
  var won: LocalizedText
  /// What comes after a won deal, and for how many days (median).
  var postWin: (stage: Stage, medianDays: Double)?
  /// Amounts in thousands of yuan.
  var amounts: ClosedRange<Double>
  var products: [String]
  /// Share of each team's deals, in the order of ``DemoTeam/all``.
  var teamWeights: [Double]
  /// A team and the stage in which its deals get stuck: a bottleneck to be found.
  var bottleneck: (team: String, stage: String, factor: Double)

  static let all = [software, manufacturing, services]

  static let wonKey = "won"
  static let lostKey = "lost"

  var definition: PipelineDefinition {
    let keys = open.map(\.stage.key)
    var stages: [Stage] = []
    for (index, item) in open.enumerated() {
      var stage = item.stage
      var next: [String] = index > 0 ? [keys[index - 1]] : []
      next += keys[min(index + 1, keys.count)..<min(index + 3, keys.count)]
      if index >= keys.count - 2 { next.append(DemoTrade.wonKey) }
      stage.next = next + [DemoTrade.lostKey]
      stages.append(stage)
    }
    stages.append(
      Stage(
        key: DemoTrade.wonKey, name: won, category: .won, probability: 1,
        next: postWin.map { [$0.stage.key] } ?? []))
    if let postWin { stages.append(postWin.stage) }
    stages.append(
      Stage(
        key: DemoTrade.lostKey, name: LocalizedText(zh: "输单", en: "Lost"), category: .lost,
        probability: 0, next: []))
    return PipelineDefinition(name: name, stages: stages)
  }

  /// An open stage in few words.
  static func stage(
    _ key: String, _ zh: String, _ en: String, probability: Double, followUp: Double,
    benchmark: Double, median: Double, success: Double, required: [String] = [],
    criterion: Criterion? = nil, guidance: Stage.Guidance
  ) -> OpenStage {
    OpenStage(
      stage: Stage(
        key: key, name: LocalizedText(zh: zh, en: en), category: .open, guidance: guidance,
        exitCriteria: criterion.map { [$0] } ?? [], requiredFields: required,
        probability: probability, followUpDays: followUp, benchmarkDays: benchmark),
      medianDays: median, success: success)
  }

  static func advice(
    task: (zh: String, en: String), focus: (zh: String, en: String),
    difficulty: (zh: String, en: String)
  ) -> Stage.Guidance {
    func text(_ pair: (zh: String, en: String)) -> LocalizedText {
      LocalizedText(zh: pair.zh, en: pair.en)
    }
    return Stage.Guidance(
      keyTask: text(task), focus: text(focus), difficulty: text(difficulty))
  }

  /// Filled on every deal of the demo; a new deal without it is stopped by the gate.
  static let decisionMaker = Criterion(
    key: "decision-maker-known",
    name: LocalizedText(zh: "已确认决策人", en: "The decision maker is known"),
    supplier: "owner", rule: .filled(field: "decisionMaker"))
}
