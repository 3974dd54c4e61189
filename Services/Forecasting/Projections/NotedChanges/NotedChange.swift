import Contracts

/// What an event says of a deal beyond its course: when it is expected to close, a tick on a checklist,
/// or what the customer said.
struct NotedChange: Hashable, Sendable {
  enum Kind: String, CaseIterable, Sendable {
    case expectedClose = "expected-close"
    case checklist, feedback
  }

  var kind: Kind
  /// "" of an expected close.
  var stage = ""
  /// Of a checklist; else "".
  var item = ""
  /// The tick is set, the customer said something, or there is a date; false: it is taken away.
  var isSet: Bool
  /// The expected close, and the one before.
  var day: CalendarDay?
  var formerDay: CalendarDay?
  /// Of feedback: from 1 to 5; nil without one.
  var score: Int?
  /// Of feedback: the customer's own words.
  var isExplicit: Bool?
}

extension StageEvent {
  /// In the order in which the event names them.
  var notedChanges: [NotedChange] {
    if type == .created {
      guard let text = data.expectedClose, let day = CalendarDay(text) else { return [] }
      return [NotedChange(kind: .expectedClose, isSet: true, day: day)]
    }
    if data.changes.isEmpty { return [] }
    return data.changes.compactMap(NotedChange.init)
  }
}

extension NotedChange {
  /// Nil for a change of anything else.
  init?(_ change: FieldChange) {
    let parts = change.field.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
      .map(String.init)
    switch (parts[0], parts.count) {
    case ("expectedClose", 1):
      let day = change.new.day
      self.init(
        kind: .expectedClose, isSet: day != nil, day: day, formerDay: change.old.day)
    case ("checklist", 3):
      self.init(
        kind: .checklist, stage: parts[1], item: parts[2], isSet: change.new != .null)
    case ("feedback", 2):
      guard case .object(let members) = change.new else {
        self.init(kind: .feedback, stage: parts[1], isSet: false)
        return
      }
      var score: Int?
      if case .integer(let whole)? = members["score"], (1...5).contains(whole) {
        score = Int(whole)
      }
      self.init(
        kind: .feedback, stage: parts[1], isSet: true, score: score,
        isExplicit: members["explicit"] != .boolean(false))
    default: return nil
    }
  }
}

extension JSONValue {
  fileprivate var day: CalendarDay? {
    if case .string(let text) = self { CalendarDay(text) } else { nil }
  }
}
