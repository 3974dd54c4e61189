import Contracts

extension Validation {
  /// The fields whose values do not fit what the pipeline declares. Fields that it does not declare
  /// may hold anything; null removes a field and fits always.
  static func misfits(
    of fields: [String: JSONValue]?, in definition: PipelineDefinition
  ) -> [GateFailure] {
    guard let fields, !definition.fields.isEmpty else { return [] }
    return fields.sorted { $0.key < $1.key }.compactMap { key, value in
      guard value != .null, let declaration = definition.field(key),
        let expected = declaration.type.expectation(of: value, choices: declaration.choices ?? [])
      else { return nil }
      return .misfit(
        declaration, at: "/fields/\(key.escapedForPointer)", zh: expected.zh, en: expected.en)
    }
  }
}

extension FieldDeclaration.Kind {
  /// Nil where a field of the type can hold the value; otherwise what would be right.
  func expectation(
    of value: JSONValue, choices: [FieldDeclaration.Choice]
  ) -> LocalizedText? {
    switch self {
    case .text:
      value.string == nil ? LocalizedText(zh: "须为文本", en: "must be a text") : nil
    case .number:
      value.numeric == nil ? LocalizedText(zh: "须为数字", en: "must be a number") : nil
    case .money:
      Money(value) == nil
        ? LocalizedText(
          zh: "须为金额，例如 {\"minor\": 1200000, \"currency\": \"CNY\"}，以分为单位",
          en: "must be money such as {\"minor\": 1200000, \"currency\": \"CNY\"}, in minor units")
        : nil
    case .date:
      value.string.map(Validation.isDate) == true
        ? nil
        : LocalizedText(
          zh: "须为 yyyy-MM-dd 格式的日期，例如 2026-11-30",
          en: "must be a date yyyy-MM-dd such as 2026-11-30")
    case .choice: choiceExpectation(of: value, choices)
    case .person:
      value.string.map { Validation.text($0, at: "/").isEmpty } == true
        ? nil
        : LocalizedText(zh: "须为人员编号", en: "must be the id of a person")
    case .boolean:
      switch value {
      case .boolean: nil
      default: LocalizedText(zh: "须为 true 或 false", en: "must be true or false")
      }
    }
  }

  private func choiceExpectation(
    of value: JSONValue, _ choices: [FieldDeclaration.Choice]
  ) -> LocalizedText? {
    if let key = value.string, choices.contains(where: { $0.key == key }) { return nil }
    let zh = choices.map { "\($0.name.zh)（\($0.key)）" }.joined(separator: "、")
    let en = choices.map { "\($0.key) (\($0.name.en))" }.joined(separator: ", ")
    return LocalizedText(zh: "须为以下之一：\(zh)", en: "must be one of \(en)")
  }
}
