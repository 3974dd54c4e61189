import Contracts

/// What is wrong with a criterion's rule: fields that nobody declared, values that no field of the
/// type can hold, limits that mean nothing.
struct CriterionCheck {
  static let maximumDepth = 10

  let definition: PipelineDefinition
  /// There is a checklist that the rule `checklist` can mean.
  let hasChecklist: Bool

  static func isDuration(_ days: Double) -> Bool { days > 0 && days <= 3_650 }

  func failures(of rule: Criterion.Rule, at pointer: String, depth: Int = 1) -> [GateFailure] {
    if depth > CriterionCheck.maximumDepth {
      return [
        .invalid(
          pointer, "too-deep", zh: "嵌套最多 \(CriterionCheck.maximumDepth) 层",
          en: "must not be nested more than \(CriterionCheck.maximumDepth) levels deep")
      ]
    }
    switch rule {
    case .filled(let field):
      return unknown(field, at: "\(pointer)/filled")
    case .equals(let field, let value):
      return unknown(field, at: "\(pointer)/equals/field")
        + misfit(value, field, at: "\(pointer)/equals/value")
    case .oneOf(let field, let values):
      let member = "\(pointer)/oneOf"
      return unknown(field, at: "\(member)/field") + empty(values, at: "\(member)/values")
        + values.enumerated().flatMap { misfit($1, field, at: "\(member)/values/\($0)") }
    case .atLeast(let field, _):
      return comparison(field, [.number, .money], at: "\(pointer)/atLeast/field")
    case .atMost(let field, _):
      return comparison(field, [.number, .money], at: "\(pointer)/atMost/field")
    case .before(let field, let value):
      return comparison(field, [.date], at: "\(pointer)/before/field")
        + moment(value, at: "\(pointer)/before/value")
    case .evidence(let kind):
      let member = "\(pointer)/evidence/kind"
      return JSONValue.string(kind).isFilled
        ? DefinitionCheck.text(kind, at: member) : [.empty(at: member)]
    case .feedback(let days):
      return CriterionCheck.isDuration(days)
        ? [] : [.daysOutOfRange(at: "\(pointer)/feedback/withinDays")]
    case .checklist:
      return hasChecklist ? [] : [.noChecklist(at: "\(pointer)/checklist")]
    case .amountWithin(let limits):
      return self.limits(limits, at: "\(pointer)/amountWithin/limits")
    case .all(let rules):
      return combination(rules, at: "\(pointer)/all", depth)
    case .any(let rules):
      return combination(rules, at: "\(pointer)/any", depth)
    case .not(let rule):
      return failures(of: rule, at: "\(pointer)/not", depth: depth + 1)
    }
  }

  private func combination(
    _ rules: [Criterion.Rule], at pointer: String, _ depth: Int
  ) -> [GateFailure] {
    empty(rules, at: pointer)
      + rules.enumerated().flatMap { failures(of: $1, at: "\(pointer)/\($0)", depth: depth + 1) }
  }

  private func empty(_ list: [some Any], at pointer: String) -> [GateFailure] {
    list.isEmpty ? [.empty(at: pointer)] : []
  }

  private func unknown(_ field: String, at pointer: String) -> [GateFailure] {
    definition.unknownField(field, at: pointer).map { [$0] } ?? []
  }

  /// Nil for a field that no type is known of.
  private func type(of field: String) -> FieldDeclaration.Kind? {
    FieldCheck.builtIn[field] ?? definition.field(field)?.type
  }

  private func comparison(
    _ field: String, _ types: [FieldDeclaration.Kind], at pointer: String
  ) -> [GateFailure] {
    let unknown = unknown(field, at: pointer)
    guard unknown.isEmpty, let type = type(of: field), !types.contains(type) else { return unknown }
    let wanted = types.map(\.rawValue).joined(separator: ", ")
    return [
      .invalid(
        pointer, "wrong-type", zh: "指向类型为 \(type.rawValue) 的字段“\(field)”；该比较只用于：\(wanted)",
        en: "names “\(field)”, which is a \(type.rawValue); this compares only: \(wanted)")
    ]
  }

  private func misfit(_ value: JSONValue, _ field: String, at pointer: String) -> [GateFailure] {
    guard value != .null else {
      return [
        .invalid(
          pointer, "invalid-value", zh: "不能为 null；未填写的字段用 not 加 filled 表示",
          en: "must not be null; a field that is not filled is not(filled)")
      ]
    }
    guard let type = type(of: field) else { return texts(of: value, at: pointer) }
    if case .string = value, !value.isFilled { return [.empty(at: pointer)] }
    // A number beside money means minor units.
    if type == .money, case .integer = value { return [] }
    guard
      let expected = type.expectation(
        of: value, choices: definition.field(field)?.choices ?? [])
    else { return texts(of: value, at: pointer) }
    return [
      .invalid(
        pointer, "wrong-type", zh: "不是字段“\(field)”的值：\(expected.zh)",
        en: "is no value of “\(field)”: it \(expected.en)")
    ]
  }

  private func texts(of value: JSONValue, at pointer: String) -> [GateFailure] {
    switch value {
    case .string(let text): return DefinitionCheck.text(text, at: pointer)
    case .array(let items):
      return items.enumerated().flatMap { texts(of: $1, at: "\(pointer)/\($0)") }
    case .object(let members):
      return members.sorted { $0.key < $1.key }.flatMap { key, value in
        let member = "\(pointer)/\(key.escapedForPointer)"
        return DefinitionCheck.text(key, at: member) + texts(of: value, at: member)
      }
    case .null, .boolean, .integer, .number: return []
    }
  }

  private func moment(_ value: String, at pointer: String) -> [GateFailure] {
    if Validation.isDate(value) || Instant(value) != nil { return [] }
    return [
      .invalid(
        pointer, "invalid-date", zh: "须为日期或时间，例如 2026-11-30",
        en: "must be a date or instant such as 2026-11-30")
    ]
  }

  private func limits(_ limits: [String: Int64], at pointer: String) -> [GateFailure] {
    if limits.isEmpty { return [.empty(at: pointer)] }
    return limits.sorted { $0.key < $1.key }.flatMap { role, limit in
      let member = "\(pointer)/\(role.escapedForPointer)"
      var failures: [GateFailure] = []
      if !StageCheck.moverRoles.contains(role) {
        failures.append(.unknownRole(role, at: member))
      }
      if limit < 0 {
        failures.append(
          .invalid(member, "out-of-range", zh: "不能为负数", en: "must not be negative"))
      }
      return failures
    }
  }
}

extension GateFailure {
  fileprivate static func empty(at pointer: String) -> GateFailure {
    .invalid(pointer, "required", zh: "不能为空", en: "must not be empty")
  }

  fileprivate static func noChecklist(at pointer: String) -> GateFailure {
    .invalid(
      pointer, "no-checklist", zh: "没有可以完成的检查清单；请在阶段中填写 checklist",
      en: "means a checklist, but there is none; add one to the stage")
  }
}
