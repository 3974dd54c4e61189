import Contracts

// What is asked of a deal without moving it. All of it becomes a `changed` event, which every reader
// knows: the changes say what was and what is.
extension Decider {
  func assign(
    _ opportunity: Opportunity, _ assignment: StageCommand.Assignment, _ command: StageCommand
  ) -> Result<StageEvent, Refusal> {
    let failures = Validation.failures(of: assignment)
    guard failures.isEmpty else { return .failure(.invalid(failures)) }
    var changes = Changes(to: opportunity)
    changes.assign(assignment)
    let owner = assignment.owner.value(keeping: opportunity.owner) ?? opportunity.owner
    var dueAt = opportunity.followUpDueAt
    if owner != opportunity.owner {
      dueAt = dueAt.flatMap { _ in deadline(of: opportunity) }
      if let held = opportunity.state.hold { changes.hold(waiting(held)) }
    }
    var event = changed(opportunity, changes.list, command, reason: assignment.reason)
    event.data.owner = owner
    if let team = assignment.team.value(keeping: opportunity.team) { event.data.team = team }
    event.data.followUpDueAt = dueAt
    let outsiders = outsiders(
      owner: assignment.owner.new, team: assignment.team.new, of: opportunity.applying(event))
    if let refusal = settle(outsiders, &event) { return .failure(refusal) }
    return .success(event)
  }

  /// The deadline waits until the deal is resumed or moved.
  func hold(
    _ opportunity: Opportunity, _ wanted: StageCommand.Hold, _ command: StageCommand
  ) -> Result<StageEvent, Refusal> {
    let now = occurrence(command)
    let failures = Validation.failures(of: wanted, at: now)
    guard failures.isEmpty else { return .failure(.invalid(failures)) }
    guard opportunity.state.hold == nil else { return .failure(.invalid([.alreadyHeld])) }
    guard opportunity.category == .open || opportunity.category == .postWin else {
      return .failure(.invalid([.closedDealHeld]))
    }
    var changes = Changes(to: opportunity)
    changes.hold(
      DealState.Hold(
        reason: wanted.reason, since: now, until: wanted.until,
        followUpDueAt: opportunity.followUpDueAt,
        daysLeft: opportunity.followUpDueAt.map { daysLeft(until: $0, at: now) }))
    var event = changed(opportunity, changes.list, command, reason: wanted.reason)
    event.data.followUpDueAt = nil
    return .success(event)
  }

  /// The deadline goes on: from now the owner has the working days that were left when the hold began.
  func resume(
    _ opportunity: Opportunity, _ resumption: StageCommand.Resumption, _ command: StageCommand
  ) -> Result<StageEvent, Refusal> {
    let failures = Validation.failures(ofReason: resumption.reason)
    guard failures.isEmpty else { return .failure(.invalid(failures)) }
    guard let held = opportunity.state.hold else { return .failure(.invalid([.notHeld])) }
    var changes = Changes(to: opportunity)
    changes.hold(nil)
    var event = changed(opportunity, changes.list, command, reason: resumption.reason)
    event.data.followUpDueAt = held.daysLeft.map { deadline(from: event.occurredAt, days: $0) }
    return .success(event)
  }

  func tick(
    _ opportunity: Opportunity, _ tick: StageCommand.ChecklistTick, _ command: StageCommand
  ) -> Result<StageEvent, Refusal> {
    let key = tick.stage ?? opportunity.stage
    guard let stage = definition.stage(key) else {
      return .failure(.invalid([.unknownStage(key, of: definition, at: "/stage")]))
    }
    guard stage.checklist.contains(where: { $0.key == tick.item }) else {
      return .failure(.invalid([.unknownItem(tick.item, of: stage)]))
    }
    let before = opportunity.state.checklist[key]?[tick.item]
    let now = DealState.Tick(by: context.actor, at: occurrence(command))
    var changes = Changes(to: opportunity)
    if tick.done != (before != nil) {
      changes.note(
        "\(Opportunity.Field.checklistPrefix)\(key).\(tick.item)", before?.json ?? .null,
        tick.done ? now.json : .null)
    }
    return .success(changed(opportunity, changes.list, command))
  }

  func record(
    _ opportunity: Opportunity, _ feedback: StageCommand.CustomerFeedback,
    _ command: StageCommand
  ) -> Result<StageEvent, Refusal> {
    let now = occurrence(command)
    let failures = Validation.failures(of: feedback, at: now)
    guard failures.isEmpty else { return .failure(.invalid(failures)) }
    let said = DealState.Feedback(
      score: feedback.score, text: feedback.text, at: feedback.at ?? now,
      explicit: feedback.explicit ?? true, by: context.actor)
    var changes = Changes(to: opportunity)
    changes.note(
      Opportunity.Field.feedbackPrefix + opportunity.stage,
      opportunity.state.feedback[opportunity.stage]?.json ?? .null, said.json)
    return .success(changed(opportunity, changes.list, command))
  }
}
