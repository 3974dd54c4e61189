/// An event of one opportunity on `stage-changes.v1`: the CloudEvents `id` and `type`, and the data.
@dynamicMemberLookup
package struct StageEvent: Hashable, Sendable {
  package var id: EntityID
  package var type: StageEventType
  package var data: StageEventData

  package init(id: EntityID, type: StageEventType, data: StageEventData) {
    self.id = id
    self.type = type
    self.data = data
  }

  package subscript<Value>(dynamicMember path: KeyPath<StageEventData, Value>) -> Value {
    data[keyPath: path]
  }

  // Asked for with every event: a key path would cost more than what it leads to.
  package var opportunityId: EntityID { data.opportunityId }
  package var epoch: Int64 { data.epoch }
  package var sequence: Int64 { data.sequence }
}

package enum StageEventType: String, Codable, CaseIterable, Sendable {
  /// The deal exists and stands in its first stage (`to`); sequence 1.
  case created = "sluice.opportunity-created.v1"
  /// The deal left `from` for `to`; winning, losing and reopening are moves too.
  case moved = "sluice.stage-moved.v1"
  /// The latest move was taken back: the deal stands again in `to`, since when it stood there before,
  /// and the stay in `from` is in no figure. `reverted` says which move.
  case moveReverted = "sluice.move-reverted.v1"
  /// Something happened outside (`activity`); the stage did not change.
  case activityRecorded = "sluice.activity-recorded.v1"
  /// Fields changed (`changes`) or something was noted; the stage did not change.
  case changed = "sluice.opportunity-changed.v1"
  /// The deal was a duplicate and is part of another one from now on (`merged`): it takes no further
  /// commands, and what it did is in no figure.
  case merged = "sluice.opportunity-merged.v1"
  /// The deal's personal data were erased (`erased`), here and in all events before this one. Whoever
  /// keeps some of them erases them, too.
  case erased = "sluice.personal-data-erased.v1"
}

/// The data of every stage event. A reader needs no other topic to build its figures.
package struct StageEventData: Codable, Hashable, Sendable {
  package var opportunityId: EntityID
  package var epoch: Int64
  package var sequence: Int64
  package var pipeline: String
  package var pipelineVersion: Int
  package var from: String?
  package var to: String?
  package var fromCategory: StageCategory?
  package var toCategory: StageCategory?
  /// Index of the stage in its pipeline version; tells forwards from backwards.
  package var fromPosition: Int?
  package var toPosition: Int?
  package var actor: String
  /// Owner, team and amount after the event.
  package var owner: String?
  package var team: String?
  package var amount: Money?
  /// Key of the automation rule that moved the deal.
  package var rule: String?
  package var reason: String?
  package var occurredAt: Instant
  package var recordedAt: Instant
  package var followUpDueAt: Instant?
  package var benchmarkDays: Double?
  /// What a forecast counts the deal as after the event: as it says itself, or else its stage.
  package var forecastCategory: ForecastCategory?
  /// What the gate refused; only an import, or an administrator's override, is let through with any.
  package var violations: [GateFailure]
  /// On a move that an administrator made although the gate refused.
  package var override: GateOverride?
  /// On a move with which another department becomes responsible.
  package var handOff: HandOff?
  /// Identity of the command or outside event that caused this one.
  package var cause: String?
  package var changes: [FieldChange]
  /// On `created` only: when the deal really entered its stage is not known.
  package var entryUnknown: Bool?
  /// On `created` only.
  package var name: String?
  package var account: Account?
  package var externalId: String?
  package var expectedClose: String?
  /// On `activityRecorded` only.
  package var activity: ActivityRecord?
  /// On a move that an automation asked for: why.
  package var evidence: RuleEvidence?
  /// On `moveReverted` only.
  package var reverted: RevertedMove?
  /// On `merged` only.
  package var merged: MergedInto?
  /// On `erased` only.
  package var erased: ErasedData?

  package init(
    opportunityId: EntityID, epoch: Int64, sequence: Int64, pipeline: String,
    pipelineVersion: Int, actor: String, occurredAt: Instant, recordedAt: Instant
  ) {
    self.opportunityId = opportunityId
    self.epoch = epoch
    self.sequence = sequence
    self.pipeline = pipeline
    self.pipelineVersion = pipelineVersion
    self.actor = actor
    self.occurredAt = occurredAt
    self.recordedAt = recordedAt
    self.violations = []
    self.changes = []
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    opportunityId = try container.decode(EntityID.self, forKey: .opportunityId)
    epoch = try container.decode(Int64.self, forKey: .epoch)
    sequence = try container.decode(Int64.self, forKey: .sequence)
    pipeline = try container.decode(String.self, forKey: .pipeline)
    pipelineVersion = try container.decode(Int.self, forKey: .pipelineVersion)
    from = try container.decodeIfPresent(String.self, forKey: .from)
    to = try container.decodeIfPresent(String.self, forKey: .to)
    fromCategory = try container.decodeIfPresent(StageCategory.self, forKey: .fromCategory)
    toCategory = try container.decodeIfPresent(StageCategory.self, forKey: .toCategory)
    fromPosition = try container.decodeIfPresent(Int.self, forKey: .fromPosition)
    toPosition = try container.decodeIfPresent(Int.self, forKey: .toPosition)
    actor = try container.decode(String.self, forKey: .actor)
    owner = try container.decodeIfPresent(String.self, forKey: .owner)
    team = try container.decodeIfPresent(String.self, forKey: .team)
    amount = try container.decodeIfPresent(Money.self, forKey: .amount)
    rule = try container.decodeIfPresent(String.self, forKey: .rule)
    reason = try container.decodeIfPresent(String.self, forKey: .reason)
    occurredAt = try container.decode(Instant.self, forKey: .occurredAt)
    recordedAt = try container.decode(Instant.self, forKey: .recordedAt)
    followUpDueAt = try container.decodeIfPresent(Instant.self, forKey: .followUpDueAt)
    benchmarkDays = try container.decodeIfPresent(Double.self, forKey: .benchmarkDays)
    forecastCategory = try container.decodeIfPresent(
      ForecastCategory.self, forKey: .forecastCategory)
    violations = try container.decodeIfPresent([GateFailure].self, forKey: .violations) ?? []
    override = try container.decodeIfPresent(GateOverride.self, forKey: .override)
    handOff = try container.decodeIfPresent(HandOff.self, forKey: .handOff)
    cause = try container.decodeIfPresent(String.self, forKey: .cause)
    changes = try container.decodeIfPresent([FieldChange].self, forKey: .changes) ?? []
    entryUnknown = try container.decodeIfPresent(Bool.self, forKey: .entryUnknown)
    name = try container.decodeIfPresent(String.self, forKey: .name)
    account = try container.decodeIfPresent(Account.self, forKey: .account)
    externalId = try container.decodeIfPresent(String.self, forKey: .externalId)
    expectedClose = try container.decodeIfPresent(String.self, forKey: .expectedClose)
    activity = try container.decodeIfPresent(ActivityRecord.self, forKey: .activity)
    evidence = try container.decodeIfPresent(RuleEvidence.self, forKey: .evidence)
    reverted = try container.decodeIfPresent(RevertedMove.self, forKey: .reverted)
    merged = try container.decodeIfPresent(MergedInto.self, forKey: .merged)
    erased = try container.decodeIfPresent(ErasedData.self, forKey: .erased)
  }
}

/// The deal that stays. Its own event of the same transaction has a change `mergedFrom.<duplicate>`,
/// and says what it took over.
package struct MergedInto: Codable, Hashable, Sendable {
  package var opportunityId: EntityID

  package init(opportunityId: EntityID) { self.opportunityId = opportunityId }
}

/// The move that was taken back, and the stay that goes on again.
package struct RevertedMove: Codable, Hashable, Sendable {
  package var eventId: EntityID
  package var epoch: Int64
  package var sequence: Int64
  /// Since when the deal stands in the stage that it is back in; nil where that is not known.
  package var enteredAt: Instant?
  /// Epoch and sequence of the event that began that stay.
  package var enteredEpoch: Int64
  package var enteredSequence: Int64
  /// The open stage that a closed deal was closed from, as it was before the move.
  package var closedFrom: String?
  /// What the follow-up deadline of that stay counts from, where a hold had put it off.
  package var followUp: FollowUpCount?

  package init(
    eventId: EntityID, epoch: Int64, sequence: Int64, enteredAt: Instant?, enteredEpoch: Int64,
    enteredSequence: Int64, closedFrom: String? = nil, followUp: FollowUpCount? = nil
  ) {
    self.eventId = eventId
    self.epoch = epoch
    self.sequence = sequence
    self.enteredAt = enteredAt
    self.enteredEpoch = enteredEpoch
    self.enteredSequence = enteredSequence
    self.closedFrom = closedFrom
    self.followUp = followUp
  }
}

/// From when a follow-up deadline counts, and how many of the owner's working days.
package struct FollowUpCount: Codable, Hashable, Sendable {
  package var from: Instant
  package var days: Double

  package init(from: Instant, days: Double) {
    self.from = from
    self.days = days
  }
}

/// The customer of a deal.
package struct Account: Codable, Hashable, Sendable {
  package var name: String
  package var id: String?
  package var externalId: String?

  package init(name: String, id: String? = nil, externalId: String? = nil) {
    self.name = name
    self.id = id
    self.externalId = externalId
  }
}

/// One changed field: `field` is `name`, `amount`, `owner`, `hold`, `fields.<key>`,
/// `checklist.<stage>.<item>`, `feedback.<stage>`, `mergedFrom.<opportunity>`, …; null stands for "not set".
package struct FieldChange: Codable, Hashable, Sendable {
  package var field: String
  package var old: JSONValue
  package var new: JSONValue

  package init(field: String, old: JSONValue, new: JSONValue) {
    self.field = field
    self.old = old
    self.new = new
  }
}

/// Which way a move goes, out of its categories and the positions of its stages.
package enum MoveDirection: String, Codable, Sendable {
  case advance, back, lost, reopen

  package static func of(_ event: StageEventData) -> MoveDirection? {
    guard let from = event.fromCategory, let to = event.toCategory,
      let fromPosition = event.fromPosition, let toPosition = event.toPosition
    else { return nil }
    return of(from: from, at: fromPosition, to: to, at: toPosition)
  }

  /// Into a lost stage: `lost`. Out of a lost stage, or from won back to open: `reopen`. Into a won
  /// stage, or to a later position: `advance`. Else `back`.
  package static func of(
    from: StageCategory, at fromPosition: Int, to: StageCategory, at toPosition: Int
  ) -> MoveDirection {
    switch (from, to) {
    case (_, .lost): .lost
    case (.lost, _), (.won, .open), (.postWin, .open): .reopen
    case (.open, .won): .advance
    default: toPosition > fromPosition ? .advance : .back
    }
  }
}
