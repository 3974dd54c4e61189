import Contracts
import Messaging
import Postgres

/// Keeps the deals and their contacts up to date with `stage-changes.v1`; gives them what waited for
/// them, and tells the proposals what became of their moves.
struct DealHandler: BatchHandler {
  let topics: [Topic] = [.stageChanges]
  let settlement: Settlement

  func handle(
    _ batch: ConsumedBatch, in transaction: borrowing PostgresTransaction, now: Instant
  ) throws -> BatchOutcome {
    var outcome = BatchOutcome()
    let incoming = read(batch, &outcome)
    guard !incoming.isEmpty else { return outcome }
    let ids = Set(incoming.map(\.opportunityId)).sorted()
    let current = try DealTables.lock(ids, in: transaction)
    let plan = Resequencer.plan(
      last: current.mapValues { EventPosition(epoch: $0.epoch, sequence: $0.sequence) },
      incoming: incoming, parked: try ParkedEvents.load(for: ids, in: transaction))
    try ParkedEvents.park(plan.park, in: transaction)
    try ParkedEvents.remove(plan.unparked, in: transaction)
    outcome.duplicates = plan.duplicates
    outcome.parked = plan.park.count
    outcome.unparked = plan.unparked.count
    outcome.applied = plan.apply.count
    guard !plan.apply.isEmpty else { return outcome }
    let fold = DealFold(current: current, events: plan.apply)
    let touched = Set(plan.apply.map(\.opportunityId)).sorted()
    try DealTables.upsert(touched.compactMap { fold.deals[$0] }, in: transaction)
    try DealTables.replaceContacts(fold.contacts, in: transaction)
    try PersonalData.erase(of: fold.erased.sorted(), in: transaction)
    if !fold.awaited.isEmpty || !fold.moves.isEmpty { try MatchingLock.take(in: transaction) }
    // What was meant for a duplicate may have come before the deal that it became part of.
    let awaited = fold.awaited.sorted()
    let duplicates = try DealTables.duplicates(of: awaited, in: transaction)
    try settlement.rematch(
      touched + duplicates, byContact: awaited + duplicates, merged: fold.merged.sorted(), at: now,
      in: transaction)
    outcome.outbox += try tellProposals(fold, at: now, in: transaction)
    try ProposalTables.supersede(in: touched, at: now, transaction: transaction)
    outcome.outbox += try settlement.resume(
      .deals(fold.moves.map(\.event.opportunityId)), at: now, in: transaction)
    return outcome
  }

  private func read(_ batch: ConsumedBatch, _ outcome: inout BatchOutcome) -> [StageEvent] {
    var events: [StageEvent] = []
    for message in batch.messages {
      do throws(MessageFailure) {
        switch try StageEvent.read(message.wire) {
        case .payload(let event, _):
          try NullCharacter.refuse(in: message.wire.value)
          try DealHandler.check(event)
          events.append(event)
        case .tombstone: outcome.tombstones += 1
        case .unknownType: outcome.unknownTypes += 1
        }
      } catch {
        outcome.deadLetters.append(DeadLetter(message: message, failure: error))
      }
    }
    return events
  }

  /// What the tables and the order of a deal's events rest on.
  static func check(_ event: StageEvent) throws(MessageFailure) {
    let data = event.data
    func require(_ holds: Bool, _ expectation: String) throws(MessageFailure) {
      if !holds { throw MessageFailure(.invalidData, expectation) }
    }
    try require(data.epoch >= 0, "/epoch must not be negative")
    try require(data.sequence >= 1, "/sequence must be 1 or more")
    try require(
      (event.type == .created) == (data.sequence == 1),
      "/sequence must be 1 for \(StageEventType.created.rawValue) and for no other type")
    try require(
      (0...Int(Int32.max)).contains(data.pipelineVersion), "/pipelineVersion is out of range")
    if event.type == .erased { try require(data.erased != nil, "/erased is missing") }
    if event.type == .merged { try require(data.merged != nil, "/merged is missing") }
    if [.created, .moved, .moveReverted].contains(event.type) {
      try require(data.to?.isEmpty == false, "/to is missing")
      try require(data.toCategory != nil, "/toCategory is missing")
    }
  }

  /// The deal's own events tell of a move as the command's result does, whichever comes first.
  private func tellProposals(
    _ fold: DealFold, at now: Instant, in transaction: borrowing PostgresTransaction
  ) throws -> [OutboxMessage] {
    var book = ProposalBook(
      try ProposalTables.lock(
        ids: fold.moves.map(\.proposal), events: fold.reverted, in: transaction), now: now)
    for (id, event) in fold.moves {
      book.tell(id, .moved(event: event.id, sequence: event.sequence))
    }
    for event in fold.reverted { book.tell(moveOf: event, .reverted) }
    return try book.close(in: transaction)
  }
}
