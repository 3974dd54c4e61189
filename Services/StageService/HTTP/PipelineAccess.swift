import Contracts
import ServiceKit
import ServiceWiring

extension Caller {
  /// 403 where the caller may not do this to a pipeline of the teams.
  ///
  /// - Parameter hidden: what is said where the caller may not even read it.
  func require(
    _ action: AccessPolicy.Action, onPipelineOf teams: [String], hidden: Problem = .noSuchPipeline
  ) throws {
    guard let refusal = refusal(action, onPipelineOf: teams) else { return }
    throw refusal == .outsidePipeline(readable: false) ? hidden : Problem(refusal)
  }

  func reads(_ definition: PipelineDefinition) -> Bool {
    refusal(.readPipelines, onPipelineOf: definition.teams) == nil
  }
}
