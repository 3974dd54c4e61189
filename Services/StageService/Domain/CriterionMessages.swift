import Contracts

// What is said of a criterion that is not met, beyond its own name.
extension Criterion.Rule {
  /// Where to supply what is missing, as a JSON pointer; the first of a combination.
  var place: String? {
    switch self {
    case .evidence: "/evidence"
    case .feedback: "/feedback"
    case .checklist: "/checklist"
    case .all(let rules), .any(let rules): rules.lazy.compactMap(\.place).first
    case .not(let rule): rule.place
    default: field.map(GateFailure.pointer)
    }
  }

  /// What is missing in particular, beyond what the criterion's name says.
  func shortfall(_ facts: GateFacts) -> LocalizedText? {
    switch self {
    case .evidence(let kind):
      return LocalizedText(zh: "缺少类型为 \(kind) 的佐证", en: "evidence of the kind \(kind)")
    case .feedback(let days):
      let days = days.formatted
      return LocalizedText(
        zh: "\(days) 天内没有客户明确反馈", en: "no explicit feedback within \(days) days")
    case .checklist:
      let items = facts.openItems.map(\.name)
      return LocalizedText(
        zh: "未完成：\(items.map(\.zh).joined(separator: "、"))",
        en: "still open: \(items.map(\.en).joined(separator: ", "))")
    case .amountWithin:
      return LocalizedText(zh: "金额超出您的权限", en: "the amount is above what you may decide on")
    case .all(let rules):
      return rules.lazy.filter { !$0.holds(for: facts) }.compactMap { $0.shortfall(facts) }.first
    default: return nil
    }
  }

  /// Who can make the rule hold, where that follows from the rule itself.
  func supplier(_ facts: GateFacts) -> String? {
    switch self {
    case .amountWithin(let limits):
      let minor = facts.deal.amount?.minor ?? 0
      let able = limits.filter { $0.value >= minor }.min { ($0.value, $0.key) < ($1.value, $1.key) }
      return able.map { "role:\($0.key)" }
    case .all(let rules):
      return rules.lazy.filter { !$0.holds(for: facts) }.compactMap { $0.supplier(facts) }.first
    default: return nil
    }
  }
}

extension Double {
  /// Without decimals where there are none.
  fileprivate var formatted: String {
    Int64(exactly: self).map(String.init) ?? String(self)
  }
}
