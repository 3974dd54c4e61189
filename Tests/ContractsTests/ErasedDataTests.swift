import Contracts
import Testing

@Suite struct ErasedDataTests {
  private static let erased = ErasedData(fields: ["mail"], names: true)

  private static func event(_ changes: FieldChange...) -> StageEventData {
    var data = Sample.event(.changed).data
    data.changes = changes
    return data
  }

  @Test func onceMoreChangesNothing() {
    var data = Self.event(
      FieldChange(field: "fields.mail", old: .null, new: "a@b.cn"),
      FieldChange(field: "name", old: "Zhou", new: "Zhao"),
      FieldChange(
        field: "feedback.talk", old: .null, new: .object(["text": "good", "by": "li.lei"])))
    data.activity = ActivityRecord(
      source: "/mail", id: "1", kind: "email", at: Sample.time, subject: "s", summary: "t",
      contact: Contact(email: "a@b.cn"), evidence: EvidenceLink(url: "u", sha256: "0", title: "t"))
    data.evidence = Sample.evidence
    let once = data.erasing(Self.erased)
    #expect(once != data)
    #expect(once.erasing(Self.erased) == once)
    #expect(once.activity?.evidence == EvidenceLink(url: "[erased]"))
    #expect(once.activity?.contact == nil && once.activity?.summary == nil)
    #expect(once.evidence?.words == "[erased]" && once.evidence?.rule == "quote-confirmed")
    #expect(once.name == "[erased]" && once.account?.name == "[erased]")
    #expect(once.account?.externalId == data.account?.externalId)
    #expect(once.changes[0] == FieldChange(field: "fields.mail", old: .null, new: "[erased]"))
    #expect(once.changes[1].old == "[erased]" && once.changes[1].new == "[erased]")
    #expect(once.changes[2].new == .object(["text": "[erased]", "by": "li.lei"]))
  }

  @Test func whatIsNotPersonalStays() {
    var data = Self.event(
      FieldChange(field: "fields.budget", old: 1, new: 2),
      FieldChange(field: "owner", old: "li.lei", new: "han.meimei"),
      FieldChange(field: "feedback.talk", old: .null, new: .null),
      FieldChange(field: "nextStep", old: .null, new: .object(["dueAt": "2026-01-01"])))
    data.name = nil
    data.account = nil
    #expect(data.erasing(Self.erased) == data)
    let named = Self.event(FieldChange(field: "name", old: "Zhou", new: "Zhao"))
    #expect(named.erasing(ErasedData(fields: [], names: false)) == named)
  }
}
