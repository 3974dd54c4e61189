import Contracts
import ServiceKit
import ServiceWiring

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
