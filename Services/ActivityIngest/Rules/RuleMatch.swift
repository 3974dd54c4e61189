/// Words of an activity that a rule knows.
struct RuleMatch: Hashable, Sendable {
  /// What was searched.
  enum Part: String, Codable, Sendable {
    case text, subject
  }

  /// Key of the rule.
  var rule: String
  var intent: String
  /// What ``start`` and ``end`` count in.
  var part: Part
  /// Offsets in Unicode code points of the text as it came, `end` exclusive.
  var start: Int
  var end: Int
  /// What stands there, to the letter.
  var words: String
  /// Between 0 and 1, in hundredths; conditions, plans and doubts in the same sentence lower it.
  private(set) var confidence: Double
  private let ruleMode: Rule.Mode

  init(
    rule: String, intent: String, part: Part, start: Int, end: Int, words: String,
    ruleMode: Rule.Mode, confidence: Double
  ) {
    self.rule = rule
    self.intent = intent
    self.part = part
    self.start = start
    self.end = end
    self.words = words
    self.ruleMode = ruleMode
    self.confidence = (confidence * 100).rounded() / 100
  }

  /// The rule's mode; `review` in the place of `auto` where the confidence is below
  /// ``Rule/autoThreshold``.
  var mode: Rule.Mode {
    ruleMode == .auto && confidence < Rule.autoThreshold ? .review : ruleMode
  }

  /// The same match, so uncertain that nothing happens by itself.
  func doubted() -> RuleMatch {
    var match = self
    match.confidence = min(confidence, (confidence * 50).rounded() / 100)
    return match
  }

  /// By confidence, then by length; of equals the one in the text, then the earlier one stays.
  func isBetter(than other: RuleMatch) -> Bool {
    (confidence, end - start) > (other.confidence, other.end - other.start)
  }
}
