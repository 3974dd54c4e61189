import Contracts

/// Why a command is not carried out.
enum Refusal: Error, Hashable, Sendable {
  case notFound
  case alreadyExists
  /// The sender saw another sequence than the current one.
  case stale(current: Int64)
  /// What the command says cannot be: an unknown stage, an empty name, …
  case invalid([GateFailure])
  /// The gate's answer: everything that is missing.
  case gate([GateFailure])
}

/// What surrounds a decision: the time is passed in, never read.
struct DecisionContext: Sendable {
  var now: Instant
  var actor: String
  var eventID: EntityID
  var epoch: Int64
  var mode: Mode
  /// When the deal's owner works; nil where the directory does not know the owner.
  var workingTime: WorkingTime?

  /// `historical`: what the gate refuses is recorded as violations instead of stopping the command,
  /// and the command's own time is kept. Which mode it is follows from the topic alone.
  enum Mode: Sendable { case live, historical }
}

/// The one place where commands become events. Pure.
struct Decider: Sendable {
  let definition: PipelineDefinition
  let version: Int
  var context: DecisionContext

  /// The event that the command causes, or why there is none.
  ///
  /// - Parameter history: all events of the deal in order; only a reversal needs them.
  func decide(
    _ command: StageCommand, on opportunity: Opportunity?, history: [StageEvent] = []
  ) -> Result<StageEvent, Refusal> {
    if case .create(let new) = command.action {
      return opportunity == nil ? create(new, command) : .failure(.alreadyExists)
    }
    guard let opportunity else { return .failure(.notFound) }
    if let expected = command.expectedSequence, expected != opportunity.sequence {
      return .failure(.stale(current: opportunity.sequence))
    }
    switch command.action {
    case .create:
      return .failure(.alreadyExists)
    case .update(let patch):
      return update(opportunity, patch, command)
    case .move(let move):
      guard let target = definition.stage(move.to) else {
        return .failure(.invalid([.unknownStage(move.to, of: definition)]))
      }
      if let from = move.from, from != opportunity.stage {
        return .failure(.gate([.notInStage(from, but: opportunity.stage)]))
      }
      return self.move(
        opportunity, target, move.reason, move.fields, command, evidence: move.evidence)
    case .win(let closing):
      return close(opportunity, .won, closing, command)
    case .lose(let closing):
      return close(opportunity, .lost, closing, command)
    case .reopen(let reopening):
      return reopen(opportunity, reopening, command)
    case .recordActivity(let activity):
      return record(opportunity, activity, command)
    case .revert(let reversal):
      return revert(opportunity, reversal, command, history: history)
    }
  }

  private func create(
    _ new: NewOpportunity, _ command: StageCommand
  ) -> Result<StageEvent, Refusal> {
    var failures = Validation.failures(of: new)
    let entry = new.stage.map { definition.stage($0) } ?? definition.entryStage
    if let key = new.stage, entry == nil {
      failures.append(.unknownStage(key, of: definition))
    }
    guard failures.isEmpty, let stage = entry else { return .failure(.invalid(failures)) }
    var data = StageEventData(
      opportunityId: command.opportunityId, epoch: context.epoch, sequence: 1,
      pipeline: new.pipeline, pipelineVersion: version, actor: context.actor,
      occurredAt: occurrence(command), recordedAt: context.now)
    data.owner = new.owner
    data.team = new.team
    data.amount = new.amount
    data.name = new.name
    data.account = new.account
    data.externalId = new.externalId
    data.expectedClose = new.expectedClose
    data.entryUnknown = new.entryUnknown == true ? true : nil
    data.changes = (new.fields ?? [:]).filter { $0.value != .null }.sorted { $0.key < $1.key }
      .map {
        FieldChange(field: Opportunity.Field.customPrefix + $0.key, old: .null, new: $0.value)
      }
    data.cause = command.cause
    enter(stage, &data)
    var event = StageEvent(id: context.eventID, type: .created, data: data)
    guard let opportunity = Opportunity(event) else { return .failure(.invalid([])) }
    let unmet = stage.entryCriteria.filter { !$0.rule.holds(for: opportunity) }
      .map { GateFailure.unmet($0, code: "entry-criterion-unmet") }
    if let refusal = settle(unmet, &event) { return .failure(refusal) }
    return .success(event)
  }

  private func update(
    _ opportunity: Opportunity, _ patch: OpportunityPatch, _ command: StageCommand
  ) -> Result<StageEvent, Refusal> {
    let failures = Validation.failures(of: patch)
    guard failures.isEmpty else { return .failure(.invalid(failures)) }
    var changes = Changes(to: opportunity)
    changes.patch(patch)
    var data = next(opportunity, command, reason: patch.reason)
    data.amount = changes.amount
    data.changes = changes.list
    data.followUpDueAt = opportunity.followUpDueAt
    data.benchmarkDays = definition.stage(opportunity.stage)?.benchmarkDays
    return .success(StageEvent(id: context.eventID, type: .changed, data: data))
  }

  private func close(
    _ opportunity: Opportunity, _ category: StageCategory, _ closing: StageCommand.Closing,
    _ command: StageCommand
  ) -> Result<StageEvent, Refusal> {
    guard let target = definition.stages.first(where: { $0.category == category }) else {
      return .failure(.invalid([.noStage(of: category)]))
    }
    return move(opportunity, target, closing.reason, closing.fields, command)
  }

  private func reopen(
    _ opportunity: Opportunity, _ reopening: StageCommand.Reopening, _ command: StageCommand
  ) -> Result<StageEvent, Refusal> {
    let key = reopening.to ?? opportunity.closedFrom ?? definition.entryStage?.key ?? ""
    guard let target = definition.stage(key) else {
      return .failure(.invalid([.unknownStage(key, of: definition)]))
    }
    return move(opportunity, target, reopening.reason, nil, command, reopening: true)
  }

  private func move(
    _ opportunity: Opportunity, _ target: Stage, _ reason: String?,
    _ fields: [String: JSONValue]?, _ command: StageCommand, reopening: Bool = false,
    evidence: RuleEvidence? = nil
  ) -> Result<StageEvent, Refusal> {
    let unreadable = Validation.failures(ofFields: fields) + Validation.failures(ofReason: reason)
    guard unreadable.isEmpty else { return .failure(.invalid(unreadable)) }
    var changes = Changes(to: opportunity)
    changes.set(fields)
    var data = next(opportunity, command, reason: reason)
    data.changes = changes.list
    data.rule = evidence?.rule
    data.evidence = evidence
    data.from = opportunity.stage
    data.fromCategory = opportunity.category
    data.fromPosition = definition.position(of: opportunity.stage)
    enter(target, &data)
    var event = StageEvent(id: context.eventID, type: .moved, data: data)
    var filled = opportunity
    for (key, value) in fields ?? [:] { filled.fields[key] = value == .null ? nil : value }
    let failures = Gate(definition).failures(
      moving: filled, to: target, reason: reason, reopening: reopening)
    if let refusal = settle(failures, &event) { return .failure(refusal) }
    return .success(event)
  }

  /// Live, failures refuse the event; historically they are written on it.
  private func settle(_ failures: [GateFailure], _ event: inout StageEvent) -> Refusal? {
    if failures.isEmpty { return nil }
    switch context.mode {
    case .live: return .gate(failures)
    case .historical:
      event.data.violations = failures
      return nil
    }
  }

  /// What every event of an existing deal begins with.
  func next(
    _ opportunity: Opportunity, _ command: StageCommand, reason: String?
  ) -> StageEventData {
    var data = StageEventData(
      opportunityId: opportunity.id, epoch: context.epoch, sequence: opportunity.sequence + 1,
      pipeline: opportunity.pipeline, pipelineVersion: version, actor: context.actor,
      occurredAt: occurrence(command), recordedAt: context.now)
    data.owner = opportunity.owner
    data.team = opportunity.team
    data.amount = opportunity.amount
    data.reason = reason
    data.cause = command.cause
    return data
  }

  /// Only an import may place an event in the past.
  private func occurrence(_ command: StageCommand) -> Instant {
    context.mode == .historical ? command.occurredAt ?? context.now : context.now
  }

  private func enter(_ stage: Stage, _ data: inout StageEventData) {
    data.to = stage.key
    data.toCategory = stage.category
    data.toPosition = definition.position(of: stage.key)
    data.benchmarkDays = stage.benchmarkDays
    data.followUpDueAt = stage.followUpDays.map { days in
      context.workingTime?.deadline(from: data.occurredAt, days: days)
        ?? data.occurredAt.adding(days: days)
    }
  }
}
