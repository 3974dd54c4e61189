import Contracts
import Hummingbird
import ServiceKit

/// A rule as it is shown.
struct RuleView: Encodable, Sendable {
  let key: String
  let name: LocalizedText
  let intent: String
  let keywords: [String]
  let kinds: [String]?
  let directions: [ActivityDirection]?
  let mode: Rule.Mode
  let transitions: [Rule.Transition]
  let confidence: Double
  let enabled: Bool
  /// Nobody has written it or changed it.
  let readyMade: Bool

  init(_ rule: Rule) {
    key = rule.key
    name = rule.name
    intent = rule.intent
    keywords = rule.keywords
    kinds = rule.kinds
    directions = rule.directions
    mode = rule.mode
    transitions = rule.transitions
    confidence = rule.confidence
    enabled = rule.enabled
    readyMade = Rule.readyMade.contains(rule)
  }
}

/// `{"rule","intent","in","span":{"start","end"},"words","confidence","mode"}`.
struct RuleMatchView: Encodable, Sendable {
  struct Span: Encodable, Sendable {
    let start: Int
    let end: Int
  }

  let rule: String
  let intent: String
  let `in`: RuleMatch.Part
  let span: Span
  let words: String
  let confidence: Double
  let mode: Rule.Mode

  init(_ match: RuleMatch) {
    rule = match.rule
    intent = match.intent
    self.in = match.part
    span = Span(start: match.start, end: match.end)
    words = match.words
    confidence = match.confidence
    mode = match.mode
  }
}

struct TrialView: Encodable, Sendable {
  let matches: [RuleMatchView]
}

/// One item per text, in the order of the request.
struct DryRunView: Encodable, Sendable {
  let rule: String
  let items: [TrialView]
}

extension TrialView: ResponseGenerator {
  func response(from request: Request, context: some RequestContext) throws -> Response {
    try json(self)
  }
}

extension DryRunView: ResponseGenerator {
  func response(from request: Request, context: some RequestContext) throws -> Response {
    try json(self)
  }
}
