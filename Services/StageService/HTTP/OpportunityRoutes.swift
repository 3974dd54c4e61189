import Contracts
import HTTPTypes
import Hummingbird
import Messaging
import ServiceKit

/// `/v1/opportunities`: reading deals and commanding them.
struct OpportunityRoutes: Sendable {
  let store: OpportunityStore
  let history: HistoryStore
  let catalog: PipelineCatalog
  let access: AccessControl
  let endpoint: CommandEndpoint

  func add(to router: RouterGroup<ServiceRequestContext>) {
    let deals = router.group("opportunities")
    deals.post(use: create)
    deals.get(use: list)
    deals.get(":id", use: read)
    deals.patch(":id", use: patch)
    deals.post(":id/moves", use: move)
    deals.get(":id/moves", use: possibleMoves)
    deals.post(":id/win", use: win)
    deals.post(":id/lose", use: lose)
    deals.post(":id/reopen", use: reopen)
    deals.post(":id/revert", use: revert)
    deals.post(":id/activities", use: recordActivity)
    deals.get(":id/history", use: readHistory)
  }

  // MARK: Commands

  @Sendable private func create(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    try await endpoint.run(request, context, on: nil) { body in
      var new = try RequestBodyDecoder.decode(NewOpportunity.self, from: body)
      // These two are an import's to say.
      new.stage = nil
      new.entryUnknown = nil
      return .create(new)
    } answer: { _, deal in
      CommandEndpoint.Answer(
        status: .created, body: try JSONCoding.encode(OpportunityView(deal)),
        location: "/v1/opportunities/\(deal.id)")
    }
  }

  @Sendable private func patch(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    try await endpoint.run(request, context, on: try id(context)) { body in
      .update(try RequestBodyDecoder.decode(OpportunityPatch.self, from: body))
    } answer: { _, deal in
      CommandEndpoint.Answer(
        status: .ok, body: try JSONCoding.encode(OpportunityView(deal)))
    }
  }

  @Sendable private func move(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    try await moved(request, context) {
      var move = try RequestBodyDecoder.decode(StageCommand.Move.self, from: $0)
      // Only an automation moves on evidence.
      move.evidence = nil
      return .move(move)
    }
  }

  @Sendable private func win(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    try await moved(request, context) {
      .win(try RequestBodyDecoder.decode(StageCommand.Closing.self, from: $0))
    }
  }

  @Sendable private func lose(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    try await moved(request, context) {
      .lose(try RequestBodyDecoder.decode(StageCommand.Closing.self, from: $0))
    }
  }

  @Sendable private func reopen(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    try await moved(request, context) {
      .reopen(try RequestBodyDecoder.decode(StageCommand.Reopening.self, from: $0))
    }
  }

  @Sendable private func revert(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    try await moved(request, context) {
      .revert(try RequestBodyDecoder.decode(StageCommand.Reversal.self, from: $0))
    }
  }

  @Sendable private func recordActivity(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    try await endpoint.run(request, context, on: try id(context)) { body in
      let noted = try RequestBodyDecoder.decode(NotedActivity.self, from: body)
      return .recordActivity(noted.record(now: .now()))
    } answer: { event, _ in
      CommandEndpoint.Answer(
        status: .created, body: try JSONCoding.encode(RecordedActivityView(event)),
        location: "/v1/opportunities/\(event.opportunityId)/history")
    }
  }

  private func moved(
    _ request: Request, _ context: ServiceRequestContext,
    _ action: ([UInt8]) throws -> StageCommand.Action
  ) async throws -> Response {
    try await endpoint.run(request, context, on: try id(context), action: action) { event, _ in
      CommandEndpoint.Answer(
        status: .ok, body: try JSONCoding.encode(MoveView(event)))
    }
  }

  // MARK: Reading

  @Sendable private func read(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .read)
    let id = try id(context)
    var query = QueryReader(request)
    let asOf = query.instant("asOf")
    try query.finish()
    var deal = try await visible(id, to: caller)
    if let asOf {
      guard let former = try await history.state(of: id, asOf: asOf) else {
        throw Problem.notFound("there is no opportunity with this id at that time")
      }
      deal = former
    }
    return try json(
      OpportunityView(deal), headers: [.eTag: EntityTag.text(deal.sequence)])
  }

  @Sendable private func list(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Page<OpportunityView> {
    let caller = try await access.caller(context, to: .read)
    var query = QueryReader(request)
    var filter = OpportunityFilter()
    filter.scope = caller.scope
    filter.pipeline = query.string("pipeline")
    filter.stage = query.string("stage")
    filter.owner = query.string("owner")
    filter.team = query.string("team")
    filter.status = query.choice("status")
    filter.text = query.string("q", maximumLength: 200)
    filter.after = query.value(
      "cursor", expected: LocalizedText(zh: "上一页的 next", en: "the next of the page before")
    ) { EntityID($0) }
    filter.limit = query.int("limit", in: 1...500, default: 50)
    try query.finish()
    let wanted = filter.limit
    filter.limit += 1
    let deals = try await store.list(filter)
    let page = deals.prefix(wanted)
    return Page(
      items: page.map(OpportunityView.init),
      next: deals.count > wanted ? page.last?.id.description : nil)
  }

  @Sendable private func possibleMoves(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Page<PossibleMoveView> {
    let caller = try await access.caller(context, to: .read)
    let deal = try await visible(try id(context), to: caller)
    guard let pipeline = try await catalog.version(deal.pipeline, deal.pipelineVersion) else {
      throw Problem.noSuchOpportunity
    }
    let gate = Gate(pipeline.definition)
    let items = pipeline.definition.stages.filter { $0.key != deal.stage }.map { stage in
      // A reason comes with the request; that one is needed is no obstacle now.
      let missing = gate.failures(moving: deal, to: stage, reason: "-")
      return PossibleMoveView(
        to: stage.key, name: stage.name, category: stage.category, open: missing.isEmpty,
        missing: missing)
    }
    return Page(items: items, next: nil)
  }

  @Sendable private func readHistory(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Page<HistoryItemView> {
    let caller = try await access.caller(context, to: .read)
    let id = try id(context)
    var query = QueryReader(request)
    let after = query.value(
      "cursor", expected: LocalizedText(zh: "上一页的 next", en: "the next of the page before")
    ) { text -> EventPosition? in
      let parts = text.split(separator: "-").compactMap { Int64($0) }
      return parts.count == 2 ? EventPosition(epoch: parts[0], sequence: parts[1]) : nil
    }
    let limit = query.int("limit", in: 1...500, default: 100)
    try query.finish()
    _ = try await visible(id, to: caller)
    let events = try await history.events(of: id, after: after, limit: limit + 1)
    let page = events.prefix(limit)
    return Page(
      items: page.map(HistoryItemView.init),
      next: events.count > limit ? page.last.map { "\($0.epoch)-\($0.sequence)" } : nil)
  }

  /// The deal as it is now, where there is one that the caller may read.
  private func visible(_ id: EntityID, to caller: Caller) async throws -> Opportunity {
    guard let deal = try await store.find(id) else { throw Problem.noSuchOpportunity }
    try caller.require(.read, on: deal)
    return deal
  }

  private func id(_ context: ServiceRequestContext) throws -> EntityID {
    guard let id = context.parameters.get("id").flatMap({ EntityID($0) }) else {
      throw Problem.noSuchOpportunity
    }
    return id
  }
}

extension ServiceRequestContext {
  /// Everyone who works with deals may read them; a publisher only sends.
  func requireReader() throws {
    try require(.rep, .manager, .admin, .viewer)
  }
}
