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
