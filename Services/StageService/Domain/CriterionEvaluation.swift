import Contracts

extension Criterion.Rule {
  /// Whether the rule holds for the deal. A field that is not filled fulfils no comparison.
  func holds(for opportunity: Opportunity) -> Bool {
    switch self {
    case .filled(let field):
      return opportunity.value(of: field).isFilled
    case .equals(let field, let value):
      return opportunity.value(of: field).isSame(as: value)
    case .oneOf(let field, let values):
      let found = opportunity.value(of: field)
      return values.contains { found.isSame(as: $0) }
    case .atLeast(let field, let value):
      return opportunity.value(of: field).numeric.map { $0 >= value } ?? false
    case .atMost(let field, let value):
      return opportunity.value(of: field).numeric.map { $0 <= value } ?? false
    case .before(let field, let value):
      guard case .string(let text) = opportunity.value(of: field), !text.isEmpty else {
        return false
      }
      return text < value
    case .evidence, .feedback, .checklist, .amountWithin:
      return false
    case .all(let rules):
      return rules.allSatisfy { $0.holds(for: opportunity) }
    case .any(let rules):
      return rules.contains { $0.holds(for: opportunity) }
    case .not(let rule):
      return !rule.holds(for: opportunity)
    }
  }

  /// The field to point at when the rule does not hold; the first of a combination.
  var field: String? {
    switch self {
    case .filled(let field), .equals(let field, _), .oneOf(let field, _), .atLeast(let field, _),
      .atMost(let field, _), .before(let field, _):
      field
    case .evidence, .feedback, .checklist: nil
    case .amountWithin: Opportunity.Field.amount
    case .all(let rules), .any(let rules): rules.lazy.compactMap(\.field).first
    case .not(let rule): rule.field
    }
  }
}

extension JSONValue {
  /// Equality in which 3 and 3.0 are the same number.
  fileprivate func isSame(as other: JSONValue) -> Bool {
    if let left = numeric, let right = other.numeric { return left == right }
    return self == other
  }
}
