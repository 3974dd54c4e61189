import Contracts

extension FeedEvent.Note {
  /// Shares no code with the projector on purpose: it is what the projector is checked against.
  static func all(in item: FeedItem) -> [FeedEvent.Note] {
    if item.type == .created {
      return [day(item.data.expectedClose, after: nil)].filter(\.isSet)
    }
    return item.data.changes.compactMap { change in
      if change.field == "expectedClose" {
        return day(text(change.new), after: text(change.old))
      }
      let path =
        change.field.components(prefix: "checklist.")
        ?? change.field.components(
          prefix: "feedback.")
      guard let path else { return nil }
      if change.field.hasPrefix("checklist.") {
        guard let dot = path.firstIndex(of: ".") else { return nil }
        return FeedEvent.Note(
          kind: "checklist", stage: String(path[..<dot]),
          item: String(path[path.index(after: dot)...]), isSet: change.new != .null)
      }
      guard !path.contains(".") else { return nil }
      guard case .object(let said) = change.new else {
        return FeedEvent.Note(kind: "feedback", stage: path, isSet: false)
      }
      var score: Int32?
      if case .integer(let number)? = said["score"], number >= 1, number <= 5 {
        score = Int32(number)
      }
      return FeedEvent.Note(
        kind: "feedback", stage: path, isSet: true, score: score,
        isExplicit: said["explicit"] != .boolean(false))
    }
  }

  private static func day(_ text: String?, after former: String?) -> FeedEvent.Note {
    let day = text.flatMap { CalendarDay($0) }
    return FeedEvent.Note(
      kind: "expected-close", isSet: day != nil, day: day?.description,
      formerDay: former.flatMap { CalendarDay($0) }?.description)
  }

  private static func text(_ value: JSONValue) -> String? {
    if case .string(let text) = value { text } else { nil }
  }
}

extension String {
  /// What follows the prefix; nil where there is none.
  fileprivate func components(prefix: String) -> String? {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
  }
}
