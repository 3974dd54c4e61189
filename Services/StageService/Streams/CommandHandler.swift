import Contracts
import Messaging
import Postgres
import ServiceKit
import ServiceWiring

/// Commands over Kafka: the same decisions as over HTTP, a batch in one transaction.
///
/// Which mode a command runs in follows from its topic alone, and so does who is believed: on
/// `stage-commands` the sender may name the person it acts for, an import never can. What such a person
/// may do, the policy says as it does over HTTP; a service may do what its right to write the topic
/// allows.
struct CommandHandler: BatchHandler {
  let topics: [Topic] = [.stageCommands, .importCommands]
  let catalog: PipelineCatalog
  let directory: DirectoryCache
  let recorder: Recorder
  let standing: Standing.Lookup

  init(
    catalog: PipelineCatalog, directory: DirectoryCache, recorder: Recorder,
    standing: @escaping Standing.Lookup = Standing.byDirectory
  ) {
    self.catalog = catalog
    self.directory = directory
    self.recorder = recorder
    self.standing = standing
  }

  func handle(
    _ batch: ConsumedBatch, in transaction: borrowing PostgresTransaction, now: Instant
  ) throws -> BatchOutcome {
    var outcome = BatchOutcome()
    let requests = read(batch, &outcome)
    let commands = requests.map(\.command)
    let handled = try HandledCommands.find(commands.map(\.id), in: transaction)
    var deals = try OpportunityBatch.lock(commands.flatMap(\.deals), in: transaction)
    var takenExternalIDs = try ExternalIDs.taken(by: commands, in: transaction)

    var results: [EntityID: CommandResult] = [:]
    var events: [StageEvent] = []
    var data: [PostgresJSON] = []
    var touched: Set<EntityID> = []
    for request in requests {
      let command = request.command
      if let before = handled[command.id] ?? results[command.id] {
        var repeated = before
        repeated.duplicate = true
        outcome.duplicates += 1
        outcome.outbox.append(try recorder.message(repeated, trace: request.trace))
        continue
      }
      let decision = try decide(
        command, among: deals, after: events, takenExternalIDs, batch.topic, in: transaction,
        now: now)
      let result: CommandResult
      switch decision {
      case .success(let decided):
        for event in decided {
          let state = deals[event.opportunityId]?.applying(event) ?? Opportunity(event)
          deals[event.opportunityId] = state
          touched.insert(event.opportunityId)
          events.append(event)
          let message = try recorder.message(event, trace: request.trace)
          data.append(PostgresJSON(message.wire.value ?? []))
          outcome.outbox.append(message)
        }
        if case .create(let new) = command.action, let external = new.externalId {
          takenExternalIDs[external] = command.opportunityId
        }
        let event = decided[0]
        result = CommandResult(
          commandId: command.id, opportunityId: command.opportunityId, outcome: .accepted,
          sequence: event.sequence, eventId: event.id, errors: event.violations)
      case .failure(let refusal):
        result = CommandResult(
          commandId: command.id, opportunityId: command.opportunityId, outcome: .refused,
          sequence: deals[command.opportunityId]?.sequence, errors: refusal.failures)
      }
      results[command.id] = result
      outcome.applied += 1
      outcome.outbox.append(try recorder.message(result, trace: request.trace))
    }
    try OpportunityBatch.write(
      states: touched.compactMap { deals[$0] }, events: events, data: data, in: transaction)
    try HandledCommands.record(Array(results.values), at: now, in: transaction)
    return outcome
  }

  private struct Request {
    var command: StageCommand
    var trace: TraceContext?
  }

  private func read(_ batch: ConsumedBatch, _ outcome: inout BatchOutcome) -> [Request] {
    var requests: [Request] = []
    for message in batch.messages {
      do throws(MessageFailure) {
        switch try StageCommand.read(message.wire) {
        case .payload(let command, let envelope):
          let trace = envelope.traceparent.flatMap {
            TraceContext(traceparent: $0, tracestate: envelope.tracestate)
          }
          requests.append(Request(command: command, trace: trace))
        case .tombstone: outcome.tombstones += 1
        case .unknownType: outcome.unknownTypes += 1
        }
      } catch {
        outcome.deadLetters.append(DeadLetter(message: message, failure: error))
      }
    }
    return requests
  }

  /// The command's event, and of a merge the survivor's after it.
  private func decide(
    _ command: StageCommand, among deals: [EntityID: Opportunity], after events: [StageEvent],
    _ taken: [String: EntityID], _ topic: Topic,
    in transaction: borrowing PostgresTransaction, now: Instant
  ) throws -> Result<[StageEvent], Refusal> {
    let isImport = topic == .importCommands
    let deal = deals[command.opportunityId]
    var survivor = command.mergedInto.flatMap { deals[$0] }
    let pipeline: PublishedPipeline?
    if case .create(let new) = command.action {
      pipeline = try catalog.newest(new.pipeline, in: transaction)
      if let external = new.externalId {
        if let holder = taken[external], holder != command.opportunityId {
          return .failure(.invalid([.externalIDTaken(external)]))
        }
      }
      if pipeline == nil { return .failure(.invalid([.unknownPipeline(new.pipeline)])) }
    } else if let deal {
      pipeline = try catalog.version(deal.pipeline, deal.pipelineVersion, in: transaction)
    } else {
      return .failure(.notFound)
    }
    guard let pipeline else { return .failure(.notFound) }
    let people = try directory.current(in: transaction)
    let caller = isImport ? nil : command.actor.flatMap { Caller(actingFor: $0, in: people) }
    if let refusal = caller?.refusal(command.action, on: deal, in: pipeline.definition) {
      return .failure(Refusal(refusal))
    }
    if let found = survivor, found.id != deal?.id, let caller {
      switch try caller.reaches(survivor: found, catalog, in: transaction) {
      case .success(let reached): survivor = reached
      case .failure(let refusal): return .failure(refusal)
      }
    }
    let decider = Decider(
      definition: pipeline.definition, version: pipeline.version,
      context: self.context(
        command, by: caller, on: deal, isImport: isImport, now: now, people: people))
    var history: [StageEvent] = []
    if case .revert = command.action, let deal {
      // What the batch has decided for the deal so far is not written yet.
      history =
        try HistoryStore.events(of: deal.id, in: transaction)
        + events.filter { $0.opportunityId == deal.id }
    }
    let decision = decider.decide(command, on: deal, history: history, survivor: survivor)
    guard case .success(let event) = decision, let deal, let survivor else {
      return decision.map { [$0] }
    }
    return .success([
      event,
      try decider.absorb(
        deal, into: survivor, because: event, command, catalog, eventID: .make(at: now),
        in: transaction),
    ])
  }

  private func context(
    _ command: StageCommand, by caller: Caller?, on deal: Opportunity?, isImport: Bool,
    now: Instant, people: Directory
  ) -> DecisionContext {
    var context = DecisionContext(
      now: now,
      actor: isImport
        ? CommandHandler.importer(command.actor) : command.actor ?? "service:activity-ingest",
      eventID: .make(at: now), epoch: recorder.epoch, mode: isImport ? .historical : .live,
      workingTime: people.workingTime(of: command.owner(of: deal)), people: people)
    // Nobody acts in the name that an import gives, but by that name the gate judges.
    if isImport { context.mover = command.actor.flatMap { $0.hasPrefix("import:") ? nil : $0 } }
    if let mover = context.mover {
      let standing = standing(people, mover, deal?.owner)
      context.actorRoles = caller?.deciding(standing.roles) ?? standing.roles
      context.ownerManagers = standing.ownerManagers
    }
    return context
  }

  /// An import may say which one it is, but not that it is a person.
  private static func importer(_ named: String?) -> String {
    guard let named else { return "import" }
    return named.hasPrefix("import:") ? named : "import:\(named)"
  }
}

/// External ids name one deal only.
enum ExternalIDs {
  static func taken(
    by commands: [StageCommand], in transaction: borrowing PostgresTransaction
  ) throws -> [String: EntityID] {
    let wanted = commands.compactMap { command -> String? in
      if case .create(let new) = command.action { new.externalId } else { nil }
    }
    guard !wanted.isEmpty else { return [:] }
    let rows = try transaction.query(
      "SELECT external_id, id FROM opportunities WHERE external_id = ANY($1::text[])", wanted)
    var taken: [String: EntityID] = [:]
    for row in rows {
      taken[try row.decode(0, as: String.self)] = try row.decode(1, as: EntityID.self)
    }
    return taken
  }
}
