import Contracts

/// What makes a rule unusable, all of it at once.
enum RuleCheck {
  static let keywordLimit = 5_000
  /// Characters of a keyword, with all its alternatives.
  static let keywordLength = 1_000
  /// What all keywords of a rule together may stand for.
  static let phraseLimit = 20_000
  static let textLimit = 500
  static let listLimit = 100

  static func failures(of rule: Rule) -> [GateFailure] {
    key(rule.key, "/key") + text(rule.name.zh, "/name/zh") + text(rule.name.en, "/name/en")
      + key(rule.intent, "/intent") + keywords(rule.keywords)
      + list(rule.kinds, "/kinds", text) + list(rule.directions, "/directions") { _, _ in [] }
      + list(rule.transitions, "/transitions", isEmptyAllowed: true, transition)
      + confidence(rule.confidence)
  }

  private static func keywords(_ keywords: [String]) -> [GateFailure] {
    guard !keywords.isEmpty else {
      return [
        failure(
          "/keywords", "required", zh: "至少要有一个关键词", en: "must hold at least one keyword")
      ]
    }
    guard keywords.count <= keywordLimit else {
      return [
        failure(
          "/keywords", "too-many", zh: "最多 \(keywordLimit) 个", en: "holds more than \(keywordLimit)"
        )
      ]
    }
    var failures: [GateFailure] = []
    var phrases = 0
    for (index, keyword) in keywords.enumerated() {
      let pointer = "/keywords/\(index)"
      guard keyword.unicodeScalars.count <= keywordLength else {
        failures.append(tooLong(pointer, keywordLength))
        continue
      }
      do throws(Phrase.Fault) {
        phrases += try Phrase.phrases(of: keyword).count
      } catch {
        failures.append(failure(pointer, error.code, zh: error.message.zh, en: error.message.en))
      }
      if phrases > phraseLimit {
        failures.append(
          failure(
            "/keywords", "too-many-alternatives", zh: "合计展开后超过 \(phraseLimit) 种说法",
            en: "stand for more than \(phraseLimit) phrases together"))
        break
      }
    }
    return failures
  }

  private static func transition(_ transition: Rule.Transition, _ pointer: String) -> [GateFailure]
  {
    var failures = transition.pipeline.map { key($0, "\(pointer)/pipeline") } ?? []
    failures += list(transition.from, "\(pointer)/from", key)
    if case .stage(let stage) = transition.to { failures += key(stage, "\(pointer)/to") }
    if transition.fields.count > listLimit {
      failures.append(tooMany("\(pointer)/fields"))
    }
    if transition.fields.keys.contains(where: { $0.isEmpty || $0.utf8.contains(0) }) {
      failures.append(
        failure(
          "\(pointer)/fields", "invalid-name", zh: "字段名不能为空或含有 U+0000",
          en: "holds a name that is empty or contains U+0000"))
    } else if !isStorable(transition.fields) {
      failures.append(nullCharacter("\(pointer)/fields"))
    }
    return failures
  }

  private static func isStorable(_ fields: [String: JSONValue]) -> Bool {
    do {
      try NullCharacter.refuse(in: try JSONCoding.encode(fields))
      return true
    } catch {
      return false
    }
  }

  private static func confidence(_ confidence: Double) -> [GateFailure] {
    confidence > 0 && confidence <= 1
      ? []
      : [
        failure(
          "/confidence", "out-of-range", zh: "须大于 0 且不超过 1", en: "must be above 0 and at most 1")
      ]
  }

  private static func list<Item>(
    _ items: [Item]?, _ pointer: String, isEmptyAllowed: Bool = false,
    _ check: (Item, String) -> [GateFailure]
  ) -> [GateFailure] {
    guard let items else { return [] }
    if items.isEmpty, !isEmptyAllowed {
      return [
        failure(
          pointer, "required", zh: "不能为空列表；不限时请省略",
          en: "must not be empty; leave it out for no limit")
      ]
    }
    if items.count > listLimit { return [tooMany(pointer)] }
    return items.enumerated().flatMap { check($0.element, "\(pointer)/\($0.offset)") }
  }

  private static func key(_ key: String, _ pointer: String) -> [GateFailure] {
    let isKey =
      (1...60).contains(key.utf8.count)
      && key.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    return isKey
      ? []
      : [
        failure(
          pointer, "invalid-key", zh: "只能由 1 至 60 个小写字母、数字和连字符组成",
          en: "must be 1 to 60 lower-case letters, digits and hyphens")
      ]
  }

  private static func text(_ text: String, _ pointer: String) -> [GateFailure] {
    guard JSONValue.string(text).isFilled else {
      return [failure(pointer, "required", zh: "不能为空", en: "must not be empty")]
    }
    if text.utf8.contains(0) { return [nullCharacter(pointer)] }
    return text.unicodeScalars.count > textLimit ? [tooLong(pointer, textLimit)] : []
  }

  private static func tooLong(_ pointer: String, _ limit: Int) -> GateFailure {
    failure(
      pointer, "too-long", zh: "最多 \(limit) 个字符", en: "must have at most \(limit) characters")
  }

  private static func tooMany(_ pointer: String) -> GateFailure {
    failure(pointer, "too-many", zh: "最多 \(listLimit) 项", en: "holds more than \(listLimit) items")
  }

  private static func nullCharacter(_ pointer: String) -> GateFailure {
    failure(pointer, "invalid-text", zh: "不能含有 U+0000", en: "must not contain U+0000")
  }

  private static func failure(
    _ pointer: String, _ code: String, zh: String, en: String
  ) -> GateFailure {
    let field = pointer.split(separator: "/").last { Int($0) == nil }.map(String.init)
    return GateFailure(
      code: code, pointer: pointer, field: field,
      message: LocalizedText(zh: "\(pointer) \(zh)", en: "\(pointer) \(en)"))
  }
}
