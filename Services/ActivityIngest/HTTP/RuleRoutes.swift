import Contracts
import HTTPTypes
import Hummingbird
import ServiceKit
import ServiceWiring

/// `/v1/rules`: writing rules, and seeing what they find.
struct RuleRoutes: Sendable {
  let store: RuleStore
  let access: AccessControl

  func add(to router: RouterGroup<ServiceRequestContext>) {
    router.get("rules", use: list)
    router.post("rules", use: save)
    router.post("rules:try", use: tryOut)
    router.get("rules/:key", use: read)
    router.post("rules/:key/dry-run", use: dryRun)
  }

  @Sendable private func list(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Page<RuleView> {
    _ = try await access.caller(context, to: .readSettings)
    try QueryReader(request).finish()
    return Page(items: try await store.all().map(RuleView.init), next: nil)
  }

  @Sendable private func read(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    _ = try await access.caller(context, to: .readSettings)
    try QueryReader(request).finish()
    return try json(RuleView(try await rule(in: context)))
  }

  @Sendable private func save(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .changeRules)
    let rule = try await request.decode(as: Rule.self, context: context)
    let failures = RuleCheck.failures(of: rule)
    guard failures.isEmpty else {
      throw Problem(
        .unprocessableContent, code: "invalid-rule", title: "The rule is not usable",
        errors: failures.map {
          ProblemError(
            code: $0.code, pointer: $0.pointer, field: $0.field, message: $0.message)
        })
    }
    let isNew = try await store.save(rule, by: caller.subject, at: .now())
    return try json(
      RuleView(rule), status: isNew ? .created : .ok,
      headers: isNew ? [.location: "/v1/rules/\(rule.key)"] : [:])
  }

  private struct Trial: Decodable {
    var text: String
    var channel: String?
    var direction: ActivityDirection?
    var subject: String?
  }

  @Sendable private func tryOut(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> TrialView {
    _ = try await access.caller(context, to: .readSettings)
    let trial = try await request.decode(as: Trial.self, context: context)
    let matches = try await store.current().matches(
      text: trial.text, subject: trial.subject, kind: trial.channel, direction: trial.direction)
    return TrialView(matches: matches.map(RuleMatchView.init))
  }

  private struct Samples: Decodable {
    struct Sample: Decodable {
      var text: String
      var subject: String?
      var kind: String?
      var direction: ActivityDirection?
    }

    var texts: [Sample]
  }

  @Sendable private func dryRun(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> DryRunView {
    _ = try await access.caller(context, to: .readSettings)
    var rule = try await rule(in: context)
    rule.enabled = true
    let engine = RuleEngine(rules: [rule])
    let samples = try await request.decode(as: Samples.self, context: context).texts
    return DryRunView(
      rule: rule.key,
      items: samples.map {
        TrialView(
          matches: engine.matches(
            text: $0.text, subject: $0.subject, kind: $0.kind, direction: $0.direction
          ).map(RuleMatchView.init))
      })
  }

  private func rule(in context: ServiceRequestContext) async throws -> Rule {
    let key = context.parameters.get("key") ?? ""
    guard let rule = try await store.current().rule(key) else {
      throw Problem.notFound("there is no such rule; GET /v1/rules lists them")
    }
    return rule
  }
}
