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
}
