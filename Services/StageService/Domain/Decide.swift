import Contracts
import ServiceWiring

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
  /// The actor may not ask for it.
  case forbidden([GateFailure])
}

/// What surrounds a decision: the time is passed in, never read.
struct DecisionContext: Sendable {
  var now: Instant
  var actor: String
  var eventID: EntityID
  var epoch: Int64
  var mode: Mode
  /// Whom deciders and roles' limits judge: the actor, but of an import whom it says to have acted, or
  /// nil where it does not say.
  var mover: String?
  var actorRoles: Set<String>
  /// Everybody above the deal's owner, at any level.
  var ownerManagers: [String]
  /// When whoever owns the deal afterwards works; nil where the directory does not know the owner.
  var workingTime: WorkingTime?
  /// Who is in which team.
  var people: Directory

  init(
    now: Instant, actor: String, eventID: EntityID, epoch: Int64, mode: Mode,
    actorRoles: Set<String> = [], ownerManagers: [String] = [],
    workingTime: WorkingTime? = nil, people: Directory = Directory()
  ) {
    self.now = now
    self.actor = actor
    self.eventID = eventID
    self.epoch = epoch
    self.mode = mode
    mover = actor
    self.actorRoles = actorRoles
    self.ownerManagers = ownerManagers
    self.workingTime = workingTime
    self.people = people
  }

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
        opportunity, target, move.reason, move.fields, command, evidence: move.evidence,
        override: move.override)
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
    case .assign(let assignment):
      return assign(opportunity, assignment, command)
    case .hold(let wanted):
      return hold(opportunity, wanted, command)
    case .resume(let resumption):
      return resume(opportunity, resumption, command)
    case .tick(let tick):
      return self.tick(opportunity, tick, command)
    case .recordFeedback(let feedback):
      return record(opportunity, feedback, command)
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
    let misfits = Validation.misfits(of: new.fields, in: definition)
    if context.mode == .live { failures += misfits }
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
    let facts = GateFacts(
      deal: opportunity, definition: definition, mover: mover(evidence: nil), now: data.occurredAt)
    let unmet = Gate(definition).entryFailures(of: facts, into: stage)
    let outsiders = outsiders(owner: new.owner, team: new.team, of: opportunity)
    if let refusal = settle(misfits + outsiders + unmet, &event) { return .failure(refusal) }
    return .success(event)
  }

  private func update(
    _ opportunity: Opportunity, _ patch: OpportunityPatch, _ command: StageCommand
  ) -> Result<StageEvent, Refusal> {
    let misfits = Validation.misfits(of: patch.fields, in: definition)
    var failures = Validation.failures(of: patch)
    if context.mode == .live { failures += misfits }
    guard failures.isEmpty else { return .failure(.invalid(failures)) }
    var changes = Changes(to: opportunity)
    changes.patch(patch)
    var event = changed(opportunity, changes.list, command, reason: patch.reason)
    event.data.amount = changes.amount
    event.data.violations = misfits
    if let category = patch.forecastCategory.value(
      keeping: opportunity.state.ownForecastCategory)
    {
      event.data.forecastCategory =
        category ?? definition.stage(opportunity.stage)?.forecastCategory
    }
    return .success(event)
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
    data.forecastCategory = opportunity.state.forecastCategory
    data.reason = reason
    data.cause = command.cause
    return data
  }

  /// An event that moves nothing: the deadline and the benchmark stay.
  func changed(
    _ opportunity: Opportunity, _ changes: [FieldChange], _ command: StageCommand,
    reason: String? = nil
  ) -> StageEvent {
    var data = next(opportunity, command, reason: reason)
    data.changes = changes
    data.followUpDueAt = opportunity.followUpDueAt
    data.benchmarkDays = definition.stage(opportunity.stage)?.benchmarkDays
    return StageEvent(id: context.eventID, type: .changed, data: data)
  }

  func mover(evidence: RuleEvidence?) -> Mover {
    Mover(
      id: context.mover, roles: context.actorRoles, ownerManagers: context.ownerManagers,
      isAutomation: evidence != nil && context.mover?.hasPrefix("service:") == true)
  }

  /// Only an import may place an event in the past.
  func occurrence(_ command: StageCommand) -> Instant {
    context.mode == .historical ? command.occurredAt ?? context.now : context.now
  }

  /// - Parameter own: what the deal says itself that a forecast is to count it as.
  func enter(_ stage: Stage, _ data: inout StageEventData, own: ForecastCategory? = nil) {
    data.to = stage.key
    data.forecastCategory = own ?? stage.forecastCategory
    data.toCategory = stage.category
    data.toPosition = definition.position(of: stage.key)
    data.benchmarkDays = stage.benchmarkDays
    data.followUpDueAt = stage.followUpDays.map { deadline(from: data.occurredAt, days: $0) }
  }
}
