/// The CloudEvents type of each action.
package enum StageCommandType: String, CaseIterable, Sendable {
  case create = "sluice.creation-requested.v1"
  case update = "sluice.update-requested.v1"
  case move = "sluice.move-requested.v1"
  case win = "sluice.win-requested.v1"
  case lose = "sluice.loss-requested.v1"
  case reopen = "sluice.reopening-requested.v1"
  case recordActivity = "sluice.activity-recording-requested.v1"
  case revert = "sluice.reversal-requested.v1"
  case assign = "sluice.assignment-requested.v1"
  case hold = "sluice.hold-requested.v1"
  case resume = "sluice.resumption-requested.v1"
  case tick = "sluice.checklist-tick-requested.v1"
  case recordFeedback = "sluice.feedback-recording-requested.v1"
  case merge = "sluice.merge-requested.v1"
}

extension StageCommand {
  package var type: StageCommandType {
    switch action {
    case .create: .create
    case .update: .update
    case .move: .move
    case .win: .win
    case .lose: .lose
    case .reopen: .reopen
    case .recordActivity: .recordActivity
    case .revert: .revert
    case .assign: .assign
    case .hold: .hold
    case .resume: .resume
    case .tick: .tick
    case .recordFeedback: .recordFeedback
    case .merge: .merge
    }
  }
}

/// The members that every command's data has.
private struct CommandEnvelope: Codable {
  var commandId: EntityID
  var opportunityId: EntityID
  var actor: String?
  var occurredAt: Instant?
  var expectedSequence: Int64?
  var cause: String?
}

/// An activity keeps to a member of its own: its `id` is not the command's.
private struct ActivityMember: Codable {
  var activity: ActivityRecord
}

/// A command's data as it is decoded once its type is known.
package struct StageCommandData: Encodable, Sendable {
  package let command: StageCommand

  package init(_ command: StageCommand) { self.command = command }

  package init(type: StageCommandType, from decoder: any Decoder) throws {
    let envelope = try CommandEnvelope(from: decoder)
    let action: StageCommand.Action =
      switch type {
      case .create: .create(try NewOpportunity(from: decoder))
      case .update: .update(try OpportunityPatch(from: decoder))
      case .move: .move(try StageCommand.Move(from: decoder))
      case .win: .win(try StageCommand.Closing(from: decoder))
      case .lose: .lose(try StageCommand.Closing(from: decoder))
      case .reopen: .reopen(try StageCommand.Reopening(from: decoder))
      case .recordActivity: .recordActivity(try ActivityMember(from: decoder).activity)
      case .revert: .revert(try StageCommand.Reversal(from: decoder))
      case .assign: .assign(try StageCommand.Assignment(from: decoder))
      case .hold: .hold(try StageCommand.Hold(from: decoder))
      case .resume: .resume(try StageCommand.Resumption(from: decoder))
      case .tick: .tick(try StageCommand.ChecklistTick(from: decoder))
      case .recordFeedback: .recordFeedback(try StageCommand.CustomerFeedback(from: decoder))
      case .merge: .merge(try StageCommand.Merge(from: decoder))
      }
    command = StageCommand(
      id: envelope.commandId, opportunityId: envelope.opportunityId, actor: envelope.actor,
      occurredAt: envelope.occurredAt, expectedSequence: envelope.expectedSequence,
      cause: envelope.cause, action: action)
  }

  package func encode(to encoder: any Encoder) throws {
    try CommandEnvelope(
      commandId: command.id, opportunityId: command.opportunityId, actor: command.actor,
      occurredAt: command.occurredAt, expectedSequence: command.expectedSequence,
      cause: command.cause
    ).encode(to: encoder)
    switch command.action {
    case .create(let action): try action.encode(to: encoder)
    case .update(let action): try action.encode(to: encoder)
    case .move(let action): try action.encode(to: encoder)
    case .win(let action), .lose(let action): try action.encode(to: encoder)
    case .reopen(let action): try action.encode(to: encoder)
    case .recordActivity(let activity):
      try ActivityMember(activity: activity).encode(to: encoder)
    case .revert(let action): try action.encode(to: encoder)
    case .assign(let action): try action.encode(to: encoder)
    case .hold(let action): try action.encode(to: encoder)
    case .resume(let action): try action.encode(to: encoder)
    case .tick(let action): try action.encode(to: encoder)
    case .recordFeedback(let action): try action.encode(to: encoder)
    case .merge(let action): try action.encode(to: encoder)
    }
  }
}
