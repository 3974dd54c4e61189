import Contracts

/// What is wrong with the fields and loss reasons that a definition declares.
enum FieldCheck {
  /// What criteria compare; amounts in minor units.
  static let builtIn: [String: FieldDeclaration.Kind] = [
    Opportunity.Field.name: .text, Opportunity.Field.account: .text,
    Opportunity.Field.owner: .person, Opportunity.Field.team: .text,
    Opportunity.Field.amount: .number, Opportunity.Field.expectedClose: .date,
    Opportunity.Field.nextStep: .text,
  ]

  static func failures(of definition: PipelineDefinition, at base: String) -> [GateFailure] {
    let reasons = "\(base)/lossReasons"
    return fields(definition.fields, at: "\(base)/fields")
      + DefinitionCheck.keys(definition.lossReasons.map(\.key), at: reasons)
      + DefinitionCheck.names(definition.lossReasons.map(\.name), at: reasons)
  }

  private static func fields(_ fields: [FieldDeclaration], at list: String) -> [GateFailure] {
    var failures = DefinitionCheck.keys(
      fields.map(\.key), at: list, isKey: isFieldKey, invalid: invalidFieldKey)
    failures += DefinitionCheck.names(fields.map(\.name), at: list)
    for (index, field) in fields.enumerated() {
      let pointer = "\(list)/\(index)"
      if builtIn[field.key] != nil {
        failures.append(
          .invalid(
            "\(pointer)/key", "reserved-key", zh: "是商机自带的字段，请另取一个",
            en: "is a field that every deal has; choose another"))
      }
      failures += choices(of: field, at: "\(pointer)/choices")
    }
    if fields.count > Validation.maximumFields {
      failures.append(
        .invalid(
          list, "too-many-fields", zh: "最多 \(Validation.maximumFields) 个",
          en: "has more than \(Validation.maximumFields) fields"))
    }
    return failures
  }

  private static func choices(of field: FieldDeclaration, at list: String) -> [GateFailure] {
    let choices = field.choices ?? []
    guard field.type == .choice else {
      return field.choices == nil
        ? []
        : [
          .invalid(
            list, "not-allowed", zh: "只用于类型为 choice 的字段",
            en: "is only for fields of the type choice")
        ]
    }
    if choices.isEmpty {
      return [.invalid(list, "required", zh: "至少要有一个选项", en: "must hold at least one choice")]
    }
    return DefinitionCheck.keys(choices.map(\.key), at: list)
      + DefinitionCheck.names(choices.map(\.name), at: list)
  }

  /// Letters of ASCII, digits, `_` and `-`, the first a letter; 60 at most.
  static func isFieldKey(_ key: String) -> Bool {
    func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte) || (97...122).contains(byte) }
    return (1...60).contains(key.utf8.count) && key.utf8.first.map(isLetter) == true
      && key.utf8.allSatisfy { isLetter($0) || (48...57).contains($0) || $0 == 45 || $0 == 95 }
  }

  private static func invalidFieldKey(at pointer: String) -> GateFailure {
    .invalid(
      pointer, "invalid-key", zh: "须以字母开头，由 1 至 60 个字母、数字、下划线和连字符组成",
      en: "must be 1 to 60 letters, digits, _ and -, and begin with a letter")
  }
}
