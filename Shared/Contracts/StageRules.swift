/// A custom field that a pipeline's deals have.
package struct FieldDeclaration: Codable, Hashable, Sendable {
  package enum Kind: String, Codable, CaseIterable, Sendable {
    /// A text; a JSON number; `{"minor","currency"}`; `yyyy-MM-dd`; the key of a choice; a person's
    /// id; true or false.
    case text, number, money, date, choice, person, boolean
  }

  package var key: String
  package var name: LocalizedText
  package var type: Kind
  /// What a field of the type `choice` may hold.
  package var choices: [Choice]?
  /// Its values tell of a person, and go when the deal's personal data are erased.
  package var personal: Bool?

  package init(
    key: String, name: LocalizedText, type: Kind, choices: [Choice]? = nil, personal: Bool? = nil
  ) {
    self.key = key
    self.name = name
    self.type = type
    self.choices = choices
    self.personal = personal
  }

  package struct Choice: Codable, Hashable, Sendable {
    package var key: String
    package var name: LocalizedText

    package init(key: String, name: LocalizedText) {
      self.key = key
      self.name = name
    }
  }
}

/// A reason that a deal may be lost for.
package struct LossReason: Codable, Hashable, Sendable {
  package var key: String
  package var name: LocalizedText

  package init(key: String, name: LocalizedText) {
    self.key = key
    self.name = name
  }
}

/// One thing to be done in a stage, ticked by a person.
package struct ChecklistItem: Codable, Hashable, Sendable {
  package var key: String
  package var name: LocalizedText

  package init(key: String, name: LocalizedText) {
    self.key = key
    self.name = name
  }
}

/// What a forecast counts a deal as.
package enum ForecastCategory: String, Codable, CaseIterable, Sendable {
  case pipeline, commit, omitted
  case bestCase = "best-case"
}

/// Who decides on a move. As text `owner`, `manager` (of the owner, at any level above), `automation`,
/// `role:<role>` or `person:<id>`.
package enum MoveDecider: Hashable, Sendable {
  case owner
  case manager
  case automation
  case role(String)
  case person(String)
}

extension MoveDecider: Codable, LosslessStringConvertible {
  package init?(_ description: String) {
    switch description {
    case "owner": self = .owner
    case "manager": self = .manager
    case "automation": self = .automation
    default:
      let parts = description.split(
        separator: ":", maxSplits: 1, omittingEmptySubsequences: false
      ).map(String.init)
      guard parts.count == 2, !parts[1].isEmpty else { return nil }
      switch parts[0] {
      case "role": self = .role(parts[1])
      case "person": self = .person(parts[1])
      default: return nil
      }
    }
  }

  package var description: String {
    switch self {
    case .owner: "owner"
    case .manager: "manager"
    case .automation: "automation"
    case .role(let role): "role:\(role)"
    case .person(let id): "person:\(id)"
    }
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let decider = MoveDecider(text) else {
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription: "expected owner, manager, automation, role:<role> or person:<id>")
    }
    self = decider
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
