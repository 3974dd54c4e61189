import Contracts

/// The stays of a deal as its history leaves them: what a reverted move goes back to.
struct Stays: Sendable {
  /// A stay and the deal as it was just before the event that began it.
  struct Stay: Sendable {
    var began: StageEvent
    var before: Opportunity?
  }

  /// Those that count, in order; the last is the current one.
  private(set) var list: [Stay] = []
  /// When something was last heard of the customer, by the time at which it happened.
  private(set) var lastActivityAt: Instant?

  /// - Parameter history: all events of the deal in order.
  init(_ history: [StageEvent]) {
    var state: Opportunity?
    for event in history {
      switch event.type {
      case .created: list = [Stay(began: event, before: nil)]
      case .moved where event.from != event.to: list.append(Stay(began: event, before: state))
      case .moveReverted: _ = list.popLast()
      case .activityRecorded:
        lastActivityAt = [lastActivityAt, event.data.activity?.at].compactMap(\.self).max()
      case .moved, .changed, .merged, .erased: break
      }
      state = state?.applying(event) ?? Opportunity(event)
    }
  }
}

extension Decider {
  /// Takes the latest move back: the deal stands where it stood, since when it stood there, and what
  /// the move had set is unset where nobody has changed it since.
  func revert(
    _ opportunity: Opportunity, _ reversal: StageCommand.Reversal, _ command: StageCommand,
    history: [StageEvent]
  ) -> Result<StageEvent, Refusal> {
    let unreadable = Validation.failures(ofReason: reversal.reason)
    guard unreadable.isEmpty else { return .failure(.invalid(unreadable)) }
    let stays = Stays(history)
    guard stays.list.count > 1, let current = stays.list.last, let before = current.before else {
      return .failure(.invalid([.nothingToRevert]))
    }
    if let wanted = reversal.eventId, wanted != current.began.id {
      return .failure(.invalid([.notTheLatestMove(wanted, latest: current.began.id)]))
    }
    let restored = stays.list[stays.list.count - 2].began
    var changes = Changes(to: opportunity)
    var held = opportunity.state.hold
    for change in current.began.changes where opportunity.value(ofChanged: change) == change.new {
      if change.field == Opportunity.Field.hold {
        held = DealState.Hold(change.old)
      } else {
        changes.note(change.field, change.new, change.old)
      }
    }
    let isFollowedUp = stays.lastActivityAt.map { $0 >= before.enteredStageAt } ?? false
    var due = isFollowedUp ? nil : before.followUpDueAt
    if due != nil, before.owner != opportunity.owner { due = deadline(of: before) }
    if var hold = held {
      let left = before.state.hold?.daysLeft ?? due.map { daysLeft(until: $0, at: hold.since) }
      hold.daysLeft = isFollowedUp ? nil : left
      held = waiting(hold)
    }
    // A closed deal has nothing that could wait.
    if before.category == .won || before.category == .lost { held = nil }
    changes.hold(held)
    var data = next(opportunity, command, reason: reversal.reason)
    data.changes = changes.list
    data.from = opportunity.stage
    data.fromCategory = opportunity.category
    data.fromPosition = definition.position(of: opportunity.stage)
    data.to = before.stage
    data.toCategory = before.category
    data.toPosition = definition.position(of: before.stage)
    data.benchmarkDays = definition.stage(before.stage)?.benchmarkDays
    data.followUpDueAt = held == nil ? due : nil
    data.forecastCategory =
      opportunity.state.ownForecastCategory ?? definition.stage(before.stage)?.forecastCategory
    data.reverted = RevertedMove(
      eventId: current.began.id, epoch: current.began.epoch, sequence: current.began.sequence,
      enteredAt: before.entryUnknown ? nil : before.enteredStageAt, enteredEpoch: restored.epoch,
      enteredSequence: restored.sequence, closedFrom: before.closedFrom,
      followUp: before.state.followUp)
    return .success(StageEvent(id: context.eventID, type: .moveReverted, data: data))
  }

  /// Numbers something that happened outside into the deal's own history. What happened since the
  /// deal entered its stage is the follow-up that was due.
  func record(
    _ opportunity: Opportunity, _ activity: ActivityRecord, _ command: StageCommand
  ) -> Result<StageEvent, Refusal> {
    let failures = Validation.failures(of: activity)
    guard failures.isEmpty else { return .failure(.invalid(failures)) }
    var data = next(opportunity, command, reason: nil)
    data.activity = activity
    data.benchmarkDays = definition.stage(opportunity.stage)?.benchmarkDays
    data.followUpDueAt =
      activity.at >= opportunity.enteredStageAt ? nil : opportunity.followUpDueAt
    return .success(StageEvent(id: context.eventID, type: .activityRecorded, data: data))
  }
}

extension Opportunity {
  /// The present value of the field that a change speaks of; only what a move changes: custom fields,
  /// and the hold that it ends.
  fileprivate func value(ofChanged change: FieldChange) -> JSONValue? {
    if change.field == Field.hold { return state.hold?.json ?? .null }
    guard change.field.hasPrefix(Field.customPrefix) else { return nil }
    return fields[String(change.field.dropFirst(Field.customPrefix.count))] ?? .null
  }
}
