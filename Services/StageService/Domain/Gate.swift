import Contracts

/// The check that every move passes, whoever asks and by whichever way. It answers with everything
/// that is missing at once.
struct Gate: Sendable {
  let definition: PipelineDefinition

  init(_ definition: PipelineDefinition) { self.definition = definition }

  /// What the mover says about the move.
  enum Reason: Hashable, Sendable {
    case stated(String?)
    /// Nobody has been asked yet: that one is needed is no obstacle.
    case open
  }

  /// - Parameters:
  ///   - opportunity: the deal with the fields that come with the move already set.
  ///   - mover: who asks; deciders and roles' limits are judged by it.
  ///   - now: the time of the move.
  ///   - reopening: the move was asked for as a reopening, which is the one way out of a closed stage.
  func failures(
    moving opportunity: Opportunity, to target: Stage, by mover: Mover, at now: Instant,
    reason: Reason, reopening: Bool = false
  ) -> [GateFailure] {
    guard let source = definition.stage(opportunity.stage),
      let from = definition.position(of: source.key), let to = definition.position(of: target.key)
    else { return [.unknownStage(opportunity.stage, of: definition)] }
    if source.key == target.key { return [.alreadyThere(target)] }
    if reopening {
      if source.category == .open { return [.notClosed(source)] }
      if target.category != .open { return [.reopenedIntoClosed(target)] }
    }

    var failures: [GateFailure] = []
    let direction = MoveDirection.of(
      from: source.category, at: from, to: target.category, at: to)
    switch direction {
    case .reopen where !reopening:
      return [.closed(source)]
    case .reopen: break
    case .lost, .back, .advance:
      if let next = source.next, !next.contains(target.key) {
        failures.append(.transition(from: source, to: target, allowed: next, in: definition))
      }
    }
    if let decider = source.decider(to: target.key),
      !decider.allows(mover, owner: opportunity.owner)
    {
      failures.append(.notTheDecider(decider, from: source, to: target))
    }
    if direction == .lost { failures += lossFailures(reason) }
    let facts = GateFacts(deal: opportunity, definition: definition, mover: mover, now: now)
    if direction == .advance {
      failures += source.requiredFields.filter { !opportunity.value(of: $0).isFilled }
        .map { .required($0, by: source, in: definition) }
      failures += unmet(source.exitCriteria, facts, code: "exit-criterion-unmet")
    }
    if direction != .reopen {
      failures += unmet(target.entryCriteria, facts, code: "entry-criterion-unmet")
    }
    return failures
  }

  /// The entry criteria of a stage that a deal does not meet.
  func entryFailures(of facts: GateFacts, into stage: Stage) -> [GateFailure] {
    unmet(stage.entryCriteria, facts, code: "entry-criterion-unmet")
  }

  private func unmet(
    _ criteria: [Criterion], _ facts: GateFacts, code: String
  ) -> [GateFailure] {
    criteria.filter { !$0.rule.holds(for: facts) }.map { .unmet($0, code: code, facts) }
  }

  private func lossFailures(_ reason: Reason) -> [GateFailure] {
    guard case .stated(let text) = reason else { return [] }
    let reasons = definition.lossReasons
    guard let text, JSONValue.string(text).isFilled else { return [.reasonRequired(reasons)] }
    if reasons.isEmpty || reasons.contains(where: { $0.key == text }) { return [] }
    return [.unknownLossReason(reasons)]
  }
}

extension MoveDecider {
  /// Whether the mover is the one who decides. Whoever stands above the owner may decide for the owner;
  /// a mover that is not known is not judged.
  func allows(_ mover: Mover, owner: String?) -> Bool {
    guard let id = mover.id else { return true }
    return switch self {
    case .owner: id == owner || mover.ownerManagers.contains(id)
    case .manager: mover.ownerManagers.contains(id)
    case .automation: mover.isAutomation
    case .role(let role): mover.roles.contains(role)
    case .person(let person): id == person
    }
  }
}
