import Contracts
import Messaging
import Postgres

/// What follows when activities have found their deals: they are recorded there, and the rules
/// propose what their words ask for. In a fixed number of statements.
struct Settlement: Sendable {
  let rules: RuleStore
  let pipelines: PipelineVersions

  /// The messages to publish; of each activity the recording first, so that a move which it causes
  /// follows it in the deal's history.
  func settle(
    _ matched: [MatchedActivity], at now: Instant, in transaction: borrowing PostgresTransaction
  ) throws -> [OutboxMessage] {
    let proposed = try propose(
      matched.map { ($0.activity, $0.deal) }, at: now, in: transaction)
    return try matched.flatMap { match in
      let command = StageCommand(
        id: match.recordingID, opportunityId: match.deal.id, cause: match.activity.cause,
        action: .recordActivity(match.activity.record))
      return [try OutboxMessage.of(command, traceparent: match.activity.traceparent)]
        + (proposed[match.activity.key] ?? [])
    }
  }

  /// The messages of the proposals that these activities make, by activity. An activity is evaluated
  /// later where the pipeline version of its deal is not here yet, and where its words say nothing
  /// about the stage that the deal is about to leave.
  func propose(
    _ activities: [(activity: Activity, deal: Deal)], at now: Instant,
    in transaction: borrowing PostgresTransaction
  ) throws -> [EntityID: [OutboxMessage]] {
    let open = activities.filter(\.deal.isOpen)
    guard !open.isEmpty else { return [:] }
    let definitions = try pipelines.find(Set(open.map(\.deal.version)), in: transaction)
    let rules = try rules.current(in: transaction)
    var drafts: [Draft] = []
    var stuck: [(activity: EntityID, deal: EntityID)] = []
    var postponed: [EntityID] = []
    for (activity, deal) in open {
      guard let definition = definitions[deal.version] else {
        postponed.append(activity.key)
        continue
      }
      let suggestions = Suggestions(
        for: deal, in: definition, because: activity, rules: rules, at: now)
      drafts += suggestions.proposals.map { Draft(proposal: $0, activity: activity, deal: deal) }
      if suggestions.isStuck { stuck.append((activity.key, deal.id)) }
    }
    let inserted = try ProposalTables.insert(
      drafts.map { ($0.proposal, $0.activity.key) }, in: transaction)
    try ProposalTables.addEvidence(
      of: drafts.map(\.proposal).filter { !inserted.contains($0.id) && $0.mode != .hint },
      in: transaction)
    let moving = try ProposalTables.dealsOnTheMove(stuck.map(\.deal), in: transaction)
    postponed += stuck.filter { moving.contains($0.deal) }.map(\.activity)
    try ActivityTables.postpone(postponed, in: transaction)
    var messages: [EntityID: [OutboxMessage]] = [:]
    for draft in drafts where inserted.contains(draft.proposal.id) {
      if let message = try draft.message() {
        messages[draft.activity.key, default: []].append(message)
      }
    }
    return messages
  }

  private struct Draft {
    var proposal: Proposal
    var activity: Activity
    var deal: Deal

    func message() throws -> OutboxMessage? {
      switch proposal.status {
      case .sent: try .of(proposal.moveCommand, traceparent: activity.traceparent)
      case .waiting: try .of(proposal.notice(for: deal), traceparent: activity.traceparent)
      default: nil
      }
    }
  }
}

extension Settlement {
  /// Asks the rules about the activities that were postponed until this.
  func resume(
    _ event: ActivityTables.Event, at now: Instant, in transaction: borrowing PostgresTransaction
  ) throws -> [OutboxMessage] {
    let resumed = try ActivityTables.resume(after: event, in: transaction)
    let proposed = try propose(resumed, at: now, in: transaction)
    return resumed.flatMap { proposed[$0.activity.key] ?? [] }
  }

  /// Gives what waits for one of these deals to it, as far as it is clear now which one is meant. Some
  /// at a time, with what follows from them: there is no limit to what may have come for a contact.
  ///
  /// - Parameters:
  ///   - known: those of the deals that became known by a contact; for the others it is not looked for
  ///     contacts, which may have got a lot of mail before.
  ///   - merged: those of the deals that became part of another one.
  func rematch(
    _ deals: [EntityID], byContact known: [EntityID], merged: [EntityID] = [], at now: Instant,
    in transaction: borrowing PostgresTransaction
  ) throws {
    var position: Int64 = 0
    while true {
      let waiting = try UnmatchedTables.waiting(
        for: deals, byContact: known, merged: merged, after: position,
        limit: Settlement.rematchBatch, in: transaction)
      guard let last = waiting.last else { return }
      position = last.position
      try Outbox.append(
        try rematch(waiting.map(\.activity), at: now, in: transaction), at: now, in: transaction)
    }
  }

  private static let rematchBatch = 500

  private func rematch(
    _ waiting: [Activity], at now: Instant, in transaction: borrowing PostgresTransaction
  ) throws -> [OutboxMessage] {
    let known = try DealTables.known(to: waiting, in: transaction)
    var matched: [MatchedActivity] = []
    var explained: [UnmatchedActivity] = []
    for activity in waiting {
      switch Match.decide(activity, among: known) {
      case .deal(let deal, let by): matched.append(MatchedActivity(activity, deal, by: by))
      case .none(let reason, let candidates):
        explained.append(
          UnmatchedActivity(activity: activity, reason: reason, candidates: candidates))
      }
    }
    try UnmatchedTables.explain(explained, in: transaction)
    try UnmatchedTables.remove(matched.map(\.activity.key), in: transaction)
    try ActivityTables.match(matched, in: transaction)
    IngestMetrics.activities(.rematched, matched.count)
    return try settle(matched, at: now, in: transaction)
  }
}
