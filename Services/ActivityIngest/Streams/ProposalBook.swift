import Contracts
import Messaging
import Postgres

/// The proposals that a batch has news for.
struct ProposalBook {
  private(set) var proposals: [EntityID: Proposal] = [:]
  private var changed: Set<EntityID> = []
  private var commands: [StageCommand] = []
  private let now: Instant

  /// - Parameter proposals: locked.
  init(_ proposals: [Proposal], now: Instant) {
    for proposal in proposals { self.proposals[proposal.id] = proposal }
    self.now = now
  }

  mutating func tell(_ id: EntityID, _ news: Proposal.News) {
    guard let before = proposals[id] else { return }
    var proposal = before
    if let command = proposal.hear(news, at: now) { commands.append(command) }
    if proposal == before { return }
    proposals[id] = proposal
    changed.insert(id)
  }

  /// - Parameter event: of the move that a proposal became.
  mutating func tell(moveOf event: EntityID, _ news: Proposal.News) {
    for proposal in proposals.values where proposal.eventID == event { tell(proposal.id, news) }
  }

  /// Writes what has changed and returns the commands that must follow.
  func close(in transaction: borrowing PostgresTransaction) throws -> [OutboxMessage] {
    try ProposalTables.save(changed.sorted().compactMap { proposals[$0] }, in: transaction)
    return try commands.map { try OutboxMessage.of($0, traceparent: nil) }
  }
}
