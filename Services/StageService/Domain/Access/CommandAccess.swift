import Contracts
import ServiceWiring

extension AccessPolicy {
  /// What a command asks for.
  static func action(of command: StageCommand.Action) -> Action {
    switch command {
    case .create: .create
    case .update, .recordActivity, .assign, .hold, .resume, .tick, .recordFeedback: .edit
    case .move, .win, .lose, .reopen: .move
    case .revert: .revert
    }
  }
}

extension StageCommand {
  /// Whose deal it is about.
  func owner(of deal: Opportunity?) -> String? {
    if case .create(let new) = action { new.owner } else { deal?.owner }
  }
}
