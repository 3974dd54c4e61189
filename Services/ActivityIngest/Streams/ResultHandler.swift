import Contracts
import Messaging
import Postgres

/// What became of the commands of this service, from `command-results.v1`; those of others are
/// passed over.
struct ResultHandler: BatchHandler {
  let topics: [Topic] = [.commandResults]
  let settlement: Settlement

  func handle(
    _ batch: ConsumedBatch, in transaction: borrowing PostgresTransaction, now: Instant
  ) throws -> BatchOutcome {
    var outcome = BatchOutcome()
    let results = read(batch, &outcome)
    guard !results.isEmpty else { return outcome }
    var last: [EntityID: CommandResult] = [:]
    for result in results { last[result.commandId] = result }
    let commands = last.keys.sorted()
    let refused = last.values.filter { $0.outcome == .refused }
    if !refused.isEmpty { try MatchingLock.take(in: transaction) }
    let recorded = try ActivityTables.settle(
      recorded: commands.compactMap { last[$0] }.filter { $0.outcome == .accepted }
        .map { ($0.commandId, $0.sequence) }, in: transaction)
    try putBack(refused, at: now, in: transaction)

    var book = ProposalBook(
      try ProposalTables.lock(commands: commands, in: transaction), now: now)
    for id in book.proposals.keys.sorted() {
      for (command, isReversal) in [(DerivedID.move(id), false), (DerivedID.reversal(id), true)] {
        if let news = last[command].flatMap({ Self.news($0, isReversal: isReversal) }) {
          book.tell(id, news)
        }
      }
    }
    outcome.outbox = try book.close(in: transaction)
    // One that was made is heard of again as the deal's own event, which says where it stands then.
    outcome.outbox += try settlement.resume(
      .deals(book.proposals.values.filter { $0.status == .refused }.map(\.opportunityID)),
      at: now, in: transaction)
    outcome.applied = recorded + book.proposals.count
    return outcome
  }

  private func read(_ batch: ConsumedBatch, _ outcome: inout BatchOutcome) -> [CommandResult] {
    var results: [CommandResult] = []
    for message in batch.messages {
      do throws(MessageFailure) {
        switch try CommandResult.read(message.wire) {
        case .payload(let result, _):
          try NullCharacter.refuse(in: message.wire.value)
          results.append(result)
        case .tombstone: outcome.tombstones += 1
        case .unknownType: outcome.unknownTypes += 1
        }
      } catch {
        outcome.deadLetters.append(DeadLetter(message: message, failure: error))
      }
    }
    return results
  }

  private static func news(_ result: CommandResult, isReversal: Bool) -> Proposal.News? {
    switch (result.outcome, isReversal) {
    case (.accepted, true): .reverted
    case (.refused, true): .revertRefused(result.errors)
    case (.refused, false): .moveRefused(result.errors)
    case (.accepted, false):
      // Without them the deal's own event will tell.
      if let event = result.eventId, let sequence = result.sequence {
        .moved(event: event, sequence: sequence)
      } else {
        nil
      }
    }
  }

  /// What could not be recorded waits again: for its deal, or for a person.
  private func putBack(
    _ refused: [CommandResult], at now: Instant, in transaction: borrowing PostgresTransaction
  ) throws {
    let deals = Dictionary(refused.map { ($0.commandId, $0.opportunityId) }) { first, _ in first }
    let errors = Dictionary(refused.map { ($0.commandId, $0.errors) }) { first, _ in first }
    let returned = try ActivityTables.putBack(errors.keys.sorted(), in: transaction)
    guard !returned.isEmpty else { return }
    let unmatched = returned.map { command, activity in
      let reasons = errors[command] ?? []
      let isGone = reasons.contains { $0.code == "not-found" || $0.code == "opportunity-merged" }
      return UnmatchedActivity(
        activity: activity, reason: isGone ? .noSuchOpportunity : .recordRefused,
        errors: reasons)
    }
    try UnmatchedTables.insert(unmatched, in: transaction)
    try ProposalTables.withdraw(
      of: unmatched.map(\.activity.key), at: now, in: transaction)
    IngestMetrics.activities(.putBack, unmatched.count)
    // Where it is known here which deal the duplicate became part of, that one gets it at once.
    let merged = try DealTables.find(
      Set(returned.compactMap { deals[$0.command] }).sorted(), in: transaction
    ).values.filter { $0.mergedInto != nil }.map(\.id).sorted()
    if !merged.isEmpty {
      try settlement.rematch(merged, byContact: merged, at: now, in: transaction)
    }
  }
}
