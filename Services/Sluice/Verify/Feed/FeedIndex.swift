import Contracts
import Messaging

/// Every event of the feed in compact form, by identity and by opportunity.
///
/// About 300 bytes an event with the indices: a million events take some 300 MB.
struct FeedIndex: Sendable {
  private(set) var symbols = SymbolTable()
  private(set) var events: [FeedEvent] = []
  private(set) var opportunities: [EntityID] = []
  /// The cursor after which each page was asked for; nil for the first.
  private(set) var pages: [String?] = []
  /// Events whose identity the feed had shown before.
  private(set) var repeated: [EntityID] = []
  /// By duplicate: the deal whose history says that it took the duplicate over.
  private(set) var absorbed: [EntityID: EntityID] = [:]
  /// What was erased of an opportunity, in order.
  private(set) var erasures: [EntityID: [(at: EventPosition, what: ErasedData)]] = [:]
  private var chains: [[Int32]] = []
  private var opportunityIndex: [EntityID: Int32] = [:]
  private var eventIndex: [EntityID: Int32] = [:]

  /// Adds a page in the feed's order.
  mutating func append(_ items: [FeedItem], after cursor: String?) {
    pages.append(cursor)
    for item in items { append(item) }
  }

  func index(of event: EntityID) -> Int? { eventIndex[event].map(Int.init) }

  func index(ofOpportunity id: EntityID) -> Int? { opportunityIndex[id].map(Int.init) }

  /// Indices of an opportunity's events by position. The feed itself may have them in another order
  /// where transactions overlapped.
  func chain(_ opportunity: Int) -> [Int32] {
    let chain = chains[opportunity]
    func position(_ index: Int32) -> EventPosition { events[Int(index)].position }
    let isSorted = zip(chain, chain.dropFirst()).allSatisfy { position($0) < position($1) }
    return isSorted ? chain : chain.sorted { position($0) < position($1) }
  }

  /// The events of an opportunity by position.
  func history(_ opportunity: Int) -> [FeedEvent] { chain(opportunity).map { events[Int($0)] } }

  /// Whether somebody has ever owned the opportunity.
  func hasOwned(_ owner: String, _ opportunity: EntityID) -> Bool {
    guard let index = index(ofOpportunity: opportunity) else { return false }
    return chains[index].contains { symbols[events[Int($0)].owner] == owner }
  }

  /// The last position of each opportunity.
  func heads() -> [EntityID: EventPosition] {
    var heads: [EntityID: EventPosition] = [:]
    heads.reserveCapacity(opportunities.count)
    for event in events {
      let id = opportunities[Int(event.opportunity)]
      heads[id] = max(event.position, heads[id] ?? event.position)
    }
    return heads
  }

  private mutating func append(_ item: FeedItem) {
    if eventIndex[item.eventId] != nil {
      repeated.append(item.eventId)
      return
    }
    let data = item.data
    let opportunity = index(adding: data.opportunityId)
    let index = Int32(events.count)
    events.append(
      FeedEvent(
        id: item.eventId, type: item.type, opportunity: opportunity,
        page: Int32(pages.count - 1),
        position: EventPosition(epoch: data.epoch, sequence: data.sequence),
        pipeline: symbols.symbol(data.pipeline), pipelineVersion: Int32(data.pipelineVersion),
        from: symbols.symbol(data.from), to: symbols.symbol(data.to),
        fromCategory: data.fromCategory, toCategory: data.toCategory,
        fromPosition: data.fromPosition.map(Int32.init),
        toPosition: data.toPosition.map(Int32.init),
        owner: symbols.symbol(data.owner), team: symbols.symbol(data.team),
        amountMinor: data.amount?.minor, currency: symbols.symbol(data.amount?.currency),
        occurredAt: data.occurredAt, recordedAt: data.recordedAt,
        followUpDueAt: data.followUpDueAt, benchmarkDays: data.benchmarkDays,
        entryUnknown: data.entryUnknown ?? false,
        hold: data.changes.last { $0.field == "hold" }.map { $0.new != .null },
        product: data.update(ofCustom: "product").map { symbols.symbol($0) },
        industry: data.update(ofCustom: "industry").map { symbols.symbol($0) },
        notes: FeedEvent.Note.all(in: item), reversal: reversal(item),
        mergedInto: symbols.symbol(item.data.merged?.opportunityId.description),
        name: data.update(of: "name", created: data.name, as: item.type).map {
          symbols.symbol($0)
        },
        account: data.update(of: "account", created: data.account?.name, as: item.type).map {
          symbols.symbol($0)
        },
        digest: data.digest(as: item.type)))
    chains[Int(opportunity)].append(index)
    eventIndex[item.eventId] = index
    if let erased = data.erased {
      erasures[data.opportunityId, default: []].append((events[Int(index)].position, erased))
    }
    for change in data.changes {
      if let duplicate = change.duplicate { absorbed[duplicate] = data.opportunityId }
    }
  }

  private mutating func reversal(_ item: FeedItem) -> FeedEvent.Reversal? {
    guard item.type == .moveReverted, let move = item.data.reverted else { return nil }
    return FeedEvent.Reversal(
      move: EventPosition(epoch: move.epoch, sequence: move.sequence),
      by: symbols.symbol(item.data.actor), reason: symbols.symbol(item.data.reason))
  }

  private mutating func index(adding opportunity: EntityID) -> Int32 {
    if let index = opportunityIndex[opportunity] { return index }
    let index = Int32(opportunities.count)
    opportunities.append(opportunity)
    chains.append([])
    opportunityIndex[opportunity] = index
    return index
  }
}

extension FieldChange {
  /// The deal that the event's deal took over.
  fileprivate var duplicate: EntityID? {
    let prefix = "mergedFrom."
    return field.hasPrefix(prefix) ? EntityID(String(field.dropFirst(prefix.count))) : nil
  }
}
