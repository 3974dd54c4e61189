import Contracts
import Messaging
import Postgres
import ServiceContextModule
import ServiceKit
import ServiceWiring

/// Merges one deal into another: both are locked in order of id, and their two events, states and
/// messages are written in one transaction.
struct DealMerge: Sendable {
  let pool: PostgresPool
  let catalog: PipelineCatalog
  let recorder: Recorder
  let committed: WakeSignal

  struct Merged: Sendable {
    /// The duplicate's.
    var event: StageEvent
    var survivor: Opportunity
  }

  /// Why not, and the duplicate as the decision found it.
  struct Refused: Error {
    var refusal: Refusal
    var deal: Opportunity?
  }

  /// - Parameter keeping: makes the answer that is kept with the changes, where one is to be.
  func run(
    _ command: StageCommand, by caller: Caller, at now: Instant,
    keeping: @escaping @Sendable (Merged) throws -> KeptAnswer?
  ) async throws -> Result<Merged, Refused> {
    let trace = ServiceContext.current?.trace
    let result = try await pool.transaction { transaction -> Result<Merged, Refused> in
      let deals = try OpportunityBatch.lock(command.deals, in: transaction)
      let duplicate = deals[command.opportunityId]
      let decided: [StageEvent]
      switch try decide(command, among: deals, by: caller, at: now, in: transaction) {
      case .success(let events): decided = events
      case .failure(let refusal):
        return .failure(Refused(refusal: refusal, deal: duplicate))
      }
      let states = decided.compactMap { deals[$0.opportunityId]?.applying($0) }
      let messages = try decided.map { try recorder.message($0, trace: trace) }
      try OpportunityBatch.write(
        states: states, events: decided, data: messages.map { PostgresJSON($0.wire.value ?? []) },
        in: transaction)
      try Outbox.append(messages, at: now, in: transaction)
      let merged = Merged(event: decided[0], survivor: states[1])
      if let answer = try keeping(merged) {
        try IdempotencyStore.keep(answer, now: now, in: transaction)
      }
      FailPoint.commandBeforeCommit.hit()
      return .success(merged)
    }
    FailPoint.commandAfterCommit.hit()
    committed.wake()
    return result
  }

  /// Both deals must be ones that the caller may edit. One that the caller may not even read is not
  /// there.
  private func decide(
    _ command: StageCommand, among deals: [EntityID: Opportunity], by caller: Caller,
    at now: Instant, in transaction: borrowing PostgresTransaction
  ) throws -> Result<[StageEvent], Refusal> {
    guard let duplicate = deals[command.opportunityId],
      let pipeline = try catalog.version(
        duplicate.pipeline, duplicate.pipelineVersion, in: transaction)
    else { return .failure(.notFound) }
    let action = AccessPolicy.action(of: command.action)
    if let refusal = caller.refusal(
      action, owner: duplicate.owner, team: duplicate.team,
      in: pipeline.definition.stage(duplicate.stage))
    {
      return .failure(Refusal(refusal))
    }
    var survivor = command.mergedInto.flatMap { deals[$0] }
    if let found = survivor, found.id != duplicate.id {
      switch try caller.reaches(survivor: found, catalog, in: transaction) {
      case .success(let reached): survivor = reached
      case .failure(let refusal): return .failure(refusal)
      }
    }
    let decider = Decider(
      definition: pipeline.definition, version: pipeline.version,
      context: DecisionContext(
        now: now, actor: caller.subject, eventID: .make(at: now), epoch: recorder.epoch,
        mode: .live))
    let decision = decider.decide(command, on: duplicate, survivor: survivor)
    guard case .success(let event) = decision, let survivor else { return decision.map { [$0] } }
    return .success([
      event,
      try decider.absorb(
        duplicate, into: survivor, because: event, command, catalog, eventID: .make(at: now),
        in: transaction),
    ])
  }
}

extension Caller {
  /// The deal that stays, which the caller must be one to edit, too; nil where the caller may not even
  /// read it.
  func reaches(
    survivor deal: Opportunity, _ catalog: PipelineCatalog,
    in transaction: borrowing PostgresTransaction
  ) throws -> Result<Opportunity?, Refusal> {
    let stage = try catalog.version(deal.pipeline, deal.pipelineVersion, in: transaction)?
      .definition.stage(deal.stage)
    return switch refusal(.edit, owner: deal.owner, team: deal.team, in: stage) {
    case nil: .success(deal)
    case .outsideScope(readable: false)?: .success(nil)
    case let refusal?: .failure(Refusal(refusal).ofSurvivor)
    }
  }
}

extension Decider {
  /// The survivor's event, under the version of the pipeline that the survivor has.
  func absorb(
    _ duplicate: Opportunity, into survivor: Opportunity, because event: StageEvent,
    _ command: StageCommand, _ catalog: PipelineCatalog, eventID: EntityID,
    in transaction: borrowing PostgresTransaction
  ) throws -> StageEvent {
    let pipeline = try catalog.version(
      survivor.pipeline, survivor.pipelineVersion, in: transaction)
    var context = context
    context.eventID = eventID
    return Decider(
      definition: pipeline?.definition ?? definition, version: survivor.pipelineVersion,
      context: context
    ).absorb(duplicate, into: survivor, because: event, command)
  }
}

extension Refusal {
  /// What the policy refuses of the deal that stays, which the request names in `into`.
  fileprivate var ofSurvivor: Refusal {
    guard case .forbidden(var failures) = self else { return self }
    for index in failures.indices { failures[index].pointer = "/into" }
    return .forbidden(failures)
  }
}
