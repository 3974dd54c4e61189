import Contracts
import ServiceKit

/// Asks the policy on behalf of the routes, and answers what it says in terms of HTTP.
struct AccessControl: Sendable {
  let directory: DirectoryCache

  /// Who calls, once it is certain that the caller may do it to some deal: 403 where not.
  func caller(
    _ context: ServiceRequestContext, to action: AccessPolicy.Action
  ) async throws -> Caller {
    let able = AccessPolicy.roles(for: action).compactMap { Role(rawValue: $0.rawValue) }
    let principal = try context.require(anyOf: able)
    let caller = Caller(
      subject: principal.subject,
      roles: Set(principal.roles.compactMap { AccessPolicy.Role(rawValue: $0.rawValue) }),
      in: try await directory.current())
    if let refusal = caller.refusal(action) { throw Problem(refusal) }
    return caller
  }
}

extension Caller {
  /// 404 where the caller may not even read the deal, 403 where only this is not allowed.
  func require(
    _ action: AccessPolicy.Action, on deal: Opportunity, in definition: PipelineDefinition?
  ) throws {
    let stage = definition?.stage(deal.stage)
    if let refusal = refusal(action, owner: deal.owner, team: deal.team, in: stage) {
      throw Problem(refusal)
    }
  }

  /// A deal that is made must be one that the caller would reach: 403 where not.
  func requireCreation(owner: String?, team: String?) throws {
    guard let refusal = refusal(.create, owner: owner, team: team) else { return }
    if case .outsideScope = refusal { throw Problem(.outsideScope(readable: true)) }
    throw Problem(refusal)
  }
}

extension Problem {
  init(_ refusal: AccessPolicy.Refusal) { self.init(Refusal(refusal), on: nil) }
}
