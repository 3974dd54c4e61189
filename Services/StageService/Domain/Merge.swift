import Contracts

// Two deals turn out to be one: the duplicate ends, and the deal that stays takes over what it lacks.
extension Decider {
  /// The duplicate's event. The survivor's, of the same transaction, is what `absorb` makes.
  ///
  /// - Parameter survivor: the deal that stays; nil where there is none of that identity.
  func merge(
    _ duplicate: Opportunity, _ merge: StageCommand.Merge, into survivor: Opportunity?,
    _ command: StageCommand
  ) -> Result<StageEvent, Refusal> {
    let failures = Validation.failures(ofReason: merge.reason)
    guard failures.isEmpty else { return .failure(.invalid(failures)) }
    guard merge.into != duplicate.id else { return .failure(.invalid([.mergedIntoItself])) }
    guard let survivor else { return .failure(.invalid([.unknownSurvivor(merge.into)])) }
    if let last = survivor.mergedInto {
      return .failure(.invalid([.survivorMerged(survivor.id, into: last)]))
    }
    guard survivor.pipeline == duplicate.pipeline else {
      return .failure(.invalid([.otherPipeline(survivor.pipeline, than: duplicate.pipeline)]))
    }
    // What was won stays won: the won deal is the one to keep.
    guard !duplicate.isWon || survivor.isWon else {
      return .failure(.invalid([.wonDuplicate(duplicate.id)]))
    }
    var changes = Changes(to: duplicate)
    changes.hold(nil)
    var data = next(duplicate, command, reason: merge.reason)
    data.changes = changes.list
    data.forecastCategory = .omitted
    data.merged = MergedInto(opportunityId: survivor.id)
    return .success(StageEvent(id: context.eventID, type: .merged, data: data))
  }

  /// What the survivor takes over: whatever it lacks and the duplicate has. What both have stays as
  /// the survivor has it. External ids stay where they are: whoever looks for the duplicate by one is
  /// led to the survivor.
  ///
  /// - Parameter merged: the duplicate's event. This decider is the survivor's.
  func absorb(
    _ duplicate: Opportunity, into survivor: Opportunity, because merged: StageEvent,
    _ command: StageCommand
  ) -> StageEvent {
    var changes = Changes(to: survivor)
    changes.note(
      Opportunity.Field.mergedFromPrefix + duplicate.id.description, .null,
      DealState.Duplicate(
        name: duplicate.name, externalId: duplicate.externalId, at: merged.occurredAt
      ).json)
    var lacking = OpportunityPatch()
    if survivor.amount == nil, let amount = duplicate.amount { lacking.amount = .set(amount) }
    if survivor.expectedClose == nil, let date = duplicate.expectedClose {
      lacking.expectedClose = .set(date)
    }
    if survivor.nextStep == nil, let step = duplicate.nextStep { lacking.nextStep = .set(step) }
    lacking.fields = duplicate.fields.filter { key, value in
      survivor.fields[key]?.isFilled != true && value.isFilled
        && Validation.misfits(of: [key: value], in: definition).isEmpty
    }
    changes.patch(lacking)
    let owner = survivor.owner ?? duplicate.owner
    let team = survivor.team ?? duplicate.team
    changes.assign(
      .init(owner: owner.map(Patch.set) ?? .keep, team: team.map(Patch.set) ?? .keep))
    changes.takeOver(duplicate.state, lackingIn: survivor.state)
    var event = changed(survivor, changes.list, command, reason: merged.reason)
    event.data.amount = changes.amount
    event.data.owner = owner
    event.data.team = team
    return event
  }
}

extension Opportunity {
  fileprivate var isWon: Bool { category == .won || category == .postWin }
}

extension Changes {
  /// What was proved, ticked and said of the duplicate holds for the deal that it is.
  fileprivate mutating func takeOver(_ state: DealState, lackingIn own: DealState) {
    for (kind, proof) in state.evidence.sorted(by: { $0.key < $1.key })
    where own.evidence[kind] == nil {
      note(Opportunity.Field.evidencePrefix + kind, .null, proof.json)
    }
    for (stage, ticks) in state.checklist.sorted(by: { $0.key < $1.key }) {
      for (item, tick) in ticks.sorted(by: { $0.key < $1.key })
      where own.checklist[stage]?[item] == nil {
        note("\(Opportunity.Field.checklistPrefix)\(stage).\(item)", .null, tick.json)
      }
    }
    for (stage, feedback) in state.feedback.sorted(by: { $0.key < $1.key })
    where own.feedback[stage] == nil {
      note(Opportunity.Field.feedbackPrefix + stage, .null, feedback.json)
    }
  }
}

extension StageCommand {
  /// The deals that the command is about, which are locked for its decision.
  var deals: [EntityID] { [opportunityId] + (mergedInto.map { [$0] } ?? []) }

  /// The deal that a merge names.
  var mergedInto: EntityID? {
    if case .merge(let merge) = action { merge.into } else { nil }
  }
}

extension GateFailure {
  static func merged(into survivor: EntityID) -> GateFailure {
    GateFailure(
      code: "opportunity-merged", pointer: "/",
      message: LocalizedText(
        zh: "该商机是重复的，已并入商机 \(survivor)；请改用该商机",
        en: "The opportunity was a duplicate and is part of \(survivor) now; use that one"))
  }

  static let mergedIntoItself = GateFailure(
    code: "same-opportunity", pointer: "/into", field: "into",
    message: LocalizedText(
      zh: "商机不能并入自身；into 须为要保留的另一个商机",
      en: "An opportunity cannot be merged into itself; into names the other one, which stays"))

  static func unknownSurvivor(_ id: EntityID) -> GateFailure {
    GateFailure(
      code: "unknown-opportunity", pointer: "/into", field: "into",
      message: LocalizedText(
        zh: "没有商机 \(id)；into 须为要保留的商机的编号",
        en: "There is no opportunity \(id); into is the id of the one that stays"))
  }

  static func survivorMerged(_ id: EntityID, into survivor: EntityID) -> GateFailure {
    GateFailure(
      code: "survivor-merged", pointer: "/into", field: "into",
      message: LocalizedText(
        zh: "商机 \(id) 本身已并入 \(survivor)；请并入 \(survivor)",
        en: "\(id) is itself part of \(survivor) by now; merge into \(survivor)"))
  }

  static func otherPipeline(_ other: String, than pipeline: String) -> GateFailure {
    GateFailure(
      code: "other-pipeline", pointer: "/into", field: "into",
      message: LocalizedText(
        zh: "要保留的商机属于流程“\(other)”，重复的商机属于“\(pipeline)”；只能合并同一流程的商机",
        en: "The one that stays is of the pipeline \(other), the duplicate of \(pipeline); "
          + "both must be of one pipeline"))
  }

  static func wonDuplicate(_ id: EntityID) -> GateFailure {
    GateFailure(
      code: "duplicate-won", pointer: "/into", field: "into",
      message: LocalizedText(
        zh: "要并入的商机已赢单，而要保留的没有；请反过来合并，保留 \(id)",
        en: "The duplicate is won and the one that stays is not; "
          + "merge the other way round and keep \(id)"))
  }
}
