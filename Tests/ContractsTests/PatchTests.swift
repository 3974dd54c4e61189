import Contracts
import Testing

@Suite struct PatchTests {
  @Test func anAbsentMemberStays() throws {
    let patch = try decode(OpportunityPatch.self, "{}")
    #expect(patch == OpportunityPatch())
    #expect(patch.amount == .keep && patch.expectedClose == .keep && patch.nextStep == .keep)
    #expect(try json(patch) == "{}")
  }

  @Test func nullClears() throws {
    let text = #"{"amount":null,"expectedClose":null,"fields":{"budget":null},"nextStep":null}"#
    let patch = try decode(OpportunityPatch.self, text)
    #expect(
      patch
        == OpportunityPatch(
          amount: .clear, expectedClose: .clear, nextStep: .clear, fields: ["budget": .null]))
    #expect(try json(patch) == text)
  }

  @Test func aValueSets() throws {
    let patch = OpportunityPatch(
      name: "Pump station", amount: .set(Money(minor: 5, currency: "EUR")),
      expectedClose: .set("2027-01-31"),
      nextStep: .set(NextStep(text: "call", dueAt: Instant(microseconds: 0))),
      fields: ["budget": 7], reason: "after the visit")
    let text = try json(patch)
    #expect(
      text == #"{"amount":{"currency":"EUR","minor":5},"expectedClose":"2027-01-31","#
        + #""fields":{"budget":7},"name":"Pump station","#
        + #""nextStep":{"dueAt":"1970-01-01T00:00:00.000000Z","text":"call"},"#
        + #""reason":"after the visit"}"#)
    #expect(try decode(OpportunityPatch.self, text) == patch)
  }

  @Test func aWrongMemberIsNamed() {
    #expect(
      refusal(OpportunityPatch.self, #"{"amount":5}"#)
        == "/amount has the wrong type; expected an object")
    #expect(refusal(OpportunityPatch.self, #"{"nextStep":{}}"#) == "/nextStep/text is missing")
    #expect(
      refusal(OpportunityPatch.self, #"{"fields":[]}"#)
        == "/fields has the wrong type; expected an object")
  }
}
