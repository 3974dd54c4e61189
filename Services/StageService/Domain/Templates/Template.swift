import Contracts

/// A ready-made pipeline with the habits of its trade.
struct Template: Sendable {
  let key: String
  let definition: PipelineDefinition
  /// How many stages the trade works with; won and lost are outcomes and do not count.
  let stageCount: ClosedRange<Int>
  /// Keys of the stages that decide most deals.
  let emphasis: [String]
  /// What whoever sets up the pipeline should know of the trade.
  let advice: [LocalizedText]

  init(
    key: String, name: LocalizedText, description: LocalizedText, stageCount: ClosedRange<Int>,
    emphasis: [String], advice: [LocalizedText], fields: [FieldDeclaration],
    lossReasons: [LossReason] = [], stages: [Stage]
  ) {
    self.key = key
    self.stageCount = stageCount
    self.emphasis = emphasis
    self.advice = advice
    definition = PipelineDefinition(
      name: name, description: description, template: key, fields: fields,
      lossReasons: lossReasons, stages: stages)
  }
}

/// The ready-made pipelines; a new one starts from a template or from a definition of its own.
enum Templates {
  static let all: [Template] = [
    .general, .leadFunnel, .saas, .manufacturingReview, .architecture, .eCommerce, .b2bSoftware,
    .b2cRetail, .services, .manufacturing,
  ]

  static let general = Template.general.definition

  static func template(_ key: String) -> Template? { all.first { $0.key == key } }
}

extension PipelineDefinition {
  /// The stages that people work in.
  var workStages: [Stage] { stages.filter { $0.category == .open || $0.category == .postWin } }
}
