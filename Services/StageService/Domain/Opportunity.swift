import Contracts

/// The state of one deal, as its events leave it.
struct Opportunity: Hashable, Sendable {
  let id: EntityID
  var epoch: Int64
  var sequence: Int64
  var pipeline: String
  var pipelineVersion: Int
  var stage: String
  var category: StageCategory
  /// The open stage it was closed from; where a reopened deal goes back to.
  var closedFrom: String?
  var name: String
  var account: Account
  var owner: String?
  var team: String?
  var amount: Money?
  var expectedClose: String?
  var externalId: String?
  var fields: [String: JSONValue]
  var nextStep: NextStep?
  var enteredStageAt: Instant
  var entryUnknown: Bool
  var followUpDueAt: Instant?
  var createdAt: Instant
  var updatedAt: Instant
  var state = DealState()
  /// Of a duplicate: the deal that it became part of.
  var mergedInto: EntityID?

  /// The deal as a store has it.
  init(
    id: EntityID, epoch: Int64, sequence: Int64, pipeline: String, pipelineVersion: Int,
    stage: String, category: StageCategory, closedFrom: String?, name: String, account: Account,
    owner: String?, team: String?, amount: Money?, expectedClose: String?, externalId: String?,
    fields: [String: JSONValue], nextStep: NextStep?, enteredStageAt: Instant, entryUnknown: Bool,
    followUpDueAt: Instant?, createdAt: Instant, updatedAt: Instant, state: DealState
  ) {
    self.id = id
    self.epoch = epoch
    self.sequence = sequence
    self.pipeline = pipeline
    self.pipelineVersion = pipelineVersion
    self.stage = stage
    self.category = category
    self.closedFrom = closedFrom
    self.name = name
    self.account = account
    self.owner = owner
    self.team = team
    self.amount = amount
    self.expectedClose = expectedClose
    self.externalId = externalId
    self.fields = fields
    self.nextStep = nextStep
    self.enteredStageAt = enteredStageAt
    self.entryUnknown = entryUnknown
    self.followUpDueAt = followUpDueAt
    self.createdAt = createdAt
    self.updatedAt = updatedAt
    self.state = state
  }

  /// The deal that a `created` event makes; nil for another event.
  init?(_ event: StageEvent) {
    guard event.type == .created, let stage = event.to, let category = event.toCategory,
      let name = event.name, let account = event.account
    else { return nil }
    id = event.opportunityId
    epoch = event.epoch
    sequence = event.sequence
    pipeline = event.pipeline
    pipelineVersion = event.pipelineVersion
    self.stage = stage
    self.category = category
    self.name = name
    self.account = account
    owner = event.owner
    team = event.team
    amount = event.amount
    expectedClose = event.expectedClose
    externalId = event.externalId
    fields = [:]
    enteredStageAt = event.occurredAt
    entryUnknown = event.entryUnknown ?? false
    followUpDueAt = event.followUpDueAt
    createdAt = event.occurredAt
    updatedAt = event.recordedAt
    state.forecastCategory = event.data.forecastCategory
    for change in event.changes { apply(change) }
  }

  /// The deal at a business time: the fold of what had occurred by then. A move that was reverted later
  /// never was, nor was what was moved and reverted meanwhile.
  init?(_ history: [StageEvent], asOf: Instant) {
    let events = history.filter { $0.occurredAt <= asOf }
    let reverted = Set(history.compactMap(\.data.reverted?.eventId))
    let revertedByThen = Set(events.compactMap(\.data.reverted?.eventId))
    let first =
      events.firstIndex { reverted.contains($0.id) && !revertedByThen.contains($0.id) }
      ?? events.endIndex
    var state: Opportunity?
    for (index, event) in events.enumerated() {
      if index >= first, event.type == .moveReverted || reverted.contains(event.id) {
        state?.sequence = event.sequence
      } else {
        state = state?.applying(event) ?? Opportunity(event)
      }
    }
    guard let state else { return nil }
    self = state
  }

  /// The deal after its next event.
  func applying(_ event: StageEvent) -> Opportunity {
    var next = self
    next.epoch = event.epoch
    next.sequence = event.sequence
    next.owner = event.owner
    next.team = event.team
    next.amount = event.amount
    next.updatedAt = event.recordedAt
    next.followUpDueAt = event.followUpDueAt
    next.state.forecastCategory = event.data.forecastCategory
    for change in event.changes { next.apply(change) }
    if let activity = event.data.activity { next.note(activity) }
    if event.type == .changed, next.state.hold == nil, let days = state.hold?.daysLeft {
      next.state.followUp = FollowUpCount(from: event.occurredAt, days: days)
    }
    if let merged = event.data.merged { next.mergedInto = merged.opportunityId }
    if event.data.erased?.names == true {
      next.name = ErasedData.mark
      next.account.name = ErasedData.mark
    }
    guard let to = event.to, let category = event.toCategory else { return next }
    if event.type == .moveReverted {
      next.standAgain(in: to, category, event.data)
    } else if event.type == .moved {
      next.move(to: to, category, event.data)
    }
    return next
  }

  private mutating func move(to: String, _ category: StageCategory, _ event: StageEventData) {
    if category == .open {
      closedFrom = nil
    } else if self.category == .open {
      closedFrom = stage
    }
    if to != stage {
      enteredStageAt = event.occurredAt
      entryUnknown = false
      state.followUp = nil
    }
    stage = to
    self.category = category
    pipelineVersion = event.pipelineVersion
  }

  /// The stay that a reverted move had ended goes on.
  private mutating func standAgain(
    in former: String, _ category: StageCategory, _ event: StageEventData
  ) {
    stage = former
    self.category = category
    closedFrom = event.reverted?.closedFrom
    state.followUp = event.reverted?.followUp
    entryUnknown = event.reverted?.enteredAt == nil
    enteredStageAt = event.reverted?.enteredAt ?? createdAt
  }

  /// An activity since the entry is the follow-up that a hold makes wait.
  private mutating func note(_ activity: ActivityRecord) {
    state.note(activity)
    guard activity.at >= enteredStageAt else { return }
    state.hold?.followUpDueAt = nil
    state.hold?.daysLeft = nil
  }

  /// Every way a field can change passes here; `Changes` writes what this reads. Owner, team and
  /// amount stand on the event itself.
  private mutating func apply(_ change: FieldChange) {
    if let key = change.field.suffix(behind: Field.customPrefix) {
      fields[key] = change.new == .null ? nil : change.new
      return
    }
    if let key = change.field.suffix(behind: Field.checklistPrefix) {
      let parts = key.split(separator: ".", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { return }
      var ticks = state.checklist[parts[0]] ?? [:]
      ticks[parts[1]] = DealState.Tick(change.new)
      state.checklist[parts[0]] = ticks.isEmpty ? nil : ticks
      return
    }
    if let kind = change.field.suffix(behind: Field.evidencePrefix) {
      state.evidence[kind] = DealState.Evidence(change.new)
      return
    }
    if let duplicate = change.field.suffix(behind: Field.mergedFromPrefix) {
      state.mergedFrom[duplicate] = DealState.Duplicate(change.new)
      return
    }
    if let stage = change.field.suffix(behind: Field.feedbackPrefix) {
      let feedback = DealState.Feedback(change.new)
      state.feedback[stage] = feedback
      if let feedback, feedback.explicit {
        state.explicitFeedbackAt = [state.explicitFeedbackAt, feedback.at].compactMap(\.self).max()
      }
      return
    }
    switch (change.field, change.new) {
    case (Field.name, .string(let text)): name = text
    case (Field.expectedClose, .string(let text)):
      if let old = change.old.string, old < text { state.pushCount += 1 }
      expectedClose = text
    case (Field.expectedClose, _): expectedClose = nil
    case (Field.nextStep, let value): nextStep = NextStep(value)
    case (Field.hold, let value): state.hold = DealState.Hold(value)
    case (Field.forecastCategory, let value):
      state.ownForecastCategory = value.string.flatMap(ForecastCategory.init)
    default: break
    }
  }

  /// Names of the built-in fields in changes and criteria.
  enum Field {
    static let name = "name"
    static let account = "account"
    static let owner = "owner"
    static let team = "team"
    static let amount = "amount"
    static let expectedClose = "expectedClose"
    static let nextStep = "nextStep"
    static let hold = "hold"
    static let forecastCategory = "forecastCategory"
    static let customPrefix = "fields."
    static let checklistPrefix = "checklist."
    static let feedbackPrefix = "feedback."
    static let evidencePrefix = "evidence."
    static let mergedFromPrefix = "mergedFrom."
  }

  /// What a criterion sees under a field's name; `.null` where nothing is set.
  func value(of field: String) -> JSONValue {
    switch field {
    case Field.name: .string(name)
    case Field.account: .string(account.name)
    case Field.owner: owner.map(JSONValue.string) ?? .null
    case Field.team: team.map(JSONValue.string) ?? .null
    case Field.amount: amount?.json ?? .null
    case Field.expectedClose: expectedClose.map(JSONValue.string) ?? .null
    case Field.nextStep: nextStep.map { .string($0.text) } ?? .null
    default: fields[field] ?? .null
    }
  }
}

/// Where a deal has got to, in one word.
enum DealStatus: String, Codable, CaseIterable, Sendable {
  case open, won, lost
  case postWin = "post-win"
  /// A duplicate that became part of another deal.
  case merged
}

extension Opportunity {
  var status: DealStatus {
    if mergedInto != nil { return .merged }
    return switch category {
    case .open: .open
    case .won: .won
    case .lost: .lost
    case .postWin: .postWin
    }
  }
}

extension NextStep {
  /// Reads what `json` writes; nil for anything else.
  init?(_ value: JSONValue) {
    guard case .object(let members) = value, case .string(let text)? = members["text"] else {
      return nil
    }
    var dueAt: Instant?
    if case .string(let due)? = members["dueAt"] { dueAt = Instant(due) }
    self.init(text: text, dueAt: dueAt)
  }

  var json: JSONValue {
    var members: [String: JSONValue] = ["text": .string(text)]
    if let dueAt { members["dueAt"] = .string(dueAt.description) }
    return .object(members)
  }
}

extension Money {
  /// Reads what `json` writes and nothing besides; nil for anything else.
  init?(_ value: JSONValue) {
    guard case .object(let members) = value, members.count == 2,
      case .integer(let minor)? = members["minor"],
      case .string(let currency)? = members["currency"], Money.isCurrency(currency)
    else { return nil }
    self.init(minor: minor, currency: currency)
  }

  var json: JSONValue { .object(["minor": .integer(minor), "currency": .string(currency)]) }
}

extension String {
  /// What stands behind the prefix; nil where it does not begin with it.
  fileprivate func suffix(behind prefix: String) -> String? {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
  }
}
