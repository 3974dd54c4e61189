import Contracts
import HTTPTypes
import Hummingbird
import Messaging
import ServiceContextModule
import ServiceKit
import ServiceWiring

/// `/v1/pipelines/{key}/drafts`: definitions that people work on, and their publication.
///
/// Managers and administrators write drafts, whoever moves deals may say something of a stage, and only
/// an administrator publishes. Whose a draft is, the published pipeline says, or where there is none
/// the draft itself.
struct DraftRoutes: Sendable {
  let store: DraftStore
  let publisher: DraftPublisher
  let catalog: PipelineCatalog
  let access: AccessControl
  let endpoint: CommandEndpoint

  func add(to router: RouterGroup<ServiceRequestContext>) {
    let drafts = router.group("pipelines/:key/drafts")
    drafts.post(use: create)
    drafts.get(use: list)
    drafts.get(":id", use: read)
    drafts.put(":id", use: replace)
    drafts.delete(":id", use: delete)
    drafts.post(":id/lint", use: lint)
    drafts.get(":id/diff", use: diff)
    drafts.post(":id/diff", use: diff)
    drafts.post(":id/feedback", use: comment)
    drafts.post(":id/publish", use: publish)
  }

  @Sendable private func create(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .writeDrafts)
    let pipeline = context.parameters.get("key") ?? ""
    return try await endpoint.once(request, context, by: caller) { draft in
      try Self.answer(
        draft, status: .created,
        location: "/v1/pipelines/\(draft.pipeline)/drafts/\(draft.id)")
    } change: { request, keeping in
      let definition = try await request.definition(context)
      var failures = definition.unstorable
      if !DefinitionCheck.isKey(pipeline) { failures.append(.invalidKey(at: "/key")) }
      try refuse(failures)
      if let newest = try await catalog.newest(pipeline) {
        try caller.require(
          .writeDrafts, onPipelineOf: newest.definition.teams, hidden: .draftForOthers)
      }
      try caller.require(.writeDrafts, onPipelineOf: definition.teams, hidden: .draftForOthers)
      let now = Instant.now()
      return try await store.create(
        Draft(
          id: .make(at: now), pipeline: pipeline, revision: 1, definition: definition,
          createdAt: now, createdBy: caller.subject, updatedAt: now, updatedBy: caller.subject),
        keeping: keeping)
    }
  }

  @Sendable private func list(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Page<DraftSummaryView> {
    let caller = try await access.caller(context, to: .readPipelines)
    var query = QueryReader(request)
    let after = query.value(
      "cursor", expected: LocalizedText(zh: "上一页的 next", en: "the next of the page before")
    ) { EntityID($0) }
    let limit = query.int("limit", in: 1...500, default: 50)
    try query.finish()
    let key = try key(context)
    let newest = try await catalog.newest(key)
    if let newest, !caller.reads(newest.definition) { return Page(items: [], next: nil) }
    let drafts = try await store.list(
      of: key, ownedBy: newest == nil ? caller.pipelineTeams : nil, after: after, limit: limit + 1)
    let page = drafts.prefix(limit)
    return Page(
      items: page.map(DraftSummaryView.init),
      next: drafts.count > limit ? page.last?.id.description : nil)
  }

  @Sendable private func read(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let draft = try await draft(context, to: .readPipelines)
    let answer = try Self.answer(draft, feedback: try await store.feedback(on: draft.id))
    return endpoint.response(answer)
  }

  @Sendable private func replace(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .writeDrafts)
    return try await endpoint.once(request, context, by: caller) { (edit: DraftStore.Edit) in
      switch edit {
      case .saved(let draft, let feedback): return try Self.answer(draft, feedback: feedback)
      case .unknown: throw Problem.noSuchDraft
      case .stale(let revision): throw Problem.staleDraft(revision)
      case .published(let version): throw Problem.draftPublished(as: version)
      }
    } change: { request, keeping in
      let draft = try await draft(context, for: caller, to: .writeDrafts)
      let expected = try EntityTag.ifMatch(request)
      let definition = try await request.definition(context)
      try refuse(definition.unstorable)
      try caller.require(.writeDrafts, onPipelineOf: definition.teams, hidden: .draftForOthers)
      return try await store.replace(
        draft.id, of: draft.pipeline, with: definition, expected: expected, by: caller.subject,
        at: .now(), keeping: keeping)
    }
  }

  @Sendable private func delete(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .writeDrafts)
    return try await endpoint.once(request, context, by: caller) { isGone in
      guard isGone else { throw Problem.noSuchDraft }
      return CommandEndpoint.Answer(status: .noContent)
    } change: { _, keeping in
      let draft = try await draft(context, for: caller, to: .writeDrafts)
      return try await store.delete(draft.id, of: draft.pipeline, at: .now(), keeping: keeping)
    }
  }

  @Sendable private func lint(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Page<LintFinding> {
    let draft = try await draft(context, to: .readPipelines)
    let teams = Set(try await access.directory.current().teams.keys)
    return Page(items: Linter(draft.definition, teams: teams).findings, next: nil)
  }

  @Sendable private func diff(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let draft = try await draft(context, to: .readPipelines)
    return try json(DiffView(draft, against: try await catalog.newest(draft.pipeline)))
  }

  private struct Comment: Decodable {
    var stage: String
    var text: String
  }

  @Sendable private func comment(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .comment)
    let location = "/v1/pipelines/\(try key(context))/drafts/\(try id(context))"
    return try await endpoint.once(request, context, by: caller) { (feedback: DraftFeedback?) in
      guard let feedback else { throw Problem.noSuchDraft }
      return CommandEndpoint.Answer(
        status: .created, body: try JSONCoding.encode(feedback), location: location)
    } change: { request, keeping in
      let draft = try await draft(context, for: caller, to: .comment)
      let body = try await request.decode(as: Comment.self, context: context)
      var failures = DefinitionCheck.needed(body.text, at: "/text")
      if draft.definition.stage(body.stage) == nil {
        let stages = draft.definition.stages.map(\.key).joined(separator: ", ")
        failures.append(
          .invalid(
            "/stage", "unknown-stage", zh: "不是草稿中的阶段；可用：\(stages)",
            en: "is no stage of the draft; there are \(stages)"))
      }
      try refuse(failures, code: "invalid-feedback", title: "The feedback cannot be taken")
      let now = Instant.now()
      let feedback = DraftFeedback(
        id: .make(at: now), stage: body.stage, text: body.text, givenAt: now,
        givenBy: caller.subject)
      return try await store.add(feedback, to: draft.id, keeping: keeping)
    }
  }

  private struct Publication: Decodable { var note: String }

  @Sendable private func publish(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .publish)
    let trace = ServiceContext.current?.trace
    let (key, id) = (try key(context), try id(context))
    let answer = try await endpoint.once(request, context, by: caller) {
      try Self.answer($0)
    } change: { request, keeping in
      let expected = try EntityTag.ifMatch(request)
      let body = try await request.decode(as: Publication.self, context: context)
      try refuse(
        DefinitionCheck.needed(body.note, at: "/note"), code: "invalid-publication",
        title: "The draft cannot be published")
      return try await publisher.publish(
        id, of: key, expected: expected, note: body.note, by: caller.subject, at: .now(),
        keeping: keeping
      ) { [recorder = endpoint.recorder] in try recorder.message($0, trace: trace) }
    }
    endpoint.committed.wake()
    return answer
  }

  private static func answer(
    _ publication: DraftPublisher.Publication
  ) throws -> CommandEndpoint.Answer {
    switch publication {
    case .published(let pipeline):
      CommandEndpoint.Answer(
        status: .created, body: try JSONCoding.encode(PipelineView(pipeline)),
        location: "/v1/pipelines/\(pipeline.key)?version=\(pipeline.version)")
    case .unknown: throw Problem.noSuchDraft
    case .stale(let revision): throw Problem.staleDraft(revision)
    case .wasPublished(let version): throw Problem.draftPublished(as: version)
    case .unusable(let failures): throw Problem.unusable(failures)
    case .overtaken(let newest): throw Problem.overtaken(by: newest)
    case .unchanged(let version): throw Problem.unchanged(version)
    }
  }

  // MARK: Parts of requests and answers

  private func key(_ context: ServiceRequestContext) throws -> String {
    guard let key = context.parameters.get("key"), DefinitionCheck.isKey(key) else {
      throw Problem.noSuchDraft
    }
    return key
  }

  private func id(_ context: ServiceRequestContext) throws -> EntityID {
    guard let id = context.parameters.get("id").flatMap({ EntityID($0) }) else {
      throw Problem.noSuchDraft
    }
    return id
  }

  /// The draft of the path, once it is certain that the caller may do it to the draft.
  private func draft(
    _ context: ServiceRequestContext, for caller: Caller? = nil, to action: AccessPolicy.Action
  ) async throws -> Draft {
    let asked = if let caller { caller } else { try await access.caller(context, to: action) }
    guard let draft = try await store.find(try id(context), of: try key(context)) else {
      throw Problem.noSuchDraft
    }
    let published = try await catalog.newest(draft.pipeline)?.definition
    try asked.require(
      action, onPipelineOf: (published ?? draft.definition).teams, hidden: .noSuchDraft)
    return draft
  }

  private static func answer(
    _ draft: Draft, feedback: [DraftFeedback] = [], status: HTTPResponse.Status = .ok,
    location: String? = nil
  ) throws -> CommandEndpoint.Answer {
    CommandEndpoint.Answer(
      status: status, body: try JSONCoding.encode(DraftView(draft, feedback: feedback)),
      location: location, etag: EntityTag.text(draft.revision))
  }

  private func refuse(
    _ failures: [GateFailure], code: String = "invalid-definition",
    title: String = "The definition is not usable"
  ) throws {
    if !failures.isEmpty { throw Problem.unusable(failures, code: code, title: title) }
  }
}
