/// What was erased of the personal data of a deal, in all of its history up to the event that says so.
///
/// Always: what activities and feedback said in words, contacts of activities, links and titles of
/// evidence, and the text of the next step. What people of the house did, and when, stays.
package struct ErasedData: Codable, Hashable, Sendable {
  /// Keys of the custom fields whose values were erased, too.
  package var fields: [String]
  /// Whether the names of the deal, its account and its duplicates were erased, too.
  package var names: Bool

  /// Stands where something was erased that cannot be absent.
  package static let mark = "[erased]"

  package init(fields: [String], names: Bool) {
    self.fields = fields
    self.names = names
  }
}

// Every reader erases by these rules, and once more changes nothing.

extension StageEventData {
  package func erasing(_ erased: ErasedData) -> StageEventData {
    var data = self
    data.changes = changes.map { $0.erasing(erased) }
    data.activity = activity?.erased
    data.evidence = evidence?.erased
    if erased.names {
      if name != nil { data.name = ErasedData.mark }
      if account != nil { data.account?.name = ErasedData.mark }
    }
    return data
  }
}

extension ActivityRecord {
  /// That it happened, and when; not what was said, or by whom.
  package var erased: ActivityRecord {
    var record = self
    record.subject = nil
    record.summary = nil
    record.contact = nil
    record.evidence = evidence?.erased
    return record
  }
}

extension EvidenceLink {
  /// That there was a link.
  package var erased: EvidenceLink { EvidenceLink(url: ErasedData.mark) }
}

extension RuleEvidence {
  package var erased: RuleEvidence {
    var evidence = self
    evidence.words = ErasedData.mark
    return evidence
  }
}

extension FieldChange {
  fileprivate func erasing(_ erased: ErasedData) -> FieldChange {
    let erase: (JSONValue) -> JSONValue
    if let key = suffix(behind: "fields.") {
      guard erased.fields.contains(key) else { return self }
      erase = { _ in .string(ErasedData.mark) }
    } else if field == "nextStep" || suffix(behind: "feedback.") != nil {
      erase = { $0.replacing("text", by: .string(ErasedData.mark)) }
    } else if suffix(behind: "evidence.") != nil {
      erase = { $0.replacing("link", by: .object(["url": .string(ErasedData.mark)])) }
    } else if erased.names, field == "name" || field == "account" {
      erase = { _ in .string(ErasedData.mark) }
    } else if erased.names, suffix(behind: "mergedFrom.") != nil {
      erase = { $0.replacing("name", by: .string(ErasedData.mark)) }
    } else {
      return self
    }
    return FieldChange(
      field: field, old: old == .null ? .null : erase(old), new: new == .null ? .null : erase(new))
  }

  private func suffix(behind prefix: String) -> String? {
    field.hasPrefix(prefix) ? String(field.dropFirst(prefix.count)) : nil
  }
}

extension JSONValue {
  /// The object with another value in a member that it has.
  fileprivate func replacing(_ member: String, by value: JSONValue) -> JSONValue {
    guard case .object(var members) = self, members[member] != nil else { return self }
    members[member] = value
    return .object(members)
  }
}
