import Contracts
import ServiceWiring

extension AccessPolicy {
  /// What a command asks for.
  static func action(of command: StageCommand.Action) -> Action {
    switch command {
    case .create: .create
    case .update, .recordActivity, .assign, .hold, .resume, .tick, .recordFeedback, .merge: .edit
    case .move, .win, .lose, .reopen: .move
    case .revert: .revert
    }
  }
}

extension Caller {
  /// Why the caller may not ask for it; nil where the caller may. A deal that is made must be one that
  /// the caller would reach.
  func refusal(
    _ command: StageCommand.Action, on deal: Opportunity?, in definition: PipelineDefinition?
  ) -> AccessPolicy.Refusal? {
    if case .create(let new) = command {
      let refusal = refusal(.create, owner: new.owner, team: new.team)
      return if case .outsideScope = refusal { .outsideScope(readable: true) } else { refusal }
    }
    guard let deal else { return nil }
    return refusal(
      AccessPolicy.action(of: command), owner: deal.owner, team: deal.team,
      in: definition?.stage(deal.stage))
  }
}

extension StageCommand {
  /// Whose deal it is once the command is carried out.
  func owner(of deal: Opportunity?) -> String? {
    switch action {
    case .create(let new): new.owner
    case .assign(let assignment): assignment.owner.value(keeping: deal?.owner) ?? deal?.owner
    default: deal?.owner
    }
  }
}
