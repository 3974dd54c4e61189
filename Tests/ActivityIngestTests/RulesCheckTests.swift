import Contracts
import Testing

@testable import ActivityIngest

/// What is refused of a rule, all of it at once.
@Suite struct RulesCheckTests {
  private static let good = Rule(
    key: "order-placed", name: LocalizedText(zh: "已下单", en: "Order placed"),
    intent: "order-placed", keywords: ["下单了", "order placed"], kinds: ["chat"],
    directions: [.inbound], mode: .auto,
    transitions: [
      Rule.Transition(pipeline: "general", from: ["contract"], to: .win, fields: ["ordered": true])
    ])

  private func complaints(_ edit: (inout Rule) -> Void) -> [String] {
    var rule = Self.good
    edit(&rule)
    return RuleCheck.failures(of: rule).map { "\($0.pointer) \($0.code)" }
  }

  @Test func aGoodRuleIsLeftAlone() {
    #expect(complaints { _ in } == [])
  }

  @Test func everythingIsSaidAtOnce() {
    let found = complaints { rule in
      rule.key = "Order Placed"
      rule.name = LocalizedText(zh: " ", en: "a\u{0}")
      rule.intent = ""
      rule.keywords = ["…", "好", "{"]
      rule.kinds = []
      rule.directions = []
      rule.confidence = 0
      rule.transitions = [
        Rule.Transition(pipeline: "?", from: [], to: .stage("A"), fields: ["": 1]),
        Rule.Transition(from: ["ok", "Ä"], to: .next, fields: ["a": "\u{0}"]),
      ]
    }
    #expect(
      found == [
        "/key invalid-key", "/name/zh required", "/name/en invalid-text", "/intent invalid-key",
        "/keywords/0 no-words", "/keywords/2 unbalanced-braces", "/kinds required",
        "/directions required", "/transitions/0/pipeline invalid-key",
        "/transitions/0/from required",
        "/transitions/0/to invalid-key", "/transitions/0/fields invalid-name",
        "/transitions/1/from/1 invalid-key", "/transitions/1/fields invalid-text",
        "/confidence out-of-range",
      ])
  }

  @Test func limits() {
    #expect(complaints { $0.keywords = [] } == ["/keywords required"])
    #expect(
      complaints { $0.keywords = Array(repeating: "好", count: 5_001) } == ["/keywords too-many"])
    #expect(
      complaints { $0.keywords = [String(repeating: "好", count: 1_001)] }
        == ["/keywords/0 too-long"])
    let many = "{一|二|三|四|五|六|七|八|九|十}{一|二|三|四|五|六|七|八|九|十}{甲|乙|丙|丁|戊|己|庚|辛|壬|癸}"
    #expect(
      complaints { $0.keywords = (0..<21).map { "\($0)\(many)" } }
        == ["/keywords too-many-alternatives"])
    #expect(complaints { $0.kinds = Array(repeating: "a", count: 101) } == ["/kinds too-many"])
    #expect(complaints { $0.name.zh = String(repeating: "名", count: 501) } == ["/name/zh too-long"])
    #expect(complaints { $0.key = String(repeating: "k", count: 61) } == ["/key invalid-key"])
    for confidence in [-1, 1.01, .nan, .infinity] {
      #expect(complaints { $0.confidence = confidence } == ["/confidence out-of-range"])
    }
    #expect(
      complaints { rule in
        let fields = (0..<101).map { ("f\($0)", JSONValue.null) }
        rule.transitions[0].fields = Dictionary(uniqueKeysWithValues: fields)
      } == ["/transitions/0/fields too-many"])
  }

  @Test func aRuleComesBackFromJSON() throws {
    let bytes = try JSONCoding.encode(Self.good)
    #expect(try JSONCoding.decode(Rule.self, from: bytes) == Self.good)
    let short = #"{"key":"k","name":{"zh":"","en":""},"intent":"i","keywords":["a"],"kinds":null}"#
    let rule = try JSONCoding.decode(Rule.self, from: Array(short.utf8))
    #expect(rule.mode == .review)
    #expect(rule.confidence == 0.9)
    #expect(rule.enabled)
    #expect(rule.transitions.isEmpty)
    #expect(rule.kinds == nil)
    let ways = #"[{"to":"next"},{"to":"win"},{"to":"contract"}]"#
    #expect(
      try JSONCoding.decode([Rule.Transition].self, from: Array(ways.utf8)).map(\.to)
        == [.next, .win, .stage("contract")])
  }
}
