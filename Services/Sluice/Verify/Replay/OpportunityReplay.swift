import Contracts
import Messaging

/// What the projections must hold of one opportunity after the given events.
struct OpportunityReplay {
  let applied: [AppliedRow]
  let visits: [VisitRow]
  let current: CurrentRow?
  let traits: TraitRow?
  let notes: [NotedRow]

  /// - Parameter events: of one opportunity, by position.
  init(_ events: [FeedEvent], symbols: SymbolTable) {
    let walk = StageWalk(events)
    applied = events.map { AppliedRow($0, symbols) }
    let holds = HoldWalk(events)
    visits = walk.stays.map { VisitRow($0, events, holds, symbols) }
    current = CurrentRow(events, walk, holds, symbols)
    traits = TraitRow(events, symbols)
    notes = events.flatMap { event in
      event.notes.enumerated().map { number, note in
        NotedRow(
          epoch: event.position.epoch, sequence: event.position.sequence, number: Int32(number),
          pipeline: symbols.text(event.pipeline), note: note, occurredAt: event.occurredAt)
      }
    }
  }
}

extension AppliedRow {
  fileprivate init(_ event: FeedEvent, _ symbols: SymbolTable) {
    self.init(
      epoch: event.position.epoch, sequence: event.position.sequence, eventID: event.id,
      type: event.type.rawValue, pipeline: symbols.text(event.pipeline),
      fromStage: symbols[event.from], toStage: symbols[event.to],
      direction: StageWalk.direction(of: event)?.rawValue, owner: symbols[event.owner],
      team: symbols[event.team], amountMinor: event.amountMinor,
      currency: symbols[event.currency], occurredAt: event.occurredAt,
      recordedAt: event.recordedAt, entryUnknown: event.entryUnknown,
      toCategory: event.toCategory?.rawValue, toPosition: event.toPosition,
      revertedEpoch: event.reversal?.move.epoch, revertedSequence: event.reversal?.move.sequence,
      revertedBy: event.reversal.flatMap { symbols[$0.by] },
      revertedBecause: event.reversal.flatMap { symbols[$0.reason] }, held: event.hold,
      mergedInto: symbols[event.mergedInto], followUpDueAt: event.followUpDueAt)
  }
}

extension VisitRow {
  fileprivate init(
    _ stay: StageWalk.Stay, _ events: [FeedEvent], _ holds: HoldWalk, _ symbols: SymbolTable
  ) {
    let begin = events[stay.begin]
    let end = stay.end.map { events[$0] }
    let last = stay.end.map { events[$0 - 1] }
    self.init(
      enteredSequence: begin.position.sequence, pipeline: symbols.text(begin.pipeline),
      stage: symbols.text(begin.to), category: begin.toCategory?.rawValue ?? "",
      enteredAt: stay.enteredAt, leftAt: end?.occurredAt, leftSequence: end?.position.sequence,
      leftTo: end.flatMap { symbols[$0.to] }, direction: stay.direction?.rawValue,
      leftCategory: end?.toCategory?.rawValue, leftOwner: last.flatMap { symbols[$0.owner] },
      leftTeam: last.flatMap { symbols[$0.team] },
      leftCurrency: last.flatMap { symbols[$0.currency] },
      leftAmountMinor: last?.amountMinor,
      heldMicroseconds: end.map { holds.held(from: stay.enteredAt, to: $0.occurredAt) } ?? 0)
  }
}

extension CurrentRow {
  /// Nil while the opportunity stands in no stage.
  fileprivate init?(
    _ events: [FeedEvent], _ walk: StageWalk, _ holds: HoldWalk, _ symbols: SymbolTable
  ) {
    guard let stay = walk.last, let last = events.last else { return nil }
    // A change of fields says nothing about the stage.
    let placed = events.last { $0.to != .null && $0.toCategory != nil && $0.toPosition != nil }
    let name = events.last { $0.name != nil }?.name
    let account = events.last { $0.account != nil }?.account
    self.init(
      epoch: last.position.epoch, sequence: last.position.sequence,
      pipeline: symbols.text(last.pipeline), pipelineVersion: last.pipelineVersion,
      stage: symbols.text(events[stay.begin].to),
      category: walk.mergedInto == .null ? placed?.toCategory?.rawValue ?? "" : "merged",
      position: placed?.toPosition ?? -1, owner: symbols[last.owner], team: symbols[last.team],
      amountMinor: last.amountMinor, currency: symbols[last.currency],
      name: name.flatMap { symbols[$0] }, account: account.flatMap { symbols[$0] },
      enteredAt: stay.enteredAt, enteredSequence: events[stay.begin].position.sequence,
      followUpDueAt: last.followUpDueAt, benchmarkDays: last.benchmarkDays,
      occurredAt: last.occurredAt,
      latestAt: events.map(\.occurredAt).max() ?? last.occurredAt, heldSince: holds.openSince,
      heldMicroseconds: holds.ended(since: stay.enteredAt),
      createdAt: walk.stays.first?.enteredAt,
      outcome: walk.stays.last.flatMap { CurrentRow.outcome(events[$0.begin]) },
      closedAt: CurrentRow.closing(walk, events), mergedInto: symbols[walk.mergedInto])
  }
}

extension CurrentRow {
  fileprivate static func outcome(_ begin: FeedEvent) -> String? {
    switch begin.toCategory {
    case .won, .postWin: "won"
    case .lost: "lost"
    case .open, nil: nil
    }
  }

  /// Since when the deal is won or lost, as it is now.
  fileprivate static func closing(_ walk: StageWalk, _ events: [FeedEvent]) -> Instant? {
    guard let last = walk.stays.last, let result = outcome(events[last.begin]) else { return nil }
    var closing = last
    for stay in walk.stays.reversed() {
      guard outcome(events[stay.begin]) == result else { break }
      closing = stay
    }
    return closing.enteredAt
  }
}

extension TraitRow {
  /// Nil while no event has named either field.
  fileprivate init?(_ events: [FeedEvent], _ symbols: SymbolTable) {
    let product = events.last { $0.product != nil }?.product
    let industry = events.last { $0.industry != nil }?.industry
    guard product != nil || industry != nil else { return nil }
    self.init(
      product: product.flatMap { symbols[$0] }, industry: industry.flatMap { symbols[$0] })
  }
}
