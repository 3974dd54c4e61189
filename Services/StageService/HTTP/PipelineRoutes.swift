import Contracts
import HTTPTypes
import Hummingbird
import Messaging
import ServiceContextModule
import ServiceKit
import ServiceWiring

/// `/v1/pipelines`, `/v1/templates` and `/v1/definition-schema`.
struct PipelineRoutes: Sendable {
  let catalog: PipelineCatalog
  let access: AccessControl
  let endpoint: CommandEndpoint

  func add(to router: RouterGroup<ServiceRequestContext>) {
    router.post("pipelines", use: publish)
    router.get("pipelines", use: list)
    router.get("pipelines/:key", use: read)
    router.get("pipelines/:key/versions", use: versions)
    router.get("pipelines/:key/lint", use: lint)
    router.get("templates", use: templates)
    router.get("definition-schema", use: schema)
  }

  private struct Publication: Decodable {
    var key: String
    var template: String?
    var definition: PipelineDefinition?
  }

  @Sendable private func publish(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .publish)
    let answer = try await endpoint.once(request, context, by: caller) {
      try Self.answer($0)
    } change: { request, keeping in
      let body = try await request.decode(as: Publication.self, context: context)
      let pipeline = PublishedPipeline(
        key: body.key, version: 1, definition: try definition(of: body), publishedAt: .now(),
        publishedBy: caller.subject)
      let message = try endpoint.recorder.message(pipeline, trace: ServiceContext.current?.trace)
      return try await catalog.publish(pipeline, announcing: message, keeping: keeping)
    }
    endpoint.committed.wake()
    return answer
  }

  private static func answer(
    _ publication: PipelineCatalog.Publication
  ) throws -> CommandEndpoint.Answer {
    switch publication {
    case .published(let pipeline):
      return CommandEndpoint.Answer(
        status: .created, body: try JSONCoding.encode(PipelineView(pipeline)),
        location: "/v1/pipelines/\(pipeline.key)")
    case .unchanged(let pipeline):
      return CommandEndpoint.Answer(
        status: .ok, body: try JSONCoding.encode(PipelineView(pipeline)))
    case .conflict(let pipeline):
      throw Problem.conflict(
        code: "pipeline-exists", title: "The key belongs to a pipeline with another definition",
        detail:
          "\(pipeline.key) is at version \(pipeline.version); publish a draft of the next version, "
          + "or choose another key")
    }
  }

  private func definition(of body: Publication) throws -> PipelineDefinition {
    var failures: [GateFailure] = []
    if !DefinitionCheck.isKey(body.key) {
      failures.append(.invalidKey(at: "/key"))
    }
    var definition = body.definition
    if let template = body.template {
      if definition != nil {
        failures.append(
          .invalid(
            "/template", "ambiguous", zh: "与 definition 只能二选一",
            en: "and definition exclude each other"))
      }
      definition = Templates.template(template)?.definition
      if definition == nil { failures.append(.unknownTemplate(at: "/template")) }
    } else if definition == nil {
      failures.append(
        .invalid(
          "/definition", "required", zh: "与 template 须填其一", en: "or template is required"))
    }
    if let definition { failures += DefinitionCheck.failures(of: definition) }
    guard failures.isEmpty, let definition else {
      throw Problem.unusable(failures, title: "The pipeline is not usable")
    }
    return definition
  }

  @Sendable private func list(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Page<PipelineView> {
    let caller = try await access.caller(context, to: .readPipelines)
    let pipelines = try await catalog.all().filter { caller.reads($0.definition) }
    return Page(items: pipelines.map(PipelineView.init), next: nil)
  }

  @Sendable private func read(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    try json(PipelineView(try await pipeline(request, context)))
  }

  @Sendable private func lint(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Page<LintFinding> {
    let definition = try await pipeline(request, context).definition
    let teams = Set(try await access.directory.current().teams.keys)
    return Page(items: Linter(definition, teams: teams).findings, next: nil)
  }

  /// The version that the query names; the newest where it names none.
  private func pipeline(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> PublishedPipeline {
    let caller = try await access.caller(context, to: .readPipelines)
    var query = QueryReader(request)
    let version = query.int("version", in: 1...1_000_000)
    try query.finish()
    let newest = try await newest(context, for: caller)
    guard let version else { return newest }
    guard let pipeline = try await catalog.version(newest.key, version) else {
      throw Problem.noSuchPipeline
    }
    return pipeline
  }

  /// The newest version, which says whose the pipeline is.
  private func newest(
    _ context: ServiceRequestContext, for caller: Caller
  ) async throws -> PublishedPipeline {
    guard let newest = try await catalog.newest(try key(context)) else {
      throw Problem.noSuchPipeline
    }
    try caller.require(.readPipelines, onPipelineOf: newest.definition.teams)
    return newest
  }

  @Sendable private func versions(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Page<PipelineVersionView> {
    let caller = try await access.caller(context, to: .readPipelines)
    var query = QueryReader(request)
    let below = query.int("cursor", in: 1...1_000_000)
    let limit = query.int("limit", in: 1...500, default: 50)
    try query.finish()
    let key = try await newest(context, for: caller).key
    let versions = try await catalog.versions(key, below: below, limit: limit + 1)
    let page = versions.prefix(limit)
    return Page(
      items: page.map(PipelineVersionView.init),
      next: versions.count > limit ? page.last.map { "\($0.version)" } : nil)
  }

  private func key(_ context: ServiceRequestContext) throws -> String {
    guard let key = context.parameters.get("key"), DefinitionCheck.isKey(key) else {
      throw Problem.noSuchPipeline
    }
    return key
  }

  @Sendable private func templates(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Page<TemplateView> {
    _ = try await access.caller(context, to: .readSettings)
    return Page(
      items: Templates.all.sorted { $0.key < $1.key }.map(TemplateView.init), next: nil)
  }

  /// The JSON Schema that a definition fits before its keys, fields and ways are checked.
  @Sendable private func schema(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    _ = try await access.caller(context, to: .readSettings)
    let schema = PackageResources.definition_schema_json
    return Response(
      status: .ok,
      headers: [
        .contentType: "application/schema+json", .contentLength: "\(schema.count)",
      ], body: ResponseBody(byteBuffer: ByteBuffer(bytes: schema)))
  }
}
