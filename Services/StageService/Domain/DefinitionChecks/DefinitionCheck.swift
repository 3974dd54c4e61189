import Contracts

/// What makes a definition unusable; advice about a usable one is the linter's matter.
enum DefinitionCheck {
  static let maximumStages = 50
  static let maximumTextLength = 2_000
  static let maximumTeams = 100

  /// Everything that is wrong.
  ///
  /// - Parameter base: JSON pointer of the definition in the document that it stands in.
  static func failures(
    of definition: PipelineDefinition, at base: String = "/definition"
  ) -> [GateFailure] {
    var failures = name(definition.name, at: "\(base)/name")
    failures += prose(definition.description, at: "\(base)/description")
    if let template = definition.template, Templates.template(template) == nil {
      failures.append(.unknownTemplate(at: "\(base)/template"))
    }
    failures += teams(definition.teams, at: "\(base)/teams")
    failures += FieldCheck.failures(of: definition, at: base)
    let stages = "\(base)/stages"
    failures += keys(definition.stages.map(\.key), at: stages)
    for (index, stage) in definition.stages.enumerated() {
      failures += StageCheck(stage, of: definition, at: "\(stages)/\(index)").failures
    }
    if definition.entryStage == nil {
      failures.append(
        .invalid(
          stages, "no-open-stage", zh: "至少要有一个进行中的阶段",
          en: "must hold at least one stage of the category open"))
    }
    if definition.stages.count > maximumStages {
      failures.append(
        .invalid(
          stages, "too-many-stages", zh: "最多 \(maximumStages) 个",
          en: "has more than \(maximumStages) stages"))
    }
    return failures
  }

  /// Whether there are teams of these ids, the directory tells and the linter says.
  private static func teams(_ teams: [String], at list: String) -> [GateFailure] {
    var failures: [GateFailure] = []
    var seen: Set<String> = []
    for (index, id) in teams.enumerated() {
      if !DirectoryID.isValid(id) {
        failures.append(
          .invalid(
            "\(list)/\(index)", "invalid-id",
            zh: "须为团队的编号：1 至 \(DirectoryID.maximumLength) 个字符，不含空白、控制字符和 / ? # % :",
            en: "must be the id of a team: 1 to \(DirectoryID.maximumLength) characters other than "
              + "blanks, controls and / ? # % :"))
      }
      if !seen.insert(id).inserted {
        failures.append(
          .invalid("\(list)/\(index)", "duplicate-key", zh: "重复", en: "stands there twice"))
      }
    }
    if teams.count > maximumTeams {
      failures.append(
        .invalid(
          list, "too-many-teams", zh: "最多 \(maximumTeams) 个；可改为它们的上级团队",
          en: "has more than \(maximumTeams) teams; name those above them instead"))
    }
    return failures
  }

  static func isKey(_ key: String) -> Bool {
    (1...60).contains(key.utf8.count)
      && key.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
  }

  /// The keys of the items of a list: each well-formed, none twice.
  static func keys(
    _ keys: [String], at list: String, isKey: (String) -> Bool = Self.isKey,
    invalid: (String) -> GateFailure = GateFailure.invalidKey
  ) -> [GateFailure] {
    var failures: [GateFailure] = []
    var seen: Set<String> = []
    for (index, key) in keys.enumerated() {
      let pointer = "\(list)/\(index)/key"
      if !isKey(key) { failures.append(invalid(pointer)) }
      if !seen.insert(key).inserted {
        failures.append(.invalid(pointer, "duplicate-key", zh: "重复", en: "stands there twice"))
      }
    }
    return failures
  }

  static func names(_ names: [LocalizedText], at list: String) -> [GateFailure] {
    names.enumerated().flatMap { name($1, at: "\(list)/\($0)/name") }
  }

  /// A name that must be there in both languages.
  static func name(_ name: LocalizedText, at pointer: String) -> [GateFailure] {
    needed(name.zh, at: "\(pointer)/zh") + needed(name.en, at: "\(pointer)/en")
  }

  /// A text that must say something.
  static func needed(_ text: String, at pointer: String) -> [GateFailure] {
    guard JSONValue.string(text).isFilled else {
      return [.invalid(pointer, "required", zh: "不能为空", en: "must not be empty")]
    }
    return self.text(text, at: pointer)
  }

  /// A text in both languages that may be empty or not be there.
  static func prose(_ text: LocalizedText?, at pointer: String) -> [GateFailure] {
    guard let text else { return [] }
    return self.text(text.zh, at: "\(pointer)/zh") + self.text(text.en, at: "\(pointer)/en")
  }

  /// No text of a definition may be longer than a page, or hold U+0000, which cannot be stored.
  static func text(_ text: String?, at pointer: String) -> [GateFailure] {
    guard let text else { return [] }
    if text.utf8.contains(0) {
      return [.invalid(pointer, "invalid-text", zh: "不能含有 U+0000", en: "must not contain U+0000")]
    }
    guard text.unicodeScalars.count > maximumTextLength else { return [] }
    return [
      .invalid(
        pointer, "too-long", zh: "最多 \(maximumTextLength) 个字符",
        en: "must have at most \(maximumTextLength) characters")
    ]
  }

}

extension GateFailure {
  static func invalidKey(at pointer: String) -> GateFailure {
    .invalid(
      pointer, "invalid-key", zh: "只能由 1 至 60 个小写字母、数字和连字符组成",
      en: "must be 1 to 60 lower-case letters, digits and hyphens")
  }

  static func unknownTemplate(at pointer: String) -> GateFailure {
    .invalid(
      pointer, "unknown-template", zh: "不存在；GET /v1/templates 列出全部模板",
      en: "is not known; GET /v1/templates lists the templates")
  }
}
