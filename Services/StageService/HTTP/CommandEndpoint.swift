import Contracts
import HTTPTypes
import Hummingbird
import Messaging
import Postgres
import ServiceContextModule
import ServiceKit
import ServiceWiring

/// Carries a command from a request to its answer: idempotency key, If-Match, decision, one
/// statement, and another decision where somebody else was faster.
struct CommandEndpoint: Sendable {
  /// How often a lost race is decided again.
  static let attempts = 4

  let store: OpportunityStore
  let idempotency: IdempotencyStore
  let catalog: PipelineCatalog
  let access: AccessControl
  let recorder: Recorder
  let committed: WakeSignal
  let standing: Standing.Lookup

  /// The same decisions on many deals at once.
  var batch: DealBatch {
    DealBatch(
      pool: store.pool, catalog: catalog, recorder: recorder, directory: access.directory,
      committed: committed, standing: standing)
  }

  /// What a route makes of a decided event.
  struct Answer {
    var status: HTTPResponse.Status
    var body: [UInt8] = []
    var location: String?
    var etag: String?
  }

  /// - Parameters:
  ///   - id: the deal's identity; nil for a new one.
  ///   - action: makes the action out of the body's bytes (`{}` where there is no body).
  ///   - answer: the answer to a success.
  func run(
    _ request: Request, _ context: ServiceRequestContext, on id: EntityID?,
    action: ([UInt8]) throws -> StageCommand.Action,
    answer: (StageEvent, Opportunity) throws -> Answer
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .edit)
    let body = try await bytes(of: request, context)
    let kept = try KeptRequest(request, subject: caller.subject, body: body)
    if let kept, let response = try await replay(kept) { return response }
    let expected = try EntityTag.ifMatch(request)
    let now = Instant.now()
    let command = StageCommand(
      id: .make(at: now), opportunityId: id ?? .make(at: now), expectedSequence: expected,
      action: try action(body.isEmpty ? Array("{}".utf8) : body))
    do {
      return try await decideAndCommit(command, by: caller, kept, answer)
    } catch let error as PostgresError where error.isUniqueViolation {
      if error.constraint == "idempotency_keys_pkey", let kept,
        let response = try await replay(kept)
      {
        return response
      }
      guard error.constraint == "opportunities_external_id" else { throw error }
      return try await refuse(.externalIDTaken, kept)
    }
  }

  /// A decision against a request with a key is its answer from then on, too. A copy of it that is
  /// still under way elsewhere must not find another decision later, when the deal has changed.
  func refuse(_ problem: Problem, _ kept: KeptRequest?) async throws -> Response {
    if let kept, try await !idempotency.keep(kept.answer(problem), now: .now()),
      let response = try await replay(kept)
    {
      return response
    }
    throw problem
  }

  private func decideAndCommit(
    _ command: StageCommand, by caller: Caller, _ kept: KeptRequest?,
    _ answer: (StageEvent, Opportunity) throws -> Answer
  ) async throws -> Response {
    var deal: Opportunity?
    for _ in 0..<CommandEndpoint.attempts {
      deal = try await store.find(command.opportunityId)
      let pipeline = try await pipeline(for: command, deal)
      if let refusal = caller.refusal(command.action, on: deal, in: pipeline?.definition) {
        throw Problem(refusal)
      }
      let now = Instant.now()
      guard let pipeline else {
        let refusal = refusalForMissingPipeline(command)
        guard case .invalid = refusal else { throw Problem(refusal, on: deal) }
        return try await refuse(Problem(refusal, on: deal), kept)
      }
      let people = try await access.directory.current()
      let standing = self.standing(people, caller.subject, deal?.owner)
      let decider = Decider(
        definition: pipeline.definition, version: pipeline.version,
        context: DecisionContext(
          now: now, actor: caller.subject, eventID: .make(at: now), epoch: recorder.epoch,
          mode: .live, actorRoles: caller.deciding(standing.roles),
          ownerManagers: standing.ownerManagers,
          workingTime: people.workingTime(of: command.owner(of: deal)), people: people))
      let event: StageEvent
      switch decider.decide(command, on: deal, history: try await history(for: command)) {
      case .success(let decided): event = decided
      case .failure(let refusal): return try await refuse(Problem(refusal, on: deal), kept)
      }
      guard let state = deal?.applying(event) ?? Opportunity(event) else {
        throw Problem(.notFound, on: nil)
      }
      let answer = try answer(event, state)
      let etag = EntityTag.text(state.sequence)
      let change = Change(
        event: event, state: state,
        message: try recorder.message(event, trace: ServiceContext.current?.trace))
      if try await store.commit(change, keeping: kept?.answer(answer, etag: etag)) {
        committed.wake()
        return response(
          status: answer.status, body: answer.body, etag: etag, location: answer.location)
      }
      if command.expectedSequence != nil { break }
    }
    let current = try await store.find(command.opportunityId)
    if command.expectedSequence != nil, let current {
      return try await refuse(.stale(sequence: current.sequence, current), kept)
    }
    throw Problem.contended(current)
  }

  /// Read after the deal: an event that came in between makes the commit fail and decide again.
  private func history(for command: StageCommand) async throws -> [StageEvent] {
    guard case .revert = command.action else { return [] }
    return try await HistoryStore(pool: store.pool).events(of: command.opportunityId)
  }

  private func pipeline(
    for command: StageCommand, _ deal: Opportunity?
  ) async throws -> PublishedPipeline? {
    if case .create(let new) = command.action { return try await catalog.newest(new.pipeline) }
    guard let deal else { return nil }
    return try await catalog.version(deal.pipeline, deal.pipelineVersion)
  }

  private func refusalForMissingPipeline(_ command: StageCommand) -> Refusal {
    if case .create(let new) = command.action {
      .invalid([.unknownPipeline(new.pipeline)])
    } else {
      .notFound
    }
  }

  func bytes(of request: Request, _ context: ServiceRequestContext) async throws -> [UInt8] {
    let buffer = try await request.body.collect(upTo: context.maxUploadSize)
    let bytes = Array(buffer.readableBytesView)
    if !bytes.isEmpty, let type = request.headers[.contentType], !type.contains("json") {
      throw Problem.unsupportedMediaType(type)
    }
    return bytes
  }

  func replay(_ kept: KeptRequest) async throws -> Response? {
    guard let answer = try await idempotency.find(subject: kept.subject, key: kept.key) else {
      return nil
    }
    guard answer.requestHash == kept.hash else { throw Problem.idempotencyKeyReused }
    return response(
      status: HTTPResponse.Status(code: answer.status), body: answer.body, etag: answer.etag,
      location: answer.location)
  }

  func response(_ answer: Answer) -> Response {
    response(
      status: answer.status, body: answer.body, etag: answer.etag, location: answer.location)
  }

  func response(
    status: HTTPResponse.Status, body: [UInt8], etag: String?, location: String?
  ) -> Response {
    let isProblem = status.kind == .clientError
    var headers: HTTPFields = [:]
    if !body.isEmpty {
      headers[.contentType] = isProblem ? Problem.contentType : "application/json"
      headers[.contentLength] = "\(body.count)"
    }
    headers[.eTag] = etag
    headers[.location] = location
    return Response(
      status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
  }
}
