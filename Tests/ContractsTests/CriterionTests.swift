import Contracts
import Testing

@Suite struct CriterionTests {
  @Test(
    arguments: [
      (.filled(field: "owner"), #"{"filled":"owner"}"#),
      (.equals(field: "a", value: .null), #"{"equals":{"field":"a","value":null}}"#),
      (.oneOf(field: "a", values: [1, "x"]), #"{"oneOf":{"field":"a","values":[1,"x"]}}"#),
      (.atLeast(field: "amount", value: 0.5), #"{"atLeast":{"field":"amount","value":0.5}}"#),
      (.atMost(field: "amount", value: 7), #"{"atMost":{"field":"amount","value":7}}"#),
      (
        .before(field: "expectedClose", value: "2027-01-01"),
        #"{"before":{"field":"expectedClose","value":"2027-01-01"}}"#
      ),
      (.evidence(kind: "document"), #"{"evidence":{"kind":"document"}}"#),
      (.feedback(withinDays: 14), #"{"feedback":{"withinDays":14}}"#),
      (.checklist, #"{"checklist":{}}"#),
      (.amountWithin(limits: ["rep": 100]), #"{"amountWithin":{"limits":{"rep":100}}}"#),
      (.all([]), #"{"all":[]}"#),
      (
        .any([.filled(field: "a"), .not(.filled(field: "b"))]),
        #"{"any":[{"filled":"a"},{"not":{"filled":"b"}}]}"#
      ),
      (.not(.all([.filled(field: "a")])), #"{"not":{"all":[{"filled":"a"}]}}"#),
    ] as [(Criterion.Rule, String)])
  func aRuleComesBack(_ rule: Criterion.Rule, _ text: String) throws {
    #expect(try json(rule) == text)
    #expect(try decode(Criterion.Rule.self, text) == rule)
  }

  @Test(arguments: [#"{"filled":"a","not":{"filled":"b"}}"#, "{}", #"{"unknown":1}"#])
  func exactlyOneMember(_ text: String) {
    let list =
      "filled, equals, oneOf, atLeast, atMost, before, evidence, feedback, checklist, "
      + "amountWithin, all, any, not"
    let criterion = #"{"key":"k","name":{"zh":"","en":""},"rule":\#(text)}"#
    #expect(
      refusal([Criterion].self, "[\(criterion)]") == "/0/rule: expected exactly one of \(list)")
  }

  @Test func aWrongMemberIsNamed() {
    #expect(
      refusal(Criterion.Rule.self, #"{"atLeast":{"field":"a","value":"5"}}"#)
        == "/atLeast/value has the wrong type; expected a number")
    #expect(refusal(Criterion.Rule.self, #"{"oneOf":{"field":"a"}}"#) == "/oneOf/values is missing")
    #expect(
      refusal(Criterion.Rule.self, #"{"all":[{"filled":"a"},{"filled":1}]}"#)?
        .hasSuffix("/filled has the wrong type; expected a string") == true)
  }

  @Test func aStageNeedsOnlyKeyNameAndCategory() throws {
    let text = #"{"category":"post-win","key":"k","name":{"en":"K","zh":"凯"}}"#
    let stage = try decode(Stage.self, text)
    #expect(stage == Stage(key: "k", name: LocalizedText(zh: "凯", en: "K"), category: .postWin))
    #expect(try decode(Stage.self, try json(stage)) == stage)
    #expect(
      refusal(Stage.self, text.replacing("post-win", with: "closed"))?.hasPrefix("/category")
        == true)
  }
}
