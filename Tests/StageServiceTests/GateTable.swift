import Contracts

@testable import StageService

extension GateCase {
  static let all = fields + money + history + limits + combinations + ways + deciders

  private static let entry = ["entry-criterion-unmet"]
  private static let decider = ["not-the-decider"]

  private static let fields: [GateCase] = [
    GateCase("a field is filled", ["need": "x"], to: "filled", []),
    GateCase("a field is not filled", to: "filled", entry),
    GateCase("blanks fill nothing", ["need": "  "], to: "filled", entry),
    GateCase("a field that comes with the move", to: "filled", with: ["need": "x"], []),
    GateCase(
      "a field that goes with the move", ["need": "x"], to: "filled", with: ["need": .null], entry),
    GateCase("a text that is a number", to: "filled", with: ["need": 7], ["invalid-field"]),
    GateCase("the choice", ["tier": "gold"], to: "equals-choice", []),
    GateCase("another choice", ["tier": "silver"], to: "equals-choice", entry),
    GateCase("no choice", to: "equals-choice", entry),
    GateCase(
      "a choice that there is not", to: "equals-choice", with: ["tier": "bronze"],
      ["invalid-field"] + entry),
    GateCase("the number", ["seats": 5], to: "equals-number", []),
    GateCase("the number with decimals", ["seats": 5.0], to: "equals-number", []),
    GateCase(
      "a number as text", to: "equals-number", with: ["seats": "5"], ["invalid-field"] + entry),
    GateCase("one of the choices", ["tier": "silver"], to: "one-of", []),
    GateCase("none of the choices", to: "one-of", entry),
    GateCase("a number within the bound", ["seats": 10], to: "at-most", []),
    GateCase("a number above the bound", ["seats": 10.5], to: "at-most", entry),
    GateCase("nothing is within no bound", to: "at-most", entry),
    GateCase("a date before", ["due": "2026-12-30"], to: "before", []),
    GateCase("the date itself is not before", ["due": "2026-12-31"], to: "before", entry),
    GateCase("no date", to: "before", entry),
    GateCase(
      "a date that there is not", to: "before", with: ["due": "2026-02-30"], ["invalid-field"]),
    GateCase("a person without an id", to: "after", with: ["buyer": " "], ["invalid-field"]),
    GateCase("yes as text", to: "after", with: ["signed": "yes"], ["invalid-field"]),
    GateCase(
      "fields that are not declared are free", to: "after", with: ["note": .array([1, "x"])],
      []),
  ]

  private static let money: [GateCase] = [
    GateCase("the sum", ["budget": cny(500_000).json], to: "equals-money", []),
    GateCase(
      "the sum in another currency", ["budget": Money(minor: 500_000, currency: "USD").json],
      to: "equals-money", entry),
    GateCase("just enough money", ["budget": cny(100_000).json], to: "at-least", []),
    GateCase("a fen too little", ["budget": cny(99_999).json], to: "at-least", entry),
    GateCase(
      "money without a currency", to: "at-least", with: ["budget": 200_000], ["invalid-field"]),
    GateCase("a deal with an amount", to: "priced", []),
    GateCase("a deal without an amount", amount: nil, to: "priced", entry),
  ]

  private static let history: [GateCase] = [
    GateCase(
      "a document with a link", after: [.activity("document", link: true)], to: "document", []),
    GateCase(
      "a document without a link", after: [.activity("document", link: false)], to: "document",
      entry),
    GateCase(
      "evidence of another kind", after: [.activity("email", link: true)], to: "document", entry),
    GateCase("a call needs no link", after: [.activity("call", link: false)], to: "call", []),
    GateCase("no call", to: "call", entry),
    GateCase("fresh feedback", after: [.feedback(daysAgo: 3)], to: "feedback", []),
    GateCase("old feedback", after: [.feedback(daysAgo: 8)], to: "feedback", entry),
    GateCase(
      "an impression is no feedback", after: [.feedback(daysAgo: 1, explicit: false)],
      to: "feedback", entry),
    GateCase(
      "an impression after feedback",
      after: [.feedback(daysAgo: 3), .feedback(daysAgo: 1, explicit: false)],
      to: "feedback", []),
    GateCase(
      "all items ticked", after: [.ticked("intro"), .ticked("visit")], to: "checklist", []),
    GateCase("one item ticked", after: [.ticked("intro")], to: "checklist", entry),
    GateCase(
      "an item that is ticked no longer",
      after: [.ticked("intro"), .ticked("visit"), .ticked("intro", false)], to: "checklist",
      entry),
  ]

  private static let limits: [GateCase] = [
    GateCase("a rep at the limit", amount: cny(100_000), to: "limit", [], rule: entry),
    GateCase("a rep above the limit", amount: cny(100_001), to: "limit", entry),
    GateCase(
      "a manager above a rep's limit", amount: cny(100_001), by: .ownersManager, to: "limit", [],
      rule: entry),
    GateCase(
      "a manager above the limit", amount: cny(1_000_001), by: .otherManager, to: "limit", entry),
    GateCase(
      "a role without a limit", amount: cny(1_000_001), by: .admin, to: "limit", [], rule: entry),
    GateCase("no amount is above no limit", amount: nil, to: "limit", []),
  ]

  private static let combinations: [GateCase] = [
    GateCase("all of them", ["need": "x", "signed": true], to: "all", []),
    GateCase("not all of them", ["need": "x", "signed": false], to: "all", entry),
    GateCase("one of them", after: [.activity("contract", link: true)], to: "any", []),
    GateCase("none of them", to: "any", entry),
    GateCase("the opposite holds", to: "not", []),
    GateCase("the opposite does not hold", ["need": "x"], to: "not", entry),
  ]

  private static let complete: [Happening] = [.ticked("paper"), .expectedClose("2026-12-31")]
  private static let filled: [String: JSONValue] = ["need": "x", "buyer": "wang", "signed": true]
  private static let nothingThere = [
    "field-required", "field-required", "field-required", "exit-criterion-unmet",
    "exit-criterion-unmet",
  ]

  private static let ways: [GateCase] = [
    GateCase(
      "everything is there", in: "strict", filled, after: complete, by: .ownersManager, to: "after",
      [],
      rule: decider),
    GateCase("nothing is there", in: "strict", to: "after", decider + nothingThere),
    GateCase("back asks for nothing", in: "strict", to: "start", []),
    GateCase(
      "no way leads there", in: "strict", to: "won", ["transition-not-allowed"] + nothingThere),
    GateCase("lost without a reason", in: "strict", to: "lost", ["reason-required"]),
    GateCase(
      "lost for no listed reason", in: "strict", to: "lost", reason: "bad luck",
      ["unknown-loss-reason"]),
    GateCase("lost for a listed reason", in: "strict", to: "lost", reason: "price", []),
    GateCase("where it stands already", to: "start", ["already-in-stage"]),
    GateCase("out of a closed stage", in: "lost", to: "start", ["opportunity-closed"]),
    GateCase("from won to what follows", in: "won", to: "delivery", []),
  ]

  private static let deciders: [GateCase] = [
    GateCase("the owner decides", in: "by-owner", to: "after", [], rule: decider),
    GateCase(
      "a manager for the owner", in: "by-owner", by: .ownersManager, to: "after", [],
      rule: decider),
    GateCase("another rep for the owner", in: "by-owner", by: .otherRep, to: "after", decider),
    GateCase(
      "a manager of others for the owner", in: "by-owner", by: .otherManager, to: "after", decider),
    GateCase("the owner for the manager", in: "by-manager", to: "after", decider),
    GateCase(
      "the manager decides", in: "by-manager", by: .ownersManager, to: "after", [], rule: decider),
    GateCase(
      "a manager of others", in: "by-manager", by: .otherManager, to: "after", decider),
    GateCase("a person for a rule", in: "by-automation", to: "after", decider, rule: []),
    GateCase(
      "whoever has the role", in: "by-role", by: .otherManager, to: "after", [], rule: decider),
    GateCase("without the role", in: "by-role", to: "after", decider),
    GateCase("the person", in: "by-person", by: .otherRep, to: "after", [], rule: decider),
    GateCase("another person", in: "by-person", to: "after", decider),
    GateCase(
      "somebody else decides on this way", in: "by-next", to: "lost", reason: "price", decider),
    GateCase("and not on that one", in: "by-next", to: "after", [], rule: decider),
    GateCase("deciders decide backwards, too", in: "by-manager", to: "start", decider),
  ]
}
