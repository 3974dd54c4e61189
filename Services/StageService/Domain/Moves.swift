import Contracts

// Everything that brings a deal to another stage passes the one gate here.
extension Decider {
  func close(
    _ opportunity: Opportunity, _ category: StageCategory, _ closing: StageCommand.Closing,
    _ command: StageCommand
  ) -> Result<StageEvent, Refusal> {
    guard let target = definition.stages.first(where: { $0.category == category }) else {
      return .failure(.invalid([.noStage(of: category)]))
    }
    return move(opportunity, target, closing.reason, closing.fields, command)
  }

  func reopen(
    _ opportunity: Opportunity, _ reopening: StageCommand.Reopening, _ command: StageCommand
  ) -> Result<StageEvent, Refusal> {
    let key = reopening.to ?? opportunity.closedFrom ?? definition.entryStage?.key ?? ""
    guard let target = definition.stage(key) else {
      return .failure(.invalid([.unknownStage(key, of: definition)]))
    }
    return move(opportunity, target, reopening.reason, nil, command, reopening: true)
  }

  func move(
    _ opportunity: Opportunity, _ target: Stage, _ reason: String?,
    _ fields: [String: JSONValue]?, _ command: StageCommand, reopening: Bool = false,
    evidence: RuleEvidence? = nil, override: GateOverride? = nil
  ) -> Result<StageEvent, Refusal> {
    var unreadable = Validation.failures(ofFields: fields) + Validation.failures(ofReason: reason)
    if let override {
      guard mayOverride else { return .failure(.forbidden([.overrideNotAllowed])) }
      unreadable += Validation.text(
        override.reason, at: "/override/reason", limit: Validation.maximumSummaryLength)
    }
    guard unreadable.isEmpty else { return .failure(.invalid(unreadable)) }
    var changes = Changes(to: opportunity)
    changes.set(fields)
    // A deal that moves is on hold no longer.
    changes.hold(nil)
    var data = next(opportunity, command, reason: reason)
    data.changes = changes.list
    data.rule = evidence?.rule
    data.evidence = evidence
    data.override = override
    data.from = opportunity.stage
    data.fromCategory = opportunity.category
    data.fromPosition = definition.position(of: opportunity.stage)
    data.handOff = handOff(from: opportunity.stage, to: target)
    enter(target, &data, own: opportunity.state.ownForecastCategory)
    var event = StageEvent(id: context.eventID, type: .moved, data: data)
    var filled = opportunity
    for (key, value) in fields ?? [:] { filled.fields[key] = value == .null ? nil : value }
    let failures =
      Validation.misfits(of: fields, in: definition)
      + Gate(definition).failures(
        moving: filled, to: target, by: mover(evidence: evidence), at: data.occurredAt,
        reason: .stated(reason), reopening: reopening)
    if let refusal = settle(failures, &event) { return .failure(refusal) }
    return .success(event)
  }

  /// Live, failures refuse the event, unless an administrator overrides them; historically they are
  /// written on it.
  func settle(_ failures: [GateFailure], _ event: inout StageEvent) -> Refusal? {
    let isPassed =
      context.mode == .historical
      || (event.data.override != nil && failures.allSatisfy(\.isOverridable))
    guard failures.isEmpty || isPassed else { return .gate(failures) }
    event.data.violations = failures
    return nil
  }

  /// What an import says of an override, it says of the past.
  private var mayOverride: Bool {
    context.mode == .historical || context.actorRoles.contains("admin")
  }

  private func handOff(from key: String, to target: Stage) -> HandOff? {
    let former = definition.stage(key)?.department
    guard let department = target.department, department != former else { return nil }
    return HandOff(from: former, to: department)
  }
}

extension GateFailure {
  /// What an administrator may let pass. What has no meaning otherwise, such as a move to where the
  /// deal stands, a value of another type or a loss without a reason, nobody may.
  var isOverridable: Bool {
    [
      "transition-not-allowed", "not-the-decider", "field-required", "exit-criterion-unmet",
      "entry-criterion-unmet",
    ].contains(code)
  }
}
