import Contracts

/// The check that every move passes, whoever asks and by whichever way. It answers with everything
/// that is missing at once.
struct Gate: Sendable {
  let definition: PipelineDefinition

  init(_ definition: PipelineDefinition) { self.definition = definition }

  /// - Parameters:
  ///   - opportunity: the deal with the fields that come with the move already set.
  ///   - reopening: the move was asked for as a reopening, which is the one way out of a closed stage.
  func failures(
    moving opportunity: Opportunity, to target: Stage, reason: String?, reopening: Bool = false
  ) -> [GateFailure] {
    guard let source = definition.stage(opportunity.stage),
      let from = definition.position(of: source.key), let to = definition.position(of: target.key)
    else { return [.unknownStage(opportunity.stage, of: definition)] }
    if source.key == target.key { return [.alreadyThere(target)] }

    var failures: [GateFailure] = []
    let direction = MoveDirection.of(
      from: source.category, at: from, to: target.category, at: to)
    switch direction {
    case .reopen where !reopening:
      return [.closed(source)]
    case .reopen:
      if target.category != .open { failures.append(.reopenedIntoClosed(target)) }
    case .lost, .back, .advance:
      if reopening { return [.notClosed(source)] }
      if let next = source.next, !next.contains(target.key) {
        failures.append(.transition(from: source, to: target, allowed: next, in: definition))
      }
    }
    if direction == .lost, !JSONValue.string(reason ?? "").isFilled {
      failures.append(.reasonRequired)
    }
    if direction == .advance {
      failures += source.requiredFields.filter { !opportunity.value(of: $0).isFilled }
        .map { .required($0, by: source) }
      failures += source.exitCriteria.filter { !$0.rule.holds(for: opportunity) }
        .map { .unmet($0, code: "exit-criterion-unmet") }
    }
    if direction != .reopen {
      failures += target.entryCriteria.filter { !$0.rule.holds(for: opportunity) }
        .map { .unmet($0, code: "entry-criterion-unmet") }
    }
    return failures
  }
}
