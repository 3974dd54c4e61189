import Contracts

/// What is wrong with a command's own words, before any gate is asked.
enum Validation {
  static let maximumTextLength = 500
  static let maximumFields = 200
  static let maximumSummaryLength = 10_000

  static func failures(of new: NewOpportunity) -> [GateFailure] {
    text(new.name, at: "/name") + text(new.account.name, at: "/account/name")
      + optional(new.account.id, at: "/account/id")
      + optional(new.account.externalId, at: "/account/externalId")
      + (new.expectedClose.map { date($0, at: "/expectedClose") } ?? [])
      + optional(new.owner, at: "/owner") + optional(new.team, at: "/team")
      + optional(new.externalId, at: "/externalId") + failures(ofFields: new.fields)
  }

  static func failures(of patch: OpportunityPatch) -> [GateFailure] {
    var failures = failures(ofFields: patch.fields) + failures(ofReason: patch.reason)
    if let name = patch.name { failures += text(name, at: "/name") }
    if case .set(let value) = patch.expectedClose { failures += date(value, at: "/expectedClose") }
    if case .set(let step) = patch.nextStep { failures += text(step.text, at: "/nextStep/text") }
    return failures
  }

  static func failures(of assignment: StageCommand.Assignment) -> [GateFailure] {
    var failures = failures(ofReason: assignment.reason)
    if case .set(let owner) = assignment.owner { failures += text(owner, at: "/owner") }
    if case .set(let team) = assignment.team { failures += text(team, at: "/team") }
    if assignment.owner == .keep, assignment.team == .keep { failures.append(.nothingAssigned) }
    return failures
  }

  /// - Parameter now: the time of the hold.
  static func failures(of hold: StageCommand.Hold, at now: Instant) -> [GateFailure] {
    var failures = text(hold.reason, at: "/reason", limit: maximumSummaryLength)
    if let until = hold.until, until <= now {
      failures.append(
        .invalid("/until", "not-in-the-future", zh: "须晚于现在", en: "must lie in the future"))
    }
    return failures
  }

  /// - Parameter now: the time of the recording; clocks may differ by minutes.
  static func failures(
    of feedback: StageCommand.CustomerFeedback, at now: Instant
  ) -> [GateFailure] {
    var failures = text(feedback.text, at: "/text", limit: maximumSummaryLength)
    if let score = feedback.score, !(1...5).contains(score) {
      failures.append(
        .invalid("/score", "out-of-range", zh: "须为 1 至 5", en: "must be from 1 to 5"))
    }
    if let at = feedback.at, at > now.adding(seconds: 300) {
      failures.append(
        .invalid("/at", "in-the-future", zh: "不能晚于现在", en: "must not lie in the future"))
    }
    return failures
  }

  static func failures(of activity: ActivityRecord) -> [GateFailure] {
    text(activity.kind, at: "/kind") + optional(activity.subject, at: "/subject")
      + optional(activity.summary, at: "/summary", limit: maximumSummaryLength)
      + optional(activity.source, at: "/source") + optional(activity.id, at: "/id")
      + optional(activity.contact?.email, at: "/contact/email")
      + optional(activity.contact?.phone, at: "/contact/phone")
      + optional(activity.evidence?.url, at: "/evidence/url", limit: 2_000)
      + optional(activity.evidence?.sha256, at: "/evidence/sha256")
      + optional(activity.evidence?.title, at: "/evidence/title")
  }

  static func failures(ofReason reason: String?) -> [GateFailure] {
    optional(reason, at: "/reason", limit: maximumSummaryLength)
  }

  /// PostgreSQL and most readers cannot hold U+0000 in a text.
  static func failures(ofFields fields: [String: JSONValue]?) -> [GateFailure] {
    guard let fields else { return [] }
    var failures: [GateFailure] = []
    if fields.count > maximumFields {
      failures.append(
        .invalid(
          "/fields", "too-many-fields", zh: "自定义字段最多 \(maximumFields) 个",
          en: "at most \(maximumFields) custom fields"))
    }
    for (key, value) in fields.sorted(by: { $0.key < $1.key })
    where key.isEmpty || key.utf8.contains(0) || value.containsNull {
      failures.append(
        .invalid(
          "/fields/\(key)", "invalid-text", zh: "不能含有 U+0000，字段名不能为空",
          en: "must not contain U+0000 nor have an empty name"))
    }
    return failures
  }

  static func text(
    _ value: String, at pointer: String, limit: Int = maximumTextLength
  ) -> [GateFailure] {
    guard JSONValue.string(value).isFilled else {
      return [.invalid(pointer, "required", zh: "不能为空", en: "must not be empty")]
    }
    return optional(value, at: pointer, limit: limit)
  }

  private static func optional(
    _ value: String?, at pointer: String, limit: Int = maximumTextLength
  ) -> [GateFailure] {
    guard let value else { return [] }
    if value.utf8.contains(0) {
      return [.invalid(pointer, "invalid-text", zh: "不能含有 U+0000", en: "must not contain U+0000")]
    }
    if value.unicodeScalars.count > limit {
      return [
        .invalid(
          pointer, "too-long", zh: "最多 \(limit) 个字符",
          en: "must have at most \(limit) characters")
      ]
    }
    return []
  }

  private static func date(_ value: String, at pointer: String) -> [GateFailure] {
    isDate(value)
      ? []
      : [
        .invalid(
          pointer, "invalid-date", zh: "须为 yyyy-MM-dd 格式的日期，例如 2026-11-30",
          en: "must be a date yyyy-MM-dd such as 2026-11-30")
      ]
  }

  static func isDate(_ value: String) -> Bool {
    let parts = value.split(separator: "-", omittingEmptySubsequences: false)
    return parts.count == 3 && value.utf8.count == 10 && parts[0].utf8.count == 4
      && parts[1].utf8.count == 2
      && parts.allSatisfy { $0.utf8.allSatisfy { (48...57).contains($0) } }
      && CivilDate.isValid(
        year: Int(parts[0]) ?? 0, month: Int(parts[1]) ?? 0, day: Int(parts[2]) ?? 0)
  }
}

extension GateFailure {
  static func invalid(_ pointer: String, _ code: String, zh: String, en: String) -> GateFailure {
    let field = pointer.split(separator: "/").last.map(String.init)
    return GateFailure(
      code: code, pointer: pointer, field: field,
      message: LocalizedText(
        zh: "\(field ?? "")\(zh)", en: field.map { "\($0) \(en)" } ?? en))
  }

  static func noStage(of category: StageCategory) -> GateFailure {
    GateFailure(
      code: "no-such-stage", pointer: "/",
      message: LocalizedText(
        zh: "该流程没有类别为 \(category.rawValue) 的阶段",
        en: "The pipeline has no stage of the category \(category.rawValue)"))
  }
}

extension JSONValue {
  fileprivate var containsNull: Bool {
    switch self {
    case .string(let text): text.utf8.contains(0)
    case .array(let items): items.contains(where: \.containsNull)
    case .object(let members):
      members.contains { $0.key.utf8.contains(0) || $0.value.containsNull }
    default: false
    }
  }
}
