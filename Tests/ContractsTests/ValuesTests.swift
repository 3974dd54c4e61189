import Contracts
import Testing

@Suite struct ValuesTests {
  @Test func moneyIsAWholeNumberOfMinorUnits() throws {
    let money = Money(minor: -1_250, currency: "CNY")
    #expect(try json(money) == #"{"currency":"CNY","minor":-1250}"#)
    #expect(try decode(Money.self, try json(money)) == money)
    #expect(
      refusal(Money.self, #"{"minor":"1","currency":"CNY"}"#)
        == "/minor has the wrong type; expected a whole number")
    #expect(refusal(Money.self, #"{"minor":1.5,"currency":"CNY"}"#) == notJSON)
    #expect(refusal(Money.self, #"{"minor":1}"#) == "/currency is missing")
  }

  @Test(arguments: ["", "CN", "CNYY", "cny", "CN1", "￥￥￥", "ÄÖÜ"])
  func aCurrencyIsThreeCapitalLetters(_ code: String) {
    #expect(!Money.isCurrency(code))
    #expect(
      refusal([Money].self, "[{\"minor\":1,\"currency\":\"\(code)\"}]")
        == "/0/currency: expected an ISO 4217 code of three capital letters such as CNY")
  }

  @Test func anyJSONComesBack() throws {
    var random = SplitMix(4)
    for _ in 0..<2_000 {
      let value = Self.value(depth: 4, &random)
      #expect(try decode(JSONValue.self, try json(value)) == value)
    }
  }

  @Test func wholeNumbersKeepEveryDigit() throws {
    let text = "[9223372036854775807,-9223372036854775808,0.1,true,null,\"\\u0000\",{}]"
    #expect(
      try decode(JSONValue.self, text)
        == .array([
          .integer(.max), .integer(.min), .number(0.1), .boolean(true), .null, .string("\0"),
          .object([:]),
        ]))
    #expect(try decode([String: JSONValue].self, #"{"gone":null}"#) == ["gone": .null])
  }

  @Test(
    arguments: [
      (.null, false), ("", false), (" \n\u{3000}", false), (.array([]), false),
      (.object([:]), false),
      ("x", true), (0, true), (false, true), (.array([.null]), true), (.object(["a": .null]), true),
    ] as [(JSONValue, Bool)])
  func filled(_ value: JSONValue, _ isFilled: Bool) {
    #expect(value.isFilled == isFilled)
  }

  @Test func numeric() {
    #expect(JSONValue.integer(3).numeric == 3)
    #expect(JSONValue.number(3.5).numeric == 3.5)
    #expect(JSONValue.string("3").numeric == nil)
    #expect(JSONValue.boolean(true).numeric == nil)
  }

  private static func value(depth: Int, _ random: inout SplitMix) -> JSONValue {
    let texts = ["", "a/b~c", "\u{1F600}", "\"\\\n", "商机", "null"]
    switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &random) {
    case 0: return .null
    case 1: return .boolean(.random(using: &random))
    case 2: return .integer(.random(in: .min ... .max, using: &random))
    // Halves: a whole number comes back as an integer.
    case 3: return .number(Double(Int32.random(in: -9_999...9_999, using: &random)) + 0.5)
    case 4: return .string(texts.randomElement(using: &random)!)
    case 5: return .array((0..<3).map { _ in value(depth: depth - 1, &random) })
    default:
      return .object(
        Dictionary(
          texts.map { ($0, value(depth: depth - 1, &random)) }, uniquingKeysWith: { $1 }))
    }
  }
}
