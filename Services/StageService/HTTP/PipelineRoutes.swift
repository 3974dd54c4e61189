import Contracts
import HTTPTypes
import Hummingbird
import Messaging
import ServiceContextModule
import ServiceKit

/// `/v1/pipelines` and `/v1/templates`.
struct PipelineRoutes: Sendable {
  let catalog: PipelineCatalog
  let recorder: Recorder
  let committed: WakeSignal

  func add(to router: RouterGroup<ServiceRequestContext>) {
    router.post("pipelines", use: publish)
    router.get("pipelines", use: list)
    router.get("pipelines/:key", use: read)
    router.get("templates", use: templates)
  }

  private struct Publication: Decodable {
    var key: String
    var template: String?
    var definition: PipelineDefinition?
  }

  @Sendable private func publish(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let caller = try context.require(.admin)
    let body = try await request.decode(as: Publication.self, context: context)
    let definition = try definition(of: body)
    let pipeline = PublishedPipeline(
      key: body.key, version: 1, definition: definition, publishedAt: .now(),
      publishedBy: caller.subject)
    let message = try recorder.message(pipeline, trace: ServiceContext.current?.trace)
    let result = try await catalog.publish(pipeline, announcing: message)
    switch result {
    case .published(let pipeline):
      committed.wake()
      return try json(
        PipelineView(pipeline), status: .created,
        headers: [.location: "/v1/pipelines/\(pipeline.key)"])
    case .unchanged(let pipeline):
      return try json(PipelineView(pipeline))
    case .conflict(let pipeline):
      throw Problem.conflict(
        code: "pipeline-exists", title: "The key belongs to a pipeline with another definition",
        detail: "\(pipeline.key) is at version \(pipeline.version); choose another key")
    }
  }

  private func definition(of body: Publication) throws -> PipelineDefinition {
    var failures: [GateFailure] = []
    if !DefinitionCheck.isKey(body.key) {
      failures.append(
        .invalid(
          "/key", "invalid-key", zh: "只能由 1 至 60 个小写字母、数字和连字符组成",
          en: "must be 1 to 60 lower-case letters, digits and hyphens"))
    }
    var definition = body.definition
    if let template = body.template {
      if definition != nil {
        failures.append(
          .invalid(
            "/template", "ambiguous", zh: "与 definition 只能二选一",
            en: "and definition exclude each other"))
      }
      definition = Templates.all[template]
      if definition == nil {
        failures.append(
          .invalid(
            "/template", "unknown-template", zh: "不存在；GET /v1/templates 列出全部模板",
            en: "is not known; GET /v1/templates lists the templates"))
      }
    } else if definition == nil {
      failures.append(
        .invalid(
          "/definition", "required", zh: "与 template 须填其一", en: "or template is required"))
    }
    if let definition { failures += DefinitionCheck.failures(of: definition) }
    guard failures.isEmpty, let definition else {
      throw Problem(
        .unprocessableContent, code: "invalid-definition", title: "The pipeline is not usable",
        errors: failures.map(ProblemError.init))
    }
    return definition
  }

  @Sendable private func list(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Page<PipelineView> {
    try context.requireReader()
    return Page(items: try await catalog.all().map(PipelineView.init), next: nil)
  }

  @Sendable private func read(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    try context.requireReader()
    var query = QueryReader(request)
    let version = query.int("version", in: 1...1_000_000)
    try query.finish()
    let key = context.parameters.get("key") ?? ""
    let pipeline =
      if let version { try await catalog.version(key, version) } else {
        try await catalog.newest(key)
      }
    guard let pipeline else {
      throw Problem.notFound("there is no such pipeline; GET /v1/pipelines lists them")
    }
    return try json(PipelineView(pipeline))
  }

  @Sendable private func templates(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Page<TemplateView> {
    try context.requireReader()
    let items = Templates.all.sorted { $0.key < $1.key }.map {
      TemplateView(key: $0.key, name: $0.value.name, definition: $0.value)
    }
    return Page(items: items, next: nil)
  }
}
