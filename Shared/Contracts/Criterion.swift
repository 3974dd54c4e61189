/// A condition on an opportunity that an entry or exit list may hold.
///
/// In JSON `{"key","name":{"zh","en"},"supplier"?,"rule":{…}}`, where the rule has exactly one of
/// the members `filled`, `equals`, `oneOf`, `atLeast`, `atMost`, `before`, `evidence`, `feedback`,
/// `checklist`, `amountWithin`, `all`, `any`, `not`.
package struct Criterion: Codable, Hashable, Sendable {
  package var key: String
  package var name: LocalizedText
  /// Who can make it hold, shown to whom the gate refuses: a role or a department.
  package var supplier: String?
  package var rule: Rule

  package init(key: String, name: LocalizedText, supplier: String? = nil, rule: Rule) {
    self.key = key
    self.name = name
    self.supplier = supplier
    self.rule = rule
  }

  /// A field is one of the opportunity's own (`name`, `account`, `owner`, `team`, `amount` in minor
  /// units, `expectedClose`, `nextStep`) or a custom one.
  package indirect enum Rule: Hashable, Sendable {
    case filled(field: String)
    case equals(field: String, value: JSONValue)
    case oneOf(field: String, values: [JSONValue])
    case atLeast(field: String, value: Double)
    case atMost(field: String, value: Double)
    /// A date or instant in the field lies before the given one; both compare as ISO 8601 text.
    case before(field: String, value: String)
    /// An activity of the kind with a link, or of the kinds that need none (`call`, `meeting`), stands
    /// in the deal's history.
    case evidence(kind: String)
    /// The customer said something explicit within so many days before the move.
    case feedback(withinDays: Double)
    /// Everything on the checklist of the stage that the deal stands in is ticked.
    case checklist
    /// The amount lies within what the mover's role may decide on: minor units by role, in the deal's
    /// currency. A role that is not named has no limit; of several roles the highest counts.
    case amountWithin(limits: [String: Int64])
    case all([Rule])
    case any([Rule])
    case not(Rule)
  }
}

extension Criterion.Rule: Codable {
  private enum Kind: String, CodingKey, CaseIterable {
    case filled, equals, oneOf, atLeast, atMost, before, evidence, feedback, checklist
    case amountWithin, all, any, not
  }

  private struct Comparison<Value: Codable>: Codable {
    var field: String
    var value: Value
  }

  private struct Evidence: Codable { var kind: String }
  private struct Feedback: Codable { var withinDays: Double }
  private struct Checklist: Codable {}
  private struct Limits: Codable { var limits: [String: Int64] }

  private struct Choice: Codable {
    var field: String
    var values: [JSONValue]
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Kind.self)
    guard let kind = container.allKeys.first, container.allKeys.count == 1 else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "expected exactly one of "
            + Kind.allCases.map(\.rawValue).joined(separator: ", ")))
    }
    switch kind {
    case .filled: self = .filled(field: try container.decode(String.self, forKey: kind))
    case .equals:
      let rule = try container.decode(Comparison<JSONValue>.self, forKey: kind)
      self = .equals(field: rule.field, value: rule.value)
    case .oneOf:
      let rule = try container.decode(Choice.self, forKey: kind)
      self = .oneOf(field: rule.field, values: rule.values)
    case .atLeast:
      let rule = try container.decode(Comparison<Double>.self, forKey: kind)
      self = .atLeast(field: rule.field, value: rule.value)
    case .atMost:
      let rule = try container.decode(Comparison<Double>.self, forKey: kind)
      self = .atMost(field: rule.field, value: rule.value)
    case .before:
      let rule = try container.decode(Comparison<String>.self, forKey: kind)
      self = .before(field: rule.field, value: rule.value)
    case .evidence:
      self = .evidence(kind: try container.decode(Evidence.self, forKey: kind).kind)
    case .feedback:
      self = .feedback(withinDays: try container.decode(Feedback.self, forKey: kind).withinDays)
    case .checklist:
      // A type without members would decode from anything.
      _ = try container.nestedContainer(keyedBy: Kind.self, forKey: kind)
      self = .checklist
    case .amountWithin:
      self = .amountWithin(limits: try container.decode(Limits.self, forKey: kind).limits)
    case .all: self = .all(try container.decode([Criterion.Rule].self, forKey: kind))
    case .any: self = .any(try container.decode([Criterion.Rule].self, forKey: kind))
    case .not: self = .not(try container.decode(Criterion.Rule.self, forKey: kind))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Kind.self)
    switch self {
    case .filled(let field): try container.encode(field, forKey: .filled)
    case .equals(let field, let value):
      try container.encode(Comparison(field: field, value: value), forKey: .equals)
    case .oneOf(let field, let values):
      try container.encode(Choice(field: field, values: values), forKey: .oneOf)
    case .atLeast(let field, let value):
      try container.encode(Comparison(field: field, value: value), forKey: .atLeast)
    case .atMost(let field, let value):
      try container.encode(Comparison(field: field, value: value), forKey: .atMost)
    case .before(let field, let value):
      try container.encode(Comparison(field: field, value: value), forKey: .before)
    case .evidence(let kind): try container.encode(Evidence(kind: kind), forKey: .evidence)
    case .feedback(let days):
      try container.encode(Feedback(withinDays: days), forKey: .feedback)
    case .checklist: try container.encode(Checklist(), forKey: .checklist)
    case .amountWithin(let limits):
      try container.encode(Limits(limits: limits), forKey: .amountWithin)
    case .all(let rules): try container.encode(rules, forKey: .all)
    case .any(let rules): try container.encode(rules, forKey: .any)
    case .not(let rule): try container.encode(rule, forKey: .not)
    }
  }
}

/// One reason why a gate refuses, or, on an imported event, would have refused.
package struct GateFailure: Codable, Hashable, Error, Sendable {
  /// `transition-not-allowed`, `field-required`, `entry-criterion-unmet`, `exit-criterion-unmet`, …
  package var code: String
  /// JSON pointer into the request or the opportunity.
  package var pointer: String
  package var field: String?
  package var criterion: String?
  package var message: LocalizedText
  package var supplier: String?

  package init(
    code: String, pointer: String, field: String? = nil, criterion: String? = nil,
    message: LocalizedText, supplier: String? = nil
  ) {
    self.code = code
    self.pointer = pointer
    self.field = field
    self.criterion = criterion
    self.message = message
    self.supplier = supplier
  }
}
