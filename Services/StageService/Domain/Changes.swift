import Contracts

/// The changes that a patch or the fields of a move make: only what really differs.
struct Changes {
  private(set) var list: [FieldChange] = []
  private(set) var amount: Money?

  private let before: Opportunity

  init(to opportunity: Opportunity) {
    before = opportunity
    amount = opportunity.amount
  }

  mutating func patch(_ patch: OpportunityPatch) {
    if let name = patch.name { note(Opportunity.Field.name, .string(before.name), .string(name)) }
    if let money = patch.amount.value(keeping: before.amount) {
      amount = money
      note(Opportunity.Field.amount, before.amount?.json ?? .null, money?.json ?? .null)
    }
    if let date = patch.expectedClose.value(keeping: before.expectedClose) {
      note(
        Opportunity.Field.expectedClose, before.expectedClose.map(JSONValue.string) ?? .null,
        date.map(JSONValue.string) ?? .null)
    }
    if let step = patch.nextStep.value(keeping: before.nextStep) {
      note(Opportunity.Field.nextStep, before.nextStep?.json ?? .null, step?.json ?? .null)
    }
    if let category = patch.forecastCategory.value(keeping: before.state.ownForecastCategory) {
      note(
        Opportunity.Field.forecastCategory,
        before.state.ownForecastCategory.map { .string($0.rawValue) } ?? .null,
        category.map { .string($0.rawValue) } ?? .null)
    }
    set(patch.fields)
  }

  /// Who has the deal from now on; the event itself says it, too.
  mutating func assign(_ assignment: StageCommand.Assignment) {
    if let owner = assignment.owner.value(keeping: before.owner) {
      note(
        Opportunity.Field.owner, before.owner.map(JSONValue.string) ?? .null,
        owner.map(JSONValue.string) ?? .null)
    }
    if let team = assignment.team.value(keeping: before.team) {
      note(
        Opportunity.Field.team, before.team.map(JSONValue.string) ?? .null,
        team.map(JSONValue.string) ?? .null)
    }
  }

  mutating func hold(_ hold: DealState.Hold?) {
    note(Opportunity.Field.hold, before.state.hold?.json ?? .null, hold?.json ?? .null)
  }

  mutating func set(_ fields: [String: JSONValue]?) {
    for (key, value) in (fields ?? [:]).sorted(by: { $0.key < $1.key }) {
      note(Opportunity.Field.customPrefix + key, before.fields[key] ?? .null, value)
    }
  }

  mutating func note(_ field: String, _ old: JSONValue, _ new: JSONValue) {
    if old != new { list.append(FieldChange(field: field, old: old, new: new)) }
  }
}

extension Patch {
  /// Nil: keep what is there. Otherwise the new value, which may be "none".
  func value(keeping current: Value?) -> Value?? {
    switch self {
    case .keep: .none
    case .clear: .some(nil)
    case .set(let value): .some(value)
    }
  }

  /// What is set; nil where nothing is.
  var new: Value? {
    if case .set(let value) = self { value } else { nil }
  }
}
