import Contracts
import Messaging

/// What the projections must hold of one opportunity after the given events.
struct OpportunityReplay {
  let applied: [AppliedRow]
  let visits: [VisitRow]
  let current: CurrentRow?

  /// - Parameter events: of one opportunity, by position.
  init(_ events: [FeedEvent], symbols: SymbolTable) {
    let walk = StageWalk(events)
    applied = events.map { AppliedRow($0, symbols) }
    visits = walk.stays.map { VisitRow($0, events, symbols) }
    current = CurrentRow(events, walk, symbols)
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
      revertedBecause: event.reversal.flatMap { symbols[$0.reason] },
      mergedInto: symbols[event.mergedInto])
  }
}

extension VisitRow {
  fileprivate init(_ stay: StageWalk.Stay, _ events: [FeedEvent], _ symbols: SymbolTable) {
    let begin = events[stay.begin]
    let end = stay.end.map { events[$0] }
    self.init(
      enteredSequence: begin.position.sequence, pipeline: symbols.text(begin.pipeline),
      stage: symbols.text(begin.to), category: begin.toCategory?.rawValue ?? "",
      enteredAt: stay.enteredAt, leftAt: end?.occurredAt, leftSequence: end?.position.sequence,
      leftTo: end.flatMap { symbols[$0.to] }, direction: stay.direction?.rawValue)
  }
}

extension CurrentRow {
  /// Nil while the opportunity stands in no stage.
  fileprivate init?(_ events: [FeedEvent], _ walk: StageWalk, _ symbols: SymbolTable) {
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
      occurredAt: last.occurredAt, mergedInto: symbols[walk.mergedInto])
  }
}
