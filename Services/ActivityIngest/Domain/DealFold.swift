import Contracts

/// What a batch of stage events leaves behind here. Pure.
struct DealFold: Sendable {
  /// A custom field of a deal.
  struct Field: Hashable, Sendable {
    var deal: EntityID
    var name: String
  }

  /// The state after the last event, of every deal that had one.
  private(set) var deals: [EntityID: Deal]
  /// The contacts that fields tell of from now on, for every field that changed.
  private(set) var contacts: [Field: Set<ContactKey>] = [:]
  /// Deals that became known, or known by something else, or open again: what waits may belong to
  /// them.
  private(set) var awaited: Set<EntityID> = []
  /// Duplicates that became part of another deal.
  private(set) var merged: Set<EntityID> = []
  /// Deals whose personal data were erased.
  private(set) var erased: Set<EntityID> = []
  /// Moves that a proposal asked for.
  private(set) var moves: [(proposal: EntityID, event: StageEvent)] = []
  /// The events whose moves were taken back.
  private(set) var reverted: [EntityID] = []

  private static let customPrefix = "fields."

  /// - Parameters:
  ///   - current: the deals as they were.
  ///   - events: each the next one of its deal.
  init(current: [EntityID: Deal], events: [StageEvent]) {
    deals = current
    for event in events { apply(event) }
  }

  private mutating func apply(_ event: StageEvent) {
    let id = event.opportunityId
    let before = deals[id]
    guard let after = before?.applying(event) ?? Deal(event) else { return }
    deals[id] = after
    if before == nil || (before?.isOpen == false && after.isOpen) { awaited.insert(id) }
    if event.type == .erased { erased.insert(id) }
    if event.type == .merged {
      merged.insert(id)
      awaited.insert(id)
    }
    for change in event.changes where change.field.hasPrefix(DealFold.customPrefix) {
      let name = String(change.field.dropFirst(DealFold.customPrefix.count))
      let keys = DealContacts.keys(field: name, value: change.new)
      contacts[Field(deal: id, name: name)] = keys
      if !keys.isEmpty { awaited.insert(id) }
    }
    if event.type == .moved, let proposal = event.evidence?.proposalId {
      moves.append((proposal, event))
    }
    if let move = event.reverted?.eventId { reverted.append(move) }
  }
}
