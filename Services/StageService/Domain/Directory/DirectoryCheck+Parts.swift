import Contracts
import ServiceWiring

// What the entries have in common.
extension DirectoryCheck {
  static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .control
  }

  static func id(_ id: String) -> [GateFailure] {
    DirectoryID.isValid(id)
      ? []
      : [
        .invalid(
          "/id", "invalid-id", zh: "须为 1 至 \(DirectoryID.maximumLength) 个字符，不含空白、控制字符和 / ? # % :",
          en:
            "must have 1 to \(DirectoryID.maximumLength) characters other than blanks, controls and / ? # % :"
        )
      ]
  }

  static func text(_ text: String, at pointer: String) -> [GateFailure] {
    if !text.contains(where: { !$0.isWhitespace }) {
      return [.invalid(pointer, "required", zh: "不能为空", en: "must not be empty")]
    }
    if text.unicodeScalars.contains(where: isControl) {
      return [
        .invalid(
          pointer, "invalid-text", zh: "不能含有控制字符", en: "must not contain control characters")
      ]
    }
    return count(text.unicodeScalars.count, at: pointer, limit: maximumTextLength, isText: true)
  }

  static func name(_ name: LocalizedText, at pointer: String) -> [GateFailure] {
    text(name.zh, at: pointer + "/zh") + text(name.en, at: pointer + "/en")
  }

  static func count(
    _ count: Int, at pointer: String, limit: Int, isText: Bool = false
  ) -> [GateFailure] {
    guard count > limit else { return [] }
    return [
      isText
        ? .invalid(
          pointer, "too-long", zh: "最多 \(limit) 个字符", en: "must have at most \(limit) characters")
        : .invalid(
          pointer, "too-many", zh: "最多 \(limit) 项", en: "must have at most \(limit) items")
    ]
  }

  static func address(_ text: String, isEmail: Bool, at pointer: String) -> [GateFailure] {
    let failures = self.text(text, at: pointer)
    guard failures.isEmpty, isEmail else { return failures }
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    let isAddress =
      parts.count == 2 && parts.allSatisfy { !$0.isEmpty }
      && !text.contains(where: \.isWhitespace)
    return isAddress
      ? []
      : [
        .invalid(
          pointer, "invalid-email", zh: "须为邮箱地址，例如 li.na@example.com",
          en: "must be a mail address such as li.na@example.com")
      ]
  }

  static func team(
    _ id: String?, at pointer: String, in directory: Directory, itself: String? = nil
  ) -> [GateFailure] {
    guard let id, id != itself, directory.teams[id] == nil else { return [] }
    return [
      .invalid(
        pointer, "unknown-team", zh: "没有团队“\(id)”；请先建立它",
        en: "names the team “\(id)”, which there is not; make it first")
    ]
  }

  static func person(
    _ id: String?, at pointer: String, in directory: Directory, itself: String? = nil
  ) -> [GateFailure] {
    guard let id, id != itself, directory.people[id] == nil else { return [] }
    return [
      .invalid(
        pointer, "unknown-person", zh: "没有人员“\(id)”；请先建立它",
        en: "names the person “\(id)”, who is not there; make that entry first")
    ]
  }

  /// The way around, `a → b → a`, that a new line upwards would make; nil where there is none.
  static func cycle(
    from start: String, to first: String?, _ above: (String) -> String?
  ) -> String? {
    var line = [start]
    var next = first
    while let id = next {
      line.append(id)
      if id == start { return line.joined(separator: " → ") }
      // A circle elsewhere cannot come about; the guard is against an endless walk only.
      if line.dropLast().contains(id) { return nil }
      next = above(id)
    }
    return nil
  }

  /// Who takes over the deals of somebody who leaves.
  static func failures(
    ofSuccessor id: String, to person: String, in directory: Directory
  ) -> [GateFailure] {
    if id == person {
      return [
        .invalid("/reassignTo", "own-delegate", zh: "不能是本人", en: "must be somebody else")
      ]
    }
    guard directory.people[id]?.active == false else {
      return self.person(id, at: "/reassignTo", in: directory)
    }
    return [
      .invalid(
        "/reassignTo", "person-inactive", zh: "已停用", en: "names a person who has left")
    ]
  }

  static func roles(_ roles: [String]) -> [GateFailure] {
    count(roles.count, at: "/roles", limit: maximumItems)
      + roles.prefix(maximumItems).enumerated().filter { !PersonEntry.isRole($0.element) }.map {
        .invalid(
          "/roles/\($0.offset)", "invalid-key", zh: "只能由 1 至 60 个小写字母、数字和连字符组成",
          en: "must be 1 to 60 lower-case letters, digits and hyphens")
      }
  }

  static func absence(
    _ absence: PersonEntry.Absence, of person: PersonEntry, in directory: Directory
  ) -> [GateFailure] {
    var failures: [GateFailure] = []
    if absence.to < absence.from {
      failures.append(
        .invalid(
          "/absence/to", "out-of-range", zh: "不能早于 from（\(absence.from)）",
          en: "must not lie before from (\(absence.from))"))
    }
    if absence.delegateId == person.id {
      failures.append(
        .invalid(
          "/absence/delegateId", "own-delegate", zh: "不能是本人", en: "must be somebody else"))
    } else {
      failures += self.person(absence.delegateId, at: "/absence/delegateId", in: directory)
    }
    return failures
  }

  static func channels(_ channels: [PersonEntry.Channel]) -> [GateFailure] {
    var failures = count(channels.count, at: "/channels", limit: maximumItems)
    let kinds = PersonEntry.Channel.kinds.joined(separator: ", ")
    for (index, channel) in channels.prefix(maximumItems).enumerated() {
      if !PersonEntry.Channel.kinds.contains(channel.kind) {
        failures.append(
          .invalid(
            "/channels/\(index)/kind", "unknown-kind", zh: "须为以下之一：\(kinds)",
            en: "must be one of: \(kinds)"))
      }
      failures += address(
        channel.address, isEmail: channel.kind == "email", at: "/channels/\(index)/address")
    }
    return failures
  }
}

extension GateFailure {
  static let ownDeparture = GateFailure.invalid(
    "/active", "own-entry", zh: "不能停用本人；请由另一位管理员操作",
    en: "cannot be taken from oneself; ask another admin to do it")

  static func notACurrency(_ pointer: String) -> GateFailure {
    .invalid(
      pointer, "invalid-currency", zh: "须为三个大写字母的 ISO 4217 代码，例如 USD",
      en: "must be an ISO 4217 code of three capital letters such as USD")
  }
}
