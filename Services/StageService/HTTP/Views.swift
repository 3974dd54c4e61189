import Contracts

/// A deal as it is shown.
struct OpportunityView: Encodable, Sendable {
  let id: EntityID
  let pipeline: String
  let pipelineVersion: Int
  let stage: String
  let status: DealStatus
  /// Of a duplicate: the deal that it became part of.
  let mergedInto: EntityID?
  let epoch: Int64
  let sequence: Int64
  let name: String
  let account: Account
  let owner: String?
  let team: String?
  let amount: Money?
  let expectedClose: String?
  let externalId: String?
  let fields: [String: JSONValue]
  let nextStep: NextStep?
  /// Left out where the entry is not known.
  let enteredStageAt: Instant?
  let followUpDueAt: Instant?
  let hold: DealState.Hold?
  /// As the deal says itself, or else its stage.
  let forecastCategory: ForecastCategory?
  /// How often the expected close was moved to a later date.
  let pushCount: Int
  /// What is ticked, by stage and item.
  let checklist: [String: [String: DealState.Tick]]?
  /// The latest of the customer, by stage.
  let feedback: [String: DealState.Feedback]?
  /// The latest that proves something, by kind of activity.
  let evidence: [String: DealState.Evidence]?
  /// The duplicates that became part of it, by their identity.
  let mergedFrom: [String: DealState.Duplicate]?
  let createdAt: Instant
  let updatedAt: Instant

  init(_ deal: Opportunity) {
    id = deal.id
    pipeline = deal.pipeline
    pipelineVersion = deal.pipelineVersion
    stage = deal.stage
    status = deal.status
    mergedInto = deal.mergedInto
    epoch = deal.epoch
    sequence = deal.sequence
    name = deal.name
    account = deal.account
    owner = deal.owner
    team = deal.team
    amount = deal.amount
    expectedClose = deal.expectedClose
    externalId = deal.externalId
    fields = deal.fields
    nextStep = deal.nextStep
    enteredStageAt = deal.entryUnknown ? nil : deal.enteredStageAt
    followUpDueAt = deal.followUpDueAt
    let state = deal.state
    hold = state.hold
    forecastCategory = state.forecastCategory
    pushCount = state.pushCount
    checklist = state.checklist.isEmpty ? nil : state.checklist
    feedback = state.feedback.isEmpty ? nil : state.feedback
    evidence = state.evidence.isEmpty ? nil : state.evidence
    mergedFrom = state.mergedFrom.isEmpty ? nil : state.mergedFrom
    createdAt = deal.createdAt
    updatedAt = deal.updatedAt
  }
}

/// The answer to a move, a win, a loss or a reopening.
struct MoveView: Encodable, Sendable {
  let id: EntityID
  let from: String?
  let to: String?
  let sequence: Int64
  let eventId: EntityID
  let handOff: HandOff?

  init(_ event: StageEvent) {
    id = event.opportunityId
    from = event.from
    to = event.to
    sequence = event.sequence
    eventId = event.id
    handOff = event.data.handOff
  }
}

/// The answer to a merge: the duplicate's event, and the deal that stays.
struct MergeView: Encodable, Sendable {
  let id: EntityID
  let into: EntityID
  let sequence: Int64
  let eventId: EntityID
  let survivor: OpportunityView

  init(_ event: StageEvent, survivor: Opportunity) {
    id = event.opportunityId
    into = survivor.id
    sequence = event.sequence
    eventId = event.id
    self.survivor = OpportunityView(survivor)
  }
}

/// The answer to an activity that was logged by hand.
struct RecordedActivityView: Encodable, Sendable {
  let id: EntityID
  let sequence: Int64
  let eventId: EntityID
  let activity: ActivityRecord?

  init(_ event: StageEvent) {
    id = event.opportunityId
    sequence = event.sequence
    eventId = event.id
    activity = event.data.activity
  }
}

/// A stage seen from where a deal stands: whether it is open to it now, and what is missing.
struct PossibleMoveView: Encodable, Sendable {
  let to: String
  let name: LocalizedText
  let category: StageCategory
  let open: Bool
  /// Who decides on the move; nil: whoever may move the deal.
  let decider: MoveDecider?
  let missing: [GateFailure]
}

/// One event of a deal's history.
struct HistoryItemView: Encodable, Sendable {
  let eventId: EntityID
  let type: StageEventType
  let epoch: Int64
  let sequence: Int64
  let occurredAt: Instant
  let recordedAt: Instant
  let actor: String
  let from: String?
  let to: String?
  let reason: String?
  let rule: String?
  let evidence: RuleEvidence?
  let activity: ActivityRecord?
  let reverted: RevertedMove?
  let merged: MergedInto?
  let erased: ErasedData?
  let changes: [FieldChange]
  let violations: [GateFailure]
  let override: GateOverride?
  let handOff: HandOff?
  let cause: String?

  init(_ event: StageEvent) {
    eventId = event.id
    type = event.type
    epoch = event.epoch
    sequence = event.sequence
    occurredAt = event.occurredAt
    recordedAt = event.recordedAt
    actor = event.actor
    from = event.from
    to = event.to
    reason = event.reason
    rule = event.rule
    evidence = event.data.evidence
    activity = event.data.activity
    reverted = event.data.reverted
    merged = event.data.merged
    erased = event.data.erased
    changes = event.changes
    violations = event.violations
    override = event.data.override
    handOff = event.data.handOff
    cause = event.cause
  }
}

/// One event of the feed, whole.
struct FeedItemView: Encodable, Sendable {
  let cursor: String
  let eventId: EntityID
  let type: StageEventType
  let data: StageEventData

  init(_ item: FeedItem) {
    cursor = item.cursor.description
    eventId = item.event.id
    type = item.event.type
    data = item.event.data
  }
}

/// A pipeline version as it is shown.
struct PipelineView: Encodable, Sendable {
  let key: String
  let version: Int
  let name: LocalizedText
  let definition: PipelineDefinition
  let publishedAt: Instant
  let publishedBy: String
  let note: String?

  init(_ pipeline: PublishedPipeline) {
    key = pipeline.key
    version = pipeline.version
    name = pipeline.name
    definition = pipeline.definition
    publishedAt = pipeline.publishedAt
    publishedBy = pipeline.publishedBy
    note = pipeline.note
  }
}
