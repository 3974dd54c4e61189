import Contracts

/// Who moves a deal, as far as deciders and roles' limits ask.
struct Mover: Hashable, Sendable {
  /// A person's id, or `service:<name>`; nil where it is not known, as in most imports, and then
  /// nobody judges whether it may.
  var id: String?
  var roles: Set<String> = []
  /// Everybody above the deal's owner.
  var ownerManagers: [String] = []
  /// A rule asks for the move, not a person.
  var isAutomation = false
}

/// What a criterion is evaluated against.
struct GateFacts: Sendable {
  let deal: Opportunity
  let definition: PipelineDefinition
  let mover: Mover
  /// The time of the move.
  let now: Instant

  /// What is not ticked of the checklist of the stage that the deal stands in.
  var openItems: [ChecklistItem] {
    let ticks = deal.state.checklist[deal.stage] ?? [:]
    return definition.stage(deal.stage)?.checklist.filter { ticks[$0.key] == nil } ?? []
  }

  /// Whether the amount lies within what one of the mover's roles may decide on. Roles that move no
  /// deals, such as that of a viewer, have no say.
  func isAmountWithin(_ limits: [String: Int64]) -> Bool {
    guard let amount = deal.amount, mover.id != nil else { return true }
    return mover.roles.intersection(StageCheck.moverRoles).contains { role in
      limits[role].map { amount.minor <= $0 } ?? true
    }
  }
}

extension Criterion.Rule {
  /// Whether the rule holds. A field that is not filled fulfils no comparison.
  func holds(for facts: GateFacts) -> Bool {
    let deal = facts.deal
    switch self {
    case .filled(let field):
      return deal.value(of: field).isFilled
    case .equals(let field, let value):
      return deal.value(of: field).isSame(as: value)
    case .oneOf(let field, let values):
      let found = deal.value(of: field)
      return values.contains { found.isSame(as: $0) }
    case .atLeast(let field, let value):
      return deal.value(of: field).magnitude.map { $0 >= value } ?? false
    case .atMost(let field, let value):
      return deal.value(of: field).magnitude.map { $0 <= value } ?? false
    case .before(let field, let value):
      guard let text = deal.value(of: field).string, !text.isEmpty else { return false }
      return text.isEarlier(than: value)
    case .evidence(let kind):
      return deal.state.evidence[kind] != nil
    case .feedback(let days):
      return deal.state.explicitFeedbackAt.map { facts.now.days(since: $0) <= days } ?? false
    case .checklist:
      return facts.openItems.isEmpty
    case .amountWithin(let limits):
      return facts.isAmountWithin(limits)
    case .all(let rules):
      return rules.allSatisfy { $0.holds(for: facts) }
    case .any(let rules):
      return rules.contains { $0.holds(for: facts) }
    case .not(let rule):
      return !rule.holds(for: facts)
    }
  }

  /// The field to point at when the rule does not hold; the first of a combination.
  var field: String? {
    switch self {
    case .filled(let field), .equals(let field, _), .oneOf(let field, _), .atLeast(let field, _),
      .atMost(let field, _), .before(let field, _):
      field
    case .amountWithin: Opportunity.Field.amount
    case .evidence, .feedback, .checklist: nil
    case .all(let rules), .any(let rules): rules.lazy.compactMap(\.field).first
    case .not(let rule): rule.field
    }
  }
}

extension JSONValue {
  /// Equality in which 3 and 3.0 are the same number, and a number beside money means minor units.
  fileprivate func isSame(as other: JSONValue) -> Bool {
    if let left = Money(self), let right = Money(other) { return left == right }
    if let left = magnitude, let right = other.magnitude { return left == right }
    return self == other
  }

  /// A number, or the minor units of money.
  fileprivate var magnitude: Double? { numeric ?? Money(self).map { Double($0.minor) } }
}

extension String {
  /// Of two dates or instants, which may be of different offsets; a date is its first moment in UTC.
  /// What is neither compares as text.
  fileprivate func isEarlier(than other: String) -> Bool {
    guard let left = moment, let right = other.moment else { return self < other }
    return left < right
  }

  private var moment: Instant? { Instant(self) ?? Instant(self + "T00:00:00Z") }
}
