import Contracts

extension Notice {
  /// What is said when a deadline has passed: the same notice however often it is made.
  static func missedFollowUp(_ followUp: FollowUp, dueAt: Instant, now: Instant) -> Notice {
    let name = followUp.name ?? followUp.opportunityID.description
    return Notice(
      id: DerivedIdentity.missedFollowUp(of: followUp.opportunityID, dueAt: dueAt),
      type: .followUpMissed,
      data: NoticeData(
        opportunityId: followUp.opportunityID, name: followUp.name, pipeline: followUp.pipeline,
        stage: followUp.stage, owner: followUp.owner, team: followUp.team, recordedAt: now,
        message: LocalizedText(
          zh: "商机“\(name)”在阶段 \(followUp.stage) 超过跟进期限（\(dueAt)）仍无跟进，请尽快联系客户",
          en: "Nobody has followed up on \(name) in stage \(followUp.stage), due \(dueAt)"),
        dueAt: dueAt))
  }
}
