import Contracts

/// By what an activity was given to its deal.
enum MatchedBy: String, Codable, Sendable {
  case opportunityID = "opportunity-id"
  case externalID = "external-id"
  case contact, person
}

/// The deals that the references of a batch may mean.
struct KnownDeals: Sendable {
  var byID: [EntityID: Deal] = [:]
  var byExternalID: [String: [Deal]] = [:]
  /// Open deals only, the oldest first.
  var byContact: [ContactKey: [Deal]] = [:]
}

/// Which deal an activity belongs to. Pure, and never a guess.
enum Match: Sendable {
  case deal(Deal, by: MatchedBy)
  case none(UnmatchedReason, candidates: [EntityID] = [])

  /// A contact only means deals that existed when the activity came, whichever of the two is read
  /// first.
  static func decide(_ activity: Activity, among known: KnownDeals) -> Match {
    switch activity.reference {
    case .opportunity(let id):
      return known.byID[id].map { .deal($0, by: .opportunityID) } ?? .none(.noSuchOpportunity)
    case .externalID(let id):
      return only(known.byExternalID[id] ?? [], by: .externalID, else: .noSuchExternalID)
    case .contact(let keys):
      let deals = keys.flatMap { known.byContact[$0] ?? [] }
        .filter { $0.createdAt <= activity.receivedAt }
      return only(deals, by: .contact, else: .noSuchContact)
    case .none:
      return .none(.noReference)
    }
  }

  private static func only(
    _ deals: [Deal], by criterion: MatchedBy, else reason: UnmatchedReason
  ) -> Match {
    let ids = Set(deals.map(\.id))
    guard let deal = deals.first else { return .none(reason) }
    return ids.count == 1
      ? .deal(deal, by: criterion) : .none(.severalOpportunities, candidates: ids.sorted())
  }
}

/// Why an activity belongs to no deal.
enum UnmatchedReason: String, Codable, CaseIterable, Sendable {
  case noReference = "no-reference"
  case noSuchOpportunity = "no-such-opportunity"
  case noSuchExternalID = "no-such-external-id"
  case noSuchContact = "no-such-contact"
  case severalOpportunities = "several-opportunities"
  /// stage-service would not record it.
  case recordRefused = "record-refused"

  /// Whether a deal that comes later may be the one.
  var waits: Bool {
    switch self {
    case .noSuchOpportunity, .noSuchExternalID, .noSuchContact: true
    case .noReference, .severalOpportunities, .recordRefused: false
    }
  }

  var message: LocalizedText {
    switch self {
    case .noReference:
      LocalizedText(
        zh: "没有说明属于哪个商机：既无商机编号、外部编号，也无联系方式；请指定商机或忽略",
        en: "It names no opportunity, external id or contact: assign it to one, or dismiss it")
    case .noSuchOpportunity:
      LocalizedText(
        zh: "没有这个商机；该商机出现后会自动匹配",
        en: "There is no such opportunity; it is matched by itself when that one appears")
    case .noSuchExternalID:
      LocalizedText(
        zh: "没有商机使用这个外部编号；该商机出现后会自动匹配",
        en: "No opportunity has this external id; it is matched by itself when one appears")
    case .noSuchContact:
      LocalizedText(
        zh: "没有进行中的商机登记了这个邮箱或电话；请指定商机、在商机中登记联系人，或忽略",
        en: "No open opportunity knows this mail address or phone: "
          + "assign it to one, enter the contact in its opportunity, or dismiss it")
    case .severalOpportunities:
      LocalizedText(
        zh: "有多个商机符合；请从 candidates 中指定一个",
        en: "Several opportunities fit: assign it to one of the candidates")
    case .recordRefused:
      LocalizedText(
        zh: "商机不接受这条活动，原因见 errors；请指定另一个商机或忽略",
        en: "The opportunity does not take it, errors says why: "
          + "assign it to another one, or dismiss it")
    }
  }
}
