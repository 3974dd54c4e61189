import Contracts
import Messaging
import Postgres
import ServiceWiring

/// Proposals as people see and decide them.
struct ProposalStore: Sendable {
  let pool: PostgresPool
  let committed: WakeSignal
  let pipelines: PipelineVersions

  /// A proposal and what its deal is called now.
  struct Row: Sendable {
    var proposal: Proposal
    var position: Int64
    var name: String?
    var owner: String?
    var team: String?
  }

  /// Which proposals a list shows, in the order in which they were made.
  struct Filter: Sendable {
    var status: Proposal.Status?
    var opportunityID: EntityID?
    var owner: String?
    var team: String?
    /// The deals that the caller may see; nil for all of them.
    var scope: DealScope?
    var after: Int64 = 0
    var limit = 50
  }

  private static let select = """
    SELECT \(ProposalTables.columns), p.position, d.name, d.owner, d.team
    FROM proposals p LEFT JOIN deals d USING (opportunity_id)
    """

  func list(_ filter: Filter) async throws -> [Row] {
    var conditions = ["p.position > $1"]
    var parameters: [(any PostgresEncodable)?] = [filter.after]
    func require(_ column: String, _ value: (any PostgresEncodable)?) {
      guard let value else { return }
      parameters.append(value)
      conditions.append("\(column) = $\(parameters.count)")
    }
    require("p.status", filter.status?.rawValue)
    require("p.opportunity_id", filter.opportunityID)
    require("d.owner", filter.owner)
    require("d.team", filter.team)
    if let scope = filter.scope {
      conditions.append(
        DealScope.condition(owner: "d.owner", team: "d.team", at: parameters.count + 1))
      parameters += [scope.owners.sorted(), scope.teams.sorted()]
    }
    parameters.append(filter.limit)
    return try await pool.query(
      """
      \(ProposalStore.select) WHERE \(conditions.joined(separator: " AND "))
      ORDER BY p.position LIMIT $\(parameters.count)
      """, parameters: parameters
    ).map { try Row($0) }
  }

  /// Nil also where the caller may not see its deal.
  func find(_ id: EntityID, for caller: Caller) async throws -> Row? {
    try await pool.transaction(.readOnly) { transaction in
      guard let row = try ProposalStore.row(id, in: transaction) else { return nil }
      let deal = try ProposalStore.deal(of: row.proposal, in: transaction)
      return try refusal(.read, on: deal, to: caller, in: transaction) == nil ? row : nil
    }
  }

  private static func row(
    _ id: EntityID, in transaction: borrowing PostgresTransaction
  ) throws -> Row? {
    try transaction.query("\(select) WHERE p.id = $1", id).first.map { try Row($0) }
  }

  private static func deal(
    of proposal: Proposal, in transaction: borrowing PostgresTransaction
  ) throws -> Deal? {
    try DealTables.find([proposal.opportunityID], in: transaction)[proposal.opportunityID]
  }

  /// Whom the deal's stage names as decider is known by its definition.
  private func refusal(
    _ action: AccessPolicy.Action, on deal: Deal?, to caller: Caller,
    in transaction: borrowing PostgresTransaction
  ) throws -> AccessPolicy.Refusal? {
    guard let deal else { return caller.refusal(action, owner: nil, team: nil) }
    let definition = try pipelines.find([deal.version], in: transaction)[deal.version]
    return caller.refusal(
      action, owner: deal.owner, team: deal.team, in: definition?.stage(deal.stage))
  }

  static func rows(
    because activity: EntityID, in transaction: borrowing PostgresTransaction
  ) throws -> [Row] {
    try transaction.query(
      "\(select) WHERE p.activity_key = $1 ORDER BY p.position", activity
    ).map { try Row($0) }
  }

  enum Outcome: Sendable {
    case decided(Row, Proposal.Verdict)
    case denied(AccessPolicy.Refusal)
    case notFound
  }

  /// Decides under a lock, and sends what follows.
  ///
  /// - Parameter action: what the caller must be allowed to do to the deal.
  func decide(
    _ id: EntityID, by caller: Caller,
    _ action: @escaping @Sendable (Proposal) -> AccessPolicy.Action, traceparent: String?,
    at now: Instant, _ decision: @escaping @Sendable (inout Proposal, Deal?) -> Proposal.Verdict
  ) async throws -> Outcome {
    let outcome = try await pool.transaction { transaction -> Outcome in
      guard var proposal = try ProposalTables.lock(ids: [id], in: transaction).first else {
        return .notFound
      }
      let before = proposal
      let deal = try ProposalStore.deal(of: proposal, in: transaction)
      if let refusal = try refusal(action(proposal), on: deal, to: caller, in: transaction) {
        return .denied(refusal)
      }
      let verdict = decision(&proposal, deal)
      if proposal != before { try ProposalTables.save([proposal], in: transaction) }
      if case .changed(let command?) = verdict {
        try Outbox.append(
          [try .of(command, traceparent: traceparent)], at: now, in: transaction)
      }
      return try ProposalStore.row(id, in: transaction).map { .decided($0, verdict) }
        ?? .notFound
    }
    committed.wake()
    return outcome
  }
}

extension ProposalStore.Row {
  fileprivate init(_ row: PostgresRow) throws {
    self.init(
      proposal: try Proposal(row), position: try row.decode(20), name: try row.optional(21),
      owner: try row.optional(22), team: try row.optional(23))
  }
}
