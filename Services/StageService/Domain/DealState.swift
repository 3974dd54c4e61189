import Contracts

/// What the events of a deal leave beside its fields: what the gate asks for, and what is shown of it.
///
/// It is stored as one JSON document; a member that says nothing is left out.
struct DealState: Hashable, Sendable {
  /// By kind of activity: the latest that proves something, which is one with a link or of a kind that
  /// needs none.
  var evidence: [String: Evidence] = [:]
  /// When the customer last said something explicit.
  var explicitFeedbackAt: Instant?
  /// By stage: the latest.
  var feedback: [String: Feedback] = [:]
  /// By stage and item: who ticked it, and when.
  var checklist: [String: [String: Tick]] = [:]
  var hold: Hold?
  /// What the deadline counts from after a hold; nil: from the entry, all the days of the stage.
  var followUp: FollowUpCount?
  /// What a forecast counts the deal as: as it says itself, or else its stage.
  var forecastCategory: ForecastCategory?
  /// What the deal says itself.
  var ownForecastCategory: ForecastCategory?
  /// How often the expected close was moved to a later date.
  var pushCount = 0

  struct Evidence: Codable, Hashable, Sendable {
    var at: Instant
    var link: EvidenceLink?
  }

  struct Feedback: Codable, Hashable, Sendable {
    var score: Int?
    var text: String
    var at: Instant
    var explicit: Bool
    var by: String
  }

  struct Tick: Codable, Hashable, Sendable {
    var by: String
    var at: Instant
  }

  /// While it lasts, no deadline runs.
  struct Hold: Codable, Hashable, Sendable {
    var reason: String
    var since: Instant
    /// When it ends by itself.
    var until: Instant?
    /// The deadline that waits, as if the hold ended when it began.
    var followUpDueAt: Instant?
    /// How many of the owner's working days were left until then.
    var daysLeft: Double?
  }

  /// Kinds of activity that need no link to prove something.
  static let kindsWithoutLink: Set = ["call", "meeting"]

  mutating func note(_ activity: ActivityRecord) {
    guard activity.evidence != nil || DealState.kindsWithoutLink.contains(activity.kind) else {
      return
    }
    evidence[activity.kind] = Evidence(at: activity.at, link: activity.evidence)
  }
}

extension DealState: Codable {
  private enum CodingKeys: CodingKey {
    case evidence, explicitFeedbackAt, feedback, checklist, hold, followUp, forecastCategory
    case ownForecastCategory, pushCount
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    evidence = try container.decodeIfPresent([String: Evidence].self, forKey: .evidence) ?? [:]
    explicitFeedbackAt = try container.decodeIfPresent(Instant.self, forKey: .explicitFeedbackAt)
    feedback = try container.decodeIfPresent([String: Feedback].self, forKey: .feedback) ?? [:]
    checklist =
      try container.decodeIfPresent([String: [String: Tick]].self, forKey: .checklist) ?? [:]
    hold = try container.decodeIfPresent(Hold.self, forKey: .hold)
    followUp = try container.decodeIfPresent(FollowUpCount.self, forKey: .followUp)
    forecastCategory = try container.decodeIfPresent(
      ForecastCategory.self, forKey: .forecastCategory)
    ownForecastCategory = try container.decodeIfPresent(
      ForecastCategory.self, forKey: .ownForecastCategory)
    pushCount = try container.decodeIfPresent(Int.self, forKey: .pushCount) ?? 0
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    if !evidence.isEmpty { try container.encode(evidence, forKey: .evidence) }
    try container.encodeIfPresent(explicitFeedbackAt, forKey: .explicitFeedbackAt)
    if !feedback.isEmpty { try container.encode(feedback, forKey: .feedback) }
    if !checklist.isEmpty { try container.encode(checklist, forKey: .checklist) }
    try container.encodeIfPresent(hold, forKey: .hold)
    try container.encodeIfPresent(followUp, forKey: .followUp)
    try container.encodeIfPresent(forecastCategory, forKey: .forecastCategory)
    try container.encodeIfPresent(ownForecastCategory, forKey: .ownForecastCategory)
    if pushCount != 0 { try container.encode(pushCount, forKey: .pushCount) }
  }
}

// How its parts stand in a change of the history, and are read from there.

extension DealState.Tick {
  init?(_ value: JSONValue) {
    guard let by = value.member("by")?.string, let at = value.member("at")?.instant else {
      return nil
    }
    self.init(by: by, at: at)
  }

  var json: JSONValue { .object(["by": .string(by), "at": .string(at.description)]) }
}

extension DealState.Feedback {
  init?(_ value: JSONValue) {
    guard let text = value.member("text")?.string, let at = value.member("at")?.instant,
      case .boolean(let explicit)? = value.member("explicit"), let by = value.member("by")?.string
    else { return nil }
    var score: Int?
    if case .integer(let number)? = value.member("score") { score = Int(exactly: number) }
    self.init(score: score, text: text, at: at, explicit: explicit, by: by)
  }

  var json: JSONValue {
    var members: [String: JSONValue] = [
      "text": .string(text), "at": .string(at.description), "explicit": .boolean(explicit),
      "by": .string(by),
    ]
    if let score { members["score"] = .integer(Int64(score)) }
    return .object(members)
  }
}

extension DealState.Hold {
  init?(_ value: JSONValue) {
    guard let reason = value.member("reason")?.string, let since = value.member("since")?.instant
    else {
      return nil
    }
    self.init(
      reason: reason, since: since, until: value.member("until")?.instant,
      followUpDueAt: value.member("followUpDueAt")?.instant,
      daysLeft: value.member("daysLeft")?.numeric)
  }

  var json: JSONValue {
    var members: [String: JSONValue] = [
      "reason": .string(reason), "since": .string(since.description),
    ]
    if let until { members["until"] = .string(until.description) }
    if let followUpDueAt { members["followUpDueAt"] = .string(followUpDueAt.description) }
    if let daysLeft {
      // As it comes back from JSON.
      members["daysLeft"] = Int64(exactly: daysLeft).map(JSONValue.integer) ?? .number(daysLeft)
    }
    return .object(members)
  }
}

extension JSONValue {
  /// A member of an object; nil where there is none.
  func member(_ name: String) -> JSONValue? {
    if case .object(let members) = self { members[name] } else { nil }
  }

  var string: String? {
    if case .string(let text) = self { text } else { nil }
  }

  fileprivate var instant: Instant? { string.flatMap { Instant($0) } }
}
