import Contracts
import Messaging
import Postgres

/// Proposals as people see and decide them.
struct ProposalStore: Sendable {
  let pool: PostgresPool
  let committed: WakeSignal

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
    parameters.append(filter.limit)
    return try await pool.query(
      """
      \(ProposalStore.select) WHERE \(conditions.joined(separator: " AND "))
      ORDER BY p.position LIMIT $\(parameters.count)
      """, parameters: parameters
    ).map { try Row($0) }
  }

  func find(_ id: EntityID) async throws -> Row? {
    try await pool.query("\(ProposalStore.select) WHERE p.id = $1", id).first.map { try Row($0) }
  }

  static func rows(
    because activity: EntityID, in transaction: borrowing PostgresTransaction
  ) throws -> [Row] {
    try transaction.query(
      "\(select) WHERE p.activity_key = $1 ORDER BY p.position", activity
    ).map { try Row($0) }
  }

  /// Decides under a lock, and sends what follows. Nil where there is no such proposal.
  func decide(
    _ id: EntityID, traceparent: String?, at now: Instant,
    _ decision: @Sendable (inout Proposal, Deal?) -> Proposal.Verdict
  ) async throws -> (row: Row, verdict: Proposal.Verdict)? {
    let decided = try await pool.transaction {
      transaction -> (row: Row, verdict: Proposal.Verdict)? in
      guard var proposal = try ProposalTables.lock(ids: [id], in: transaction).first else {
        return nil
      }
      let before = proposal
      let deal = try DealTables.find([proposal.opportunityID], in: transaction)[
        proposal.opportunityID]
      let verdict = decision(&proposal, deal)
      if proposal != before { try ProposalTables.save([proposal], in: transaction) }
      if case .changed(let command?) = verdict {
        try Outbox.append(
          [try .of(command, traceparent: traceparent)], at: now, in: transaction)
      }
      let rows = try transaction.query("\(ProposalStore.select) WHERE p.id = $1", id)
      return try rows.first.map { (try Row($0), verdict) }
    }
    committed.wake()
    return decided
  }
}

extension ProposalStore.Row {
  fileprivate init(_ row: PostgresRow) throws {
    self.init(
      proposal: try Proposal(row), position: try row.decode(20), name: try row.optional(21),
      owner: try row.optional(22), team: try row.optional(23))
  }
}
