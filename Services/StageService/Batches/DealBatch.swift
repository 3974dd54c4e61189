import Contracts
import Messaging
import Postgres
import ServiceContextModule
import ServiceKit
import ServiceWiring

/// Decides commands on many deals in one transaction, each deal by itself: what is refused of one
/// leaves the others as they are.
struct DealBatch: Sendable {
  let pool: PostgresPool
  let catalog: PipelineCatalog
  let recorder: Recorder
  let directory: DirectoryCache
  let committed: WakeSignal
  var standing = Standing.byDirectory

  struct Actor: Sendable {
    var subject: String
    /// Whom the policy is asked about; nil for the service itself.
    var caller: Caller?
  }

  struct Item: Sendable {
    var id: EntityID
    var expectedSequence: Int64?
    var action: StageCommand.Action
  }

  /// What became of one item.
  struct Result: Codable, Sendable {
    var id: EntityID
    var outcome: CommandResult.Outcome
    /// The deal's sequence now; nil where there is no such deal.
    var sequence: Int64?
    var eventId: EntityID?
    var errors: [GateFailure]
  }

  /// One result for each item, in order.
  ///
  /// - Parameter keeping: makes the answer that is kept with the changes, where one is to be.
  func run(
    _ items: [Item], by actor: Actor, at now: Instant,
    keeping: @escaping @Sendable ([Result]) throws -> KeptAnswer? = { _ in nil }
  ) async throws -> [Result] {
    let trace = ServiceContext.current?.trace
    let results = try await pool.transaction { transaction in
      var deals = try OpportunityBatch.lock(items.map(\.id), in: transaction)
      var events: [StageEvent] = []
      var results: [Result] = []
      for item in items {
        let decision = try decide(item, on: deals[item.id], by: actor, at: now, in: transaction)
        switch decision {
        case .success(let event):
          deals[item.id] = deals[item.id]?.applying(event)
          events.append(event)
          results.append(
            Result(
              id: item.id, outcome: .accepted, sequence: event.sequence, eventId: event.id,
              errors: []))
        case .failure(let refusal):
          results.append(
            Result(
              id: item.id, outcome: .refused, sequence: deals[item.id]?.sequence,
              errors: refusal.failures))
        }
      }
      let touched = Set(events.map(\.opportunityId))
      let messages = try events.map { try recorder.message($0, trace: trace) }
      try OpportunityBatch.write(
        states: touched.compactMap { deals[$0] }, events: events,
        data: messages.map { PostgresJSON($0.wire.value ?? []) }, in: transaction)
      try Outbox.append(messages, at: now, in: transaction)
      try IdempotencyStore.keep(try keeping(results), now: now, in: transaction)
      return results
    }
    committed.wake()
    return results
  }

  private func decide(
    _ item: Item, on deal: Opportunity?, by actor: Actor, at now: Instant,
    in transaction: borrowing PostgresTransaction
  ) throws -> Swift.Result<StageEvent, Refusal> {
    guard let deal,
      let pipeline = try catalog.version(deal.pipeline, deal.pipelineVersion, in: transaction)
    else { return .failure(.notFound) }
    if let refusal = actor.caller?.refusal(item.action, on: deal, in: pipeline.definition) {
      return .failure(Refusal(refusal))
    }
    let command = StageCommand(
      id: .make(at: now), opportunityId: item.id, expectedSequence: item.expectedSequence,
      action: item.action)
    let people = try directory.current(in: transaction)
    let standing = self.standing(people, actor.subject, deal.owner)
    let decider = Decider(
      definition: pipeline.definition, version: pipeline.version,
      context: DecisionContext(
        now: now, actor: actor.subject, eventID: .make(at: now), epoch: recorder.epoch,
        mode: .live, actorRoles: actor.caller?.deciding(standing.roles) ?? standing.roles,
        ownerManagers: standing.ownerManagers,
        workingTime: people.workingTime(of: command.owner(of: deal)), people: people))
    return decider.decide(command, on: deal)
  }
}
