/// A request to change one opportunity, on `stage-commands.v1` and `import-commands.v1` or over HTTP.
///
/// On Kafka the CloudEvents `id` is the command's identity: handling it again changes nothing. The
/// data is flat: the envelope's members beside the action's own.
package struct StageCommand: Hashable, Sendable {
  package var id: EntityID
  package var opportunityId: EntityID
  /// Who wants it; nil on Kafka stands for the service that may write the topic.
  package var actor: String?
  /// Business time; nil stands for now. Only an import may lie in the past.
  package var occurredAt: Instant?
  /// Refused with `sequence-mismatch` when the opportunity is at another sequence.
  package var expectedSequence: Int64?
  /// What made the sender ask, for example an activity's identity.
  package var cause: String?
  package var action: Action

  package init(
    id: EntityID, opportunityId: EntityID, actor: String? = nil, occurredAt: Instant? = nil,
    expectedSequence: Int64? = nil, cause: String? = nil, action: Action
  ) {
    self.id = id
    self.opportunityId = opportunityId
    self.actor = actor
    self.occurredAt = occurredAt
    self.expectedSequence = expectedSequence
    self.cause = cause
    self.action = action
  }

  package enum Action: Hashable, Sendable {
    case create(NewOpportunity)
    case update(OpportunityPatch)
    case move(Move)
    case win(Closing)
    case lose(Closing)
    case reopen(Reopening)
    /// Something happened outside; numbered into the deal's own sequence.
    case recordActivity(ActivityRecord)
    case revert(Reversal)
    case assign(Assignment)
    case hold(Hold)
    case resume(Resumption)
    case tick(ChecklistTick)
    case recordFeedback(CustomerFeedback)
    /// The deal is a duplicate: it ends, and another one takes over what it has.
    case merge(Merge)
  }

  package struct Move: Codable, Hashable, Sendable {
    package var to: String
    /// The stage that the sender takes the opportunity to stand in; elsewhere the move is refused with
    /// `not-in-stage`. Nil: wherever it stands.
    package var from: String?
    package var reason: String?
    /// Custom fields that are set with the move, before the gate looks.
    package var fields: [String: JSONValue]?
    /// What made an automation ask for the move; a person's request has none.
    package var evidence: RuleEvidence?
    /// Moves although the gate refuses; an administrator's to say.
    package var override: GateOverride?

    package init(
      to: String, from: String? = nil, reason: String? = nil,
      fields: [String: JSONValue]? = nil, evidence: RuleEvidence? = nil,
      override: GateOverride? = nil
    ) {
      self.to = to
      self.from = from
      self.reason = reason
      self.fields = fields
      self.evidence = evidence
      self.override = override
    }
  }

  package struct Closing: Codable, Hashable, Sendable {
    package var reason: String?
    package var fields: [String: JSONValue]?

    package init(reason: String? = nil, fields: [String: JSONValue]? = nil) {
      self.reason = reason
      self.fields = fields
    }
  }

  package struct Reopening: Codable, Hashable, Sendable {
    /// The stage to stand in again; nil: the one it was closed from.
    package var to: String?
    package var reason: String?

    package init(to: String? = nil, reason: String? = nil) {
      self.to = to
      self.reason = reason
    }
  }
}

extension StageCommand {
  /// Takes the latest move back, as if it had never been made.
  package struct Reversal: Codable, Hashable, Sendable {
    /// The move's event; nil stands for the latest one. Another one than the latest is refused.
    package var eventId: EntityID?
    package var reason: String?

    package init(eventId: EntityID? = nil, reason: String? = nil) {
      self.eventId = eventId
      self.reason = reason
    }
  }
}

/// What a new opportunity is made of.
package struct NewOpportunity: Codable, Hashable, Sendable {
  package var pipeline: String
  package var name: String
  package var account: Account
  package var owner: String?
  package var team: String?
  package var amount: Money?
  /// A date, `yyyy-MM-dd`.
  package var expectedClose: String?
  package var externalId: String?
  package var fields: [String: JSONValue]?
  /// Import only: the stage it starts in; nil: the pipeline's first open stage.
  package var stage: String?
  /// Import only: when it entered that stage is not known.
  package var entryUnknown: Bool?

  package init(
    pipeline: String, name: String, account: Account, owner: String? = nil, team: String? = nil,
    amount: Money? = nil, expectedClose: String? = nil, externalId: String? = nil,
    fields: [String: JSONValue]? = nil, stage: String? = nil, entryUnknown: Bool? = nil
  ) {
    self.pipeline = pipeline
    self.name = name
    self.account = account
    self.owner = owner
    self.team = team
    self.amount = amount
    self.expectedClose = expectedClose
    self.externalId = externalId
    self.fields = fields
    self.stage = stage
    self.entryUnknown = entryUnknown
  }
}

/// A JSON merge patch (RFC 7396): an absent member stays, null clears, a value sets. A patch without
/// members is legal and only leaves a note in the history.
package struct OpportunityPatch: Codable, Hashable, Sendable {
  package var name: String?
  package var amount: Patch<Money>
  package var expectedClose: Patch<String>
  package var nextStep: Patch<NextStep>
  /// Instead of what its stage counts as; cleared: as its stage again.
  package var forecastCategory: Patch<ForecastCategory>
  package var fields: [String: JSONValue]
  package var reason: String?

  package init(
    name: String? = nil, amount: Patch<Money> = .keep, expectedClose: Patch<String> = .keep,
    nextStep: Patch<NextStep> = .keep, forecastCategory: Patch<ForecastCategory> = .keep,
    fields: [String: JSONValue] = [:], reason: String? = nil
  ) {
    self.name = name
    self.amount = amount
    self.expectedClose = expectedClose
    self.nextStep = nextStep
    self.forecastCategory = forecastCategory
    self.fields = fields
    self.reason = reason
  }

  package enum CodingKeys: String, CodingKey, CaseIterable {
    case name, amount, expectedClose, nextStep, forecastCategory, fields, reason
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decodeIfPresent(String.self, forKey: .name)
    amount = try container.decodePatch(Money.self, forKey: .amount)
    expectedClose = try container.decodePatch(String.self, forKey: .expectedClose)
    nextStep = try container.decodePatch(NextStep.self, forKey: .nextStep)
    forecastCategory = try container.decodePatch(ForecastCategory.self, forKey: .forecastCategory)
    fields = try container.decodeIfPresent([String: JSONValue].self, forKey: .fields) ?? [:]
    reason = try container.decodeIfPresent(String.self, forKey: .reason)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(name, forKey: .name)
    try container.encodePatch(amount, forKey: .amount)
    try container.encodePatch(expectedClose, forKey: .expectedClose)
    try container.encodePatch(nextStep, forKey: .nextStep)
    try container.encodePatch(forecastCategory, forKey: .forecastCategory)
    if !fields.isEmpty { try container.encode(fields, forKey: .fields) }
    try container.encodeIfPresent(reason, forKey: .reason)
  }
}

/// One member of a merge patch.
package enum Patch<Value: Codable & Hashable & Sendable>: Hashable, Sendable {
  case keep
  case clear
  case set(Value)
}

extension KeyedDecodingContainer {
  func decodePatch<Value>(_ type: Value.Type, forKey key: Key) throws -> Patch<Value> {
    guard contains(key) else { return .keep }
    return try decodeNil(forKey: key) ? .clear : .set(try decode(type, forKey: key))
  }
}

extension KeyedEncodingContainer {
  mutating func encodePatch<Value>(_ patch: Patch<Value>, forKey key: Key) throws {
    switch patch {
    case .keep: break
    case .clear: try encodeNil(forKey: key)
    case .set(let value): try encode(value, forKey: key)
    }
  }
}

/// What the owner will do next, and by when.
package struct NextStep: Codable, Hashable, Sendable {
  package var text: String
  package var dueAt: Instant?

  package init(text: String, dueAt: Instant? = nil) {
    self.text = text
    self.dueAt = dueAt
  }
}

/// What became of a command, on `command-results.v1`.
package struct CommandResult: Codable, Hashable, Sendable {
  package enum Outcome: String, Codable, Sendable { case accepted, refused }

  package var commandId: EntityID
  package var opportunityId: EntityID
  package var outcome: Outcome
  /// The opportunity's sequence after the command; nil where there is no such opportunity.
  package var sequence: Int64?
  /// The event that the command became; nil where it was refused.
  package var eventId: EntityID?
  /// Why it was refused; of an accepted import, the violations that stand on its event.
  package var errors: [GateFailure]
  /// The command had been handled before; nothing changed this time.
  package var duplicate: Bool

  package init(
    commandId: EntityID, opportunityId: EntityID, outcome: Outcome, sequence: Int64?,
    eventId: EntityID? = nil, errors: [GateFailure] = [], duplicate: Bool = false
  ) {
    self.commandId = commandId
    self.opportunityId = opportunityId
    self.outcome = outcome
    self.sequence = sequence
    self.eventId = eventId
    self.errors = errors
    self.duplicate = duplicate
  }
}
