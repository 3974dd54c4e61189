import Contracts

/// Where a rule wants a deal to go.
struct RuleTarget: Hashable, Sendable {
  /// Key of a stage of the deal's pipeline.
  var stage: String
  /// Fields that the move sets.
  var fields: [String: JSONValue]
}

extension Rule {
  /// The move that a match asks for, for a deal of `pipeline` (whose version has `definition`) that
  /// stands in `stage`. Nil where the rule knows no way from there: always in a closed stage.
  func target(
    pipeline: String, definition: PipelineDefinition, stage: String
  ) -> RuleTarget? {
    guard let position = definition.position(of: stage),
      definition.stages[position].category == .open
    else { return nil }
    for transition in transitions {
      if let wanted = transition.pipeline, wanted != pipeline { continue }
      if let from = transition.from, !from.contains(stage) { continue }
      let found: Stage? =
        switch transition.to {
        case .next: definition.stages[(position + 1)...].first { $0.category == .open }
        case .win: definition.stages.first { $0.category == .won }
        case .stage(let key): definition.stage(key)
        }
      guard let found, found.key != stage else { continue }
      return RuleTarget(stage: found.key, fields: transition.fields)
    }
    return nil
  }
}
