import Contracts
import HTTPTypes
import Hummingbird
import Messaging
import ServiceKit
import ServiceWiring

/// `/v1/opportunities`: reading deals.
extension OpportunityRoutes {
  func addReading(to deals: RouterGroup<ServiceRequestContext>) {
    deals.get(use: list)
    deals.get(":id", use: read)
    deals.get(":id/moves", use: possibleMoves)
    deals.get(":id/history", use: readHistory)
  }

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
    let here = pipeline.definition.stage(deal.stage)
    let now = Instant.now()
    let standing = endpoint.standing(
      try await access.directory.current(), caller.subject, deal.owner)
    let mover = Mover(
      id: caller.subject, roles: caller.deciding(standing.roles),
      ownerManagers: standing.ownerManagers)
    let items = pipeline.definition.stages.filter { $0.key != deal.stage }.map { stage in
      let missing =
        deal.mergedInto.map { [.merged(into: $0)] }
        ?? gate.failures(moving: deal, to: stage, by: mover, at: now, reason: .open)
      return PossibleMoveView(
        to: stage.key, name: stage.name, category: stage.category, open: missing.isEmpty,
        decider: here?.decider(to: stage.key), missing: missing)
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
    let pipeline = try await catalog.version(deal.pipeline, deal.pipelineVersion)
    try caller.require(.read, on: deal, in: pipeline?.definition)
    return deal
  }
}
