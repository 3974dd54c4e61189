import Contracts
import Testing

@testable import ActivityIngest

@Suite struct ContactKeyTests {
  @Test(arguments: [
    ("Wang.Li@Example.com ", "wang.li@example.com"), ("王丽 <w@a.cn>", "w@a.cn"),
    ("mailto:W@a.cn", "w@a.cn"), ("\"A <x>\" <Y@b.cn>", "y@b.cn"),
  ])
  func addressesAreCompared(text: String, value: String) {
    #expect(ContactKey.email(text)?.value == value)
  }

  @Test(arguments: [
    "", "nobody", "@a", "a@", "a@b@c", "a b@c", "a@b\0", "a@\(String(repeating: "x", count: 330))",
  ])
  func whatIsNoAddressIsNone(text: String) {
    #expect(ContactKey.email(text) == nil)
  }

  @Test(arguments: [
    ("138 0013 8000", "13800138000"), ("+86 138-0013-8000", "13800138000"),
    ("8613800138000", "13800138000"), ("0086 13800138000", "13800138000"),
    ("＋８６（138）00138000", "13800138000"), ("(021) 5555-1234", "2155551234"),
    ("+86 (0)21 5555 1234", "2155551234"), ("021-55551234转801", "2155551234"),
    ("021-55551234 ext. 12", "2155551234"), ("Tel: 021-55551234#12", "2155551234"),
    ("+1 (415) 555-0100", "+14155550100"), ("001 415 555 0100", "+14155550100"),
  ])
  func numbersAreCompared(text: String, value: String) {
    #expect(ContactKey.phone(text)?.value == value)
  }

  @Test(arguments: ["", "none", "12", "1234", "123456789012345678901", "+"])
  func whatIsNoNumberIsNone(text: String) {
    #expect(ContactKey.phone(text) == nil)
  }

  @Test func contactsOfADealStandInItsFields() {
    func values(_ field: String, _ value: JSONValue) -> Set<String> {
      Set(DealContacts.keys(field: field, value: value).map(\.value))
    }
    #expect(values("contactEmail", "a@b.cn; C <c@d.cn>") == ["a@b.cn", "c@d.cn"])
    #expect(values("EMail", .array(["a@b.cn", 5, .null])) == ["a@b.cn"])
    #expect(values("mobilePhone", 13_800_138_000) == ["13800138000"])
    #expect(values("电话", "13800138000、021-55551234") == ["13800138000", "2155551234"])
    #expect(values("note", "a@b.cn") == [])
    #expect(values("email", true) == [] && values("email", .null) == [])
    let people = JSONValue.array([
      .object(["name": "A", "email": "a@b.cn", "phone": "13800138000"]),
      .object(["name": "x@y.cn", "tel": "021-55551234"]), "z@z.cn",
    ])
    #expect(values("contacts", people) == ["a@b.cn", "13800138000", "2155551234"])
    let deep = (0..<10).reduce(JSONValue.string("a@b.cn")) { inner, _ in .array([inner]) }
    #expect(values("email", deep) == [])
    let many = JSONValue.array((0..<500).map { .string("a\($0)@b.cn") })
    #expect(values("email", many).count == DealContacts.limit)
  }
}

@Suite struct MatchTests {
  private static func deal(_ number: UInt64, at: Instant = History.start) -> Deal {
    var history = History(number, at: at)
    return Deal(history.create())!
  }

  private static func activity(
    _ observed: ObservedActivity, received: Instant = History.start.adding(days: 1)
  ) -> Activity {
    Activity(observed, receivedAt: received, traceparent: nil)
  }

  private static func reason(_ match: Match) -> UnmatchedReason? {
    if case .none(let reason, _) = match { reason } else { nil }
  }

  private static func id(_ match: Match) -> EntityID? {
    if case .deal(let deal, _) = match { deal.id } else { nil }
  }

  private static let mail = ContactKey(kind: .email, value: "a@b.cn")
  private static let phone = ContactKey(kind: .phone, value: "13800138000")

  @Test func theMostCertainReferenceCounts() {
    let (one, two) = (Self.deal(1), Self.deal(2))
    let known = KnownDeals(
      byID: [one.id: one], byExternalID: ["x": [two]], byContact: [Self.mail: [two]])
    let all = Self.activity(.mail("1", deal: one.id, externalID: "x", email: "a@b.cn"))
    #expect(Self.id(Match.decide(all, among: known)) == one.id)
    let external = Self.activity(.mail("1", externalID: "x", email: "nobody@b.cn"))
    #expect(Self.id(Match.decide(external, among: known)) == two.id)
    // What it names is not there: the rest is no substitute.
    let gone = Self.activity(.mail("1", deal: two.id, externalID: "x", email: "a@b.cn"))
    #expect(Self.reason(Match.decide(gone, among: known)) == .noSuchOpportunity)
    let unknown = Self.activity(.mail("1", externalID: "y", email: "a@b.cn"))
    #expect(Self.reason(Match.decide(unknown, among: known)) == .noSuchExternalID)
  }

  @Test func aContactMustMeanOneDeal() {
    let (one, two) = (Self.deal(1), Self.deal(2))
    var known = KnownDeals(byContact: [Self.mail: [one], Self.phone: [one]])
    let activity = Self.activity(.mail("1", email: "A@b.cn", phone: "+86 13800138000"))
    #expect(Self.id(Match.decide(activity, among: known)) == one.id)
    known.byContact[Self.phone] = [two]
    guard case .none(let reason, let candidates) = Match.decide(activity, among: known) else {
      Issue.record("it is a guess")
      return
    }
    #expect(reason == .severalOpportunities && candidates == [one.id, two.id].sorted())
    #expect(Self.reason(Match.decide(activity, among: KnownDeals())) == .noSuchContact)
  }

  @Test func aContactOnlyMeansDealsThatWereThere() {
    let later = Self.deal(1, at: History.start.adding(days: 3))
    let known = KnownDeals(byContact: [Self.mail: [later]])
    let before = Self.activity(.mail("1", email: "a@b.cn"))
    #expect(Self.reason(Match.decide(before, among: known)) == .noSuchContact)
    let after = Self.activity(
      .mail("1", email: "a@b.cn"), received: History.start.adding(days: 3))
    #expect(Self.id(Match.decide(after, among: known)) == later.id)
  }

  @Test func withoutAReferenceThereIsNoDeal() {
    for activity in [ObservedActivity.mail("1"), .mail("1", email: "nobody", phone: "12")] {
      #expect(Self.reason(Match.decide(Self.activity(activity), among: .init())) == .noReference)
    }
  }

  @Test func everyReasonHasItsWords() {
    for reason in UnmatchedReason.allCases {
      #expect(!reason.message.zh.isEmpty && !reason.message.en.isEmpty)
    }
  }

  @Test func theRecordIsCutToSize() {
    var observed = ObservedActivity.mail("7", String(repeating: "长", count: 3_000))
    observed.observation.subject = String(repeating: "s", count: 900)
    let record = Self.activity(observed).record
    #expect(record.summary?.unicodeScalars.count == 2_000)
    #expect(record.subject?.unicodeScalars.count == 500)
    #expect(record.at == observed.time)
    observed.time = nil
    #expect(Self.activity(observed).record.at == History.start.adding(days: 1))
    observed.observation.at = History.start
    #expect(Self.activity(observed).record.at == History.start)
  }

  @Test func identitiesAreThoseOfTheirParts() {
    let id = DerivedID.activity(source: "/a", id: "1")
    #expect(id == DerivedID.activity(source: "/a", id: "1"))
    #expect(id != DerivedID.activity(source: "/a1", id: ""))
    #expect(id.description.split(separator: "-")[2].first == "8")
    #expect(DerivedID.recording(id, attempt: 1) != DerivedID.recording(id, attempt: 2))
  }
}
