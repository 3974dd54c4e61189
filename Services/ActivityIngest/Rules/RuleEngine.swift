import Contracts

/// All rules, ready to search texts. Building one takes a moment, searching is cheap; it holds no
/// state and may be used from anywhere.
struct RuleEngine: Sendable {
  private let rules: [String: Rule]
  /// Those that are enabled, in order of their keys.
  private let active: [Rule]
  private let phrases: [Phrase]
  /// Position in ``active`` of the rule that each phrase belongs to.
  private let owners: [Int]
  private let index: PhraseIndex

  /// Unicode code points. What stands further behind in a text is not searched.
  static let searchLimit = 100_000

  /// - Parameter rules: keys are unique. Those that are not enabled never match, nor does a keyword
  ///   that means nothing (see ``Phrase``).
  init(rules: [Rule]) {
    self.rules = Dictionary(rules.map { ($0.key, $0) }) { _, last in last }
    active = self.rules.values.filter(\.enabled).sorted { $0.key < $1.key }
    var phrases: [Phrase] = []
    var owners: [Int] = []
    for (number, rule) in active.enumerated() {
      for keyword in rule.keywords {
        let found = (try? Phrase.phrases(of: keyword)) ?? []
        phrases += found
        owners += found.map { _ in number }
      }
    }
    self.phrases = phrases
    self.owners = owners
    index = PhraseIndex(phrases)
  }

  /// The rule of that key, enabled or not.
  func rule(_ key: String) -> Rule? { rules[key] }

  /// What the rules that are enabled and apply find, the most confident first: at most one match
  /// per rule and one per intent.
  ///
  /// - Parameter kind: of the activity, such as `email`; nil: whatever kinds a rule applies to.
  func matches(
    text: String?, subject: String?, kind: String?, direction: ActivityDirection?
  ) -> [RuleMatch] {
    let applicable = active.map { $0.applies(kind: kind, direction: direction) }
    guard applicable.contains(true) else { return [] }
    var best: [Int: RuleMatch] = [:]
    for (part, content) in [(RuleMatch.Part.text, text), (.subject, subject)] {
      guard let content, !content.isEmpty else { continue }
      for (owner, match) in matches(in: content, part, applicable) {
        if let known = best[owner], !match.isBetter(than: known) { continue }
        best[owner] = match
      }
    }
    var ofIntent: [String: RuleMatch] = [:]
    for (_, match) in best.sorted(by: { $0.key < $1.key }) {
      if let known = ofIntent[match.intent], !match.isBetter(than: known) { continue }
      ofIntent[match.intent] = match
    }
    return ofIntent.values.sorted {
      ($1.confidence, $0.rule) < ($0.confidence, $1.rule)
    }
  }

  /// The best match of each rule in one text, by the rule's position.
  private func matches(
    in content: String, _ part: RuleMatch.Part, _ applicable: [Bool]
  ) -> [Int: RuleMatch] {
    let scalars = Array(content.unicodeScalars.prefix(RuleEngine.searchLimit))
    let visible = part == .text ? QuotedReply.visible(in: scalars) : [0..<scalars.count]
    let text = CuedText(FoldedText(scalars, visible: visible))
    let hits = index.hits(in: text)
    guard !hits.isEmpty else { return [:] }
    let judge = Judge(text)
    // The title of somebody else's message that was answered or handed on.
    let isTitleOfOther = part == .subject && ReplyPrefix.begins(text.folded.symbols)
    var best: [Int: RuleMatch] = [:]
    var denied: Set<Int> = []
    for hit in hits {
      let owner = owners[hit.phrase]
      guard applicable[owner] else { continue }
      let judgement = judge.judge(hit, of: phrases[hit.phrase])
      if judgement == .denied { denied.insert(owner) }
      guard judgement == .stated || judgement == .doubtful else { continue }
      var confidence = active[owner].confidence
      if judgement == .doubtful || isTitleOfOther { confidence *= RuleEngine.doubt }
      if hit.hasGap { confidence *= RuleEngine.looseness }
      let match = match(active[owner], judge.extent(of: hit), text, scalars, part, confidence)
      if let known = best[owner], !match.isBetter(than: known) { continue }
      best[owner] = match
    }
    // Somebody has to look at a text that says it and says the opposite.
    for owner in denied {
      if let match = best[owner] { best[owner] = match.doubted() }
    }
    return best
  }

  private static let doubt = 0.5
  private static let looseness = 0.97

  private func match(
    _ rule: Rule, _ extent: Range<Int>, _ text: CuedText, _ scalars: [Unicode.Scalar],
    _ part: RuleMatch.Part, _ confidence: Double
  ) -> RuleMatch {
    let start = Int(text.folded.origins[extent.lowerBound])
    let end = Int(text.folded.origins[extent.upperBound - 1]) + 1
    return RuleMatch(
      rule: rule.key, intent: rule.intent, part: part, start: start, end: end,
      words: String(String.UnicodeScalarView(scalars[start..<end])), ruleMode: rule.mode,
      confidence: confidence)
  }
}
