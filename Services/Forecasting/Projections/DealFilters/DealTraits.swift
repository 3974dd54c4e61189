import Contracts
import Postgres

/// What a batch says of deals by which figures are narrowed: who has ever owned them, and the custom
/// fields `product` and `industry`.
struct DealTraits {
  private var owners: Set<Ownership> = []
  private var products: [EntityID: String?] = [:]
  private var industries: [EntityID: String?] = [:]

  private struct Ownership: Hashable {
    var owner: String
    var id: EntityID
  }

  /// - Parameter former: the owner before the event; nil for a deal that is new, or that had none.
  mutating func note(_ event: StageEvent, ownedBefore former: String?) {
    if let owner = event.data.owner, former.map({ !owner.hasSameBytes(as: $0) }) ?? true {
      owners.insert(Ownership(owner: owner, id: event.opportunityId))
    }
    for change in event.data.changes {
      switch change.field {
      case "fields.product": products[event.opportunityId] = .some(change.new.trait)
      case "fields.industry": industries[event.opportunityId] = .some(change.new.trait)
      default: break
      }
    }
    for field in event.data.erased?.fields ?? [] {
      if field == "product" { products[event.opportunityId] = .some(nil) }
      if field == "industry" { industries[event.opportunityId] = .some(nil) }
    }
  }

  /// Nobody is taken out of `deal_owners`: it only narrows where to look.
  consuming func write(in transaction: borrowing PostgresTransaction) throws {
    if !owners.isEmpty {
      let owners = owners.sorted { ($0.id, $0.owner) < ($1.id, $1.owner) }
      try transaction.send(
        """
        INSERT INTO deal_owners (owner_hash, opportunity_id)
        SELECT hashtextextended(unnest($1::text[]), 0), unnest($2::uuid[])
        ON CONFLICT DO NOTHING
        """, owners.map(\.owner), owners.map(\.id))
    }
    for (column, values) in [("product", products), ("industry", industries)]
    where !values.isEmpty {
      let values = values.sorted { $0.key < $1.key }
      try transaction.send(
        """
        INSERT INTO deal_traits (opportunity_id, \(column))
        SELECT unnest($1::uuid[]), unnest($2::text[])
        ON CONFLICT (opportunity_id) DO UPDATE SET \(column) = excluded.\(column)
        """, values.map(\.key), values.map(\.value))
    }
  }
}

extension JSONValue {
  /// A text that was not erased, or the name of an object; nothing else tells deals apart.
  fileprivate var trait: String? {
    switch self {
    case .string(let text): text.isEmpty || text == ErasedData.mark ? nil : text
    case .object(let members): members["name"]?.trait
    case .null, .boolean, .integer, .number, .array: nil
    }
  }
}
