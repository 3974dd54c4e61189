import Contracts

/// Words that tell of progress, and the moves that they make a deal take.
///
/// In JSON `{"key","name":{"zh","en"},"intent","keywords":[…],"kinds"?,"directions"?,"mode",
/// "transitions":[{"pipeline"?,"from"?,"to","fields"?}],"confidence","enabled"}`.
struct Rule: Codable, Hashable, Sendable {
  /// What a match leads to.
  enum Mode: String, Codable, CaseIterable, Sendable {
    /// Moves the deal through the gate.
    case auto
    /// Waits for somebody to confirm it.
    case review
    /// Is only shown.
    case hint
  }

  var key: String
  var name: LocalizedText
  /// What the words mean, such as `quote-confirmed`; several rules may share one.
  var intent: String
  /// In the language of ``Phrase``: literal words, `…` for a gap, `{a|b}` for alternatives.
  var keywords: [String]
  /// Kinds of activity that are searched; nil: all.
  var kinds: [String]?
  /// Directions that are searched; nil: all. A conversation goes both ways, whoever began it, and an
  /// activity without a direction is always searched.
  var directions: [ActivityDirection]?
  var mode: Mode
  /// The first that fits where the deal stands counts.
  var transitions: [Transition]
  /// Of a match that nothing speaks against; between 0 and 1.
  var confidence: Double
  var enabled: Bool

  init(
    key: String, name: LocalizedText, intent: String, keywords: [String], kinds: [String]? = nil,
    directions: [ActivityDirection]? = nil, mode: Mode = .review, transitions: [Transition] = [],
    confidence: Double = Rule.defaultConfidence, enabled: Bool = true
  ) {
    self.key = key
    self.name = name
    self.intent = intent
    self.keywords = keywords
    self.kinds = kinds
    self.directions = directions
    self.mode = mode
    self.transitions = transitions
    self.confidence = confidence
    self.enabled = enabled
  }

  static let defaultConfidence = 0.9

  /// A match below this confidence does not move a deal by itself, whatever the rule's mode.
  static let autoThreshold = 0.8

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    key = try container.decode(String.self, forKey: .key)
    name = try container.decode(LocalizedText.self, forKey: .name)
    intent = try container.decode(String.self, forKey: .intent)
    keywords = try container.decode([String].self, forKey: .keywords)
    kinds = try container.decodeIfPresent([String].self, forKey: .kinds)
    directions = try container.decodeIfPresent([ActivityDirection].self, forKey: .directions)
    mode = try container.decodeIfPresent(Mode.self, forKey: .mode) ?? .review
    transitions = try container.decodeIfPresent([Transition].self, forKey: .transitions) ?? []
    confidence =
      try container.decodeIfPresent(Double.self, forKey: .confidence) ?? Rule.defaultConfidence
    enabled = try container.decodeIfPresent(Bool.self, forKey: .enabled) ?? true
  }

  /// Whether activities of this kind and direction are searched.
  func applies(kind: String?, direction: ActivityDirection?) -> Bool {
    if let kinds, let kind, !kinds.contains(kind) { return false }
    guard let directions, let direction, !Rule.conversations.contains(kind ?? "") else {
      return true
    }
    return directions.contains(direction)
  }

  private static let conversations: Set = ["call", "meeting"]
}

extension Rule {
  /// One way that a match opens.
  struct Transition: Codable, Hashable, Sendable {
    /// Key of the pipeline; nil: every one that has the stages.
    var pipeline: String?
    /// Stages that the deal may stand in; nil: every open one.
    var from: [String]?
    var to: Destination
    /// Fields of the deal that the move sets.
    var fields: [String: JSONValue]

    init(
      pipeline: String? = nil, from: [String]? = nil, to: Destination,
      fields: [String: JSONValue] = [:]
    ) {
      self.pipeline = pipeline
      self.from = from
      self.to = to
      self.fields = fields
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      pipeline = try container.decodeIfPresent(String.self, forKey: .pipeline)
      from = try container.decodeIfPresent([String].self, forKey: .from)
      to = try container.decode(Destination.self, forKey: .to)
      fields = try container.decodeIfPresent([String: JSONValue].self, forKey: .fields) ?? [:]
    }
  }

  /// In JSON a stage's key, `next` or `win`.
  enum Destination: Hashable, Sendable {
    /// The open stage after the deal's, in the pipeline's order.
    case next
    /// The first won stage.
    case win
    case stage(String)
  }
}

extension Rule.Destination: Codable {
  init(from decoder: any Decoder) throws {
    switch try decoder.singleValueContainer().decode(String.self) {
    case "next": self = .next
    case "win": self = .win
    case let key: self = .stage(key)
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .next: try container.encode("next")
    case .win: try container.encode("win")
    case .stage(let key): try container.encode(key)
    }
  }
}
