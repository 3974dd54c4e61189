import Contracts

/// How a proposal goes on. Pure: what must be sent is returned.
extension Proposal {
  /// What a person's decision came to.
  enum Verdict: Hashable, Sendable {
    case changed(StageCommand?)
    /// It had been decided so before.
    case unchanged
    /// In its status it cannot be decided so; the status may have changed to say so.
    case refused
  }

  /// - Parameter deal: as it is known here now.
  mutating func confirm(by person: String, reason: String?, deal: Deal?, at now: Instant) -> Verdict
  {
    switch status {
    case .waiting:
      guard let deal, deal.isOpen, deal.stage == from else {
        update(.superseded, at: now)
        return .refused
      }
      confirmedBy = person
      self.reason = reason
      update(.sent, at: now)
      return .changed(moveCommand)
    case .sent, .moved:
      return confirmedBy != nil && rejectedBy == nil ? .unchanged : .refused
    case .hint, .refused, .rejected, .reverting, .reverted, .revertRefused, .superseded:
      return .refused
    }
  }

  mutating func reject(by person: String, reason: String?, at now: Instant) -> Verdict {
    switch status {
    case .waiting: update(.rejected, at: now)
    // Whether there is a move to revert is not known yet.
    case .sent where rejectedBy == nil: update(.sent, at: now)
    case .moved: update(.reverting, at: now)
    case .sent, .rejected, .reverting, .reverted: return .unchanged
    case .hint, .refused, .revertRefused, .superseded: return .refused
    }
    rejectedBy = person
    self.reason = reason
    return .changed(status == .reverting ? reversalCommand : nil)
  }

  /// What became of the commands, in whichever order and however often it is told.
  enum News: Hashable, Sendable {
    case moved(event: EntityID, sequence: Int64)
    case moveRefused([GateFailure])
    case reverted
    case revertRefused([GateFailure])
  }

  /// Returns the command that must be sent now.
  mutating func hear(_ news: News, at now: Instant) -> StageCommand? {
    switch (news, status) {
    case (.moved(let event, let sequence), .sent):
      eventID = event
      self.sequence = sequence
      update(rejectedBy == nil ? .moved : .reverting, at: now)
      return status == .reverting ? reversalCommand : nil
    case (.moveRefused(let failures), .sent):
      errors = failures
      update(.refused, at: now)
    // Also when somebody reverted the move in stage-service.
    case (.reverted, .moved), (.reverted, .reverting), (.reverted, .revertRefused):
      errors = []
      update(.reverted, at: now)
    case (.revertRefused(let failures), .reverting):
      errors = failures
      update(.revertRefused, at: now)
    default: break
    }
    return nil
  }

  private mutating func update(_ status: Status, at now: Instant) {
    self.status = status
    updatedAt = now
  }
}

extension Proposal {
  /// Nil as the actor stands for this service. It holds only from the stage that it was made in: a
  /// deal that has gone further meanwhile is not taken back.
  var moveCommand: StageCommand {
    StageCommand(
      id: DerivedID.move(id), opportunityId: opportunityID, actor: confirmedBy, cause: cause,
      action: .move(
        StageCommand.Move(
          to: to, from: from, reason: reason, fields: fields.isEmpty ? nil : fields,
          evidence: evidence)))
  }

  var reversalCommand: StageCommand {
    StageCommand(
      id: DerivedID.reversal(id), opportunityId: opportunityID, actor: rejectedBy, cause: cause,
      action: .revert(StageCommand.Reversal(eventId: eventID, reason: reason)))
  }

  /// What the people of the deal hear when it waits for them.
  func notice(for deal: Deal) -> Notice {
    let title = deal.name ?? deal.id.description
    return Notice(
      id: DerivedID.notice(id), type: .reviewRequested,
      data: NoticeData(
        opportunityId: deal.id, name: deal.name, pipeline: deal.pipeline, stage: deal.stage,
        owner: deal.owner, team: deal.team, recordedAt: createdAt,
        message: LocalizedText(
          zh: "“\(title)”有一项推进建议待确认：根据“\(evidence.words)”，从 \(from) 进入 \(to)",
          en: "\(title): “\(evidence.words)” suggests moving it from \(from) to \(to); "
            + "confirm or reject it"),
        proposalId: id, to: to, evidence: evidence))
  }
}
