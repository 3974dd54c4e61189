import Contracts
import HTTPTypes
import Hummingbird
import Messaging
import ServiceKit
import ServiceWiring

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
    deals.patch(":id", use: patch)
    deals.post(":id/moves", use: move)
    deals.post(":id/win", use: win)
    deals.post(":id/lose", use: lose)
    deals.post(":id/reopen", use: reopen)
    deals.post(":id/revert", use: revert)
    deals.post(":id/activities", use: recordActivity)
    deals.post(":id/assign", use: assign)
    deals.post(":id/hold", use: hold)
    deals.post(":id/resume", use: resume)
    deals.post(":id/checklist", use: tick)
    deals.post(":id/feedback", use: recordFeedback)
    deals.post(":id/merge", use: merge)
    deals.post(":id/erase", use: erase)
    addReading(to: deals)
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
    try await changed(request, context) {
      .update(try RequestBodyDecoder.decode(OpportunityPatch.self, from: $0))
    }
  }

  @Sendable private func assign(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    try await changed(request, context) {
      .assign(try RequestBodyDecoder.decode(StageCommand.Assignment.self, from: $0))
    }
  }

  @Sendable private func hold(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    try await changed(request, context) {
      .hold(try RequestBodyDecoder.decode(StageCommand.Hold.self, from: $0))
    }
  }

  @Sendable private func resume(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    try await changed(request, context) {
      .resume(try RequestBodyDecoder.decode(StageCommand.Resumption.self, from: $0))
    }
  }

  @Sendable private func tick(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    try await changed(request, context) {
      .tick(try RequestBodyDecoder.decode(StageCommand.ChecklistTick.self, from: $0))
    }
  }

  @Sendable private func recordFeedback(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    try await changed(request, context) {
      .recordFeedback(
        try RequestBodyDecoder.decode(StageCommand.CustomerFeedback.self, from: $0))
    }
  }

  private func changed(
    _ request: Request, _ context: ServiceRequestContext,
    _ action: ([UInt8]) throws -> StageCommand.Action
  ) async throws -> Response {
    try await endpoint.run(request, context, on: try id(context), action: action) { _, deal in
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

  @Sendable private func merge(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    try await endpoint.merge(request, context, try id(context))
  }

  /// Once more changes nothing, so that neither a key nor the sequence is asked for.
  @Sendable private func erase(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .erase)
    let id = try id(context)
    let body = try await endpoint.bytes(of: request, context)
    let wanted = try RequestBodyDecoder.decode(
      Erasure.Request.self, from: body.isEmpty ? Array("{}".utf8) : body)
    switch try await endpoint.erasures.run(wanted, of: id, by: caller.subject, at: .now()) {
    case .success(let deal)?:
      return try json(
        OpportunityView(deal), headers: [.eTag: EntityTag.text(deal.sequence)])
    case .failure(let refusal)?: throw Problem(refusal, on: nil)
    case nil: throw Problem.contended(nil)
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

  func id(_ context: ServiceRequestContext) throws -> EntityID {
    guard let id = context.parameters.get("id").flatMap({ EntityID($0) }) else {
      throw Problem.noSuchOpportunity
    }
    return id
  }
}
