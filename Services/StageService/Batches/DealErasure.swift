import Contracts
import Messaging
import Postgres
import ServiceContextModule
import ServiceKit

/// Erases the personal data of a deal and of the duplicates that became part of it: state, history,
/// what waits to be published, kept answers and names, in one transaction.
struct DealErasure: Sendable {
  private static let attempts = 4

  let pool: PostgresPool
  let catalog: PipelineCatalog
  let recorder: Recorder
  let committed: WakeSignal

  /// The deal afterwards; nil where others merged duplicates into it again and again meanwhile.
  func run(
    _ request: Erasure.Request, of id: EntityID, by actor: String, at now: Instant
  ) async throws -> Result<Opportunity, Refusal>? {
    let failures = Validation.text(
      request.reason, at: "/reason", limit: Validation.maximumSummaryLength)
    guard failures.isEmpty else { return .failure(.invalid(failures)) }
    let trace = ServiceContext.current?.trace
    for _ in 0..<DealErasure.attempts {
      let group = try await duplicates(of: id)
      let result = try await pool.transaction { transaction -> Result<Opportunity, Refusal>? in
        let deals = try OpportunityBatch.lock(group, in: transaction)
        guard let deal = deals[id] else { return .failure(.notFound) }
        if let into = deal.mergedInto { return .failure(.invalid([.merged(into: into)])) }
        // Somebody has merged another one into it meanwhile.
        guard try Set(ids(of: id, in: transaction)) == Set(deals.keys) else { return nil }
        let erasures = try deals.values.sorted { $0.id < $1.id }.compactMap {
          try erasure(request, of: $0, by: actor, at: now, in: transaction)
        }
        if erasures.isEmpty { return .success(deal) }
        let messages = try erasures.map { try recorder.message($0.event, trace: trace) }
        try OpportunityBatch.write(
          states: erasures.map(\.state), events: erasures.map(\.event),
          data: messages.map { PostgresJSON($0.wire.value ?? []) }, in: transaction)
        for erasure in erasures { try ErasureTables.rewrite(erasure, in: transaction) }
        if request.names == true {
          try ErasureTables.forgetNames(of: erasures.map(\.state.id), in: transaction)
        }
        try Outbox.append(messages, at: now, in: transaction)
        return .success(erasures.first { $0.state.id == id }?.state ?? deal)
      }
      if let result {
        committed.wake()
        return result
      }
    }
    return nil
  }

  private func erasure(
    _ request: Erasure.Request, of deal: Opportunity, by actor: String, at now: Instant,
    in transaction: borrowing PostgresTransaction
  ) throws -> Erasure? {
    guard
      let pipeline = try catalog.version(
        deal.pipeline, deal.pipelineVersion, in: transaction)
    else { return nil }
    return Erasure(
      request, of: deal, history: try HistoryStore.events(of: deal.id, in: transaction),
      by: Decider(
        definition: pipeline.definition, version: pipeline.version,
        context: DecisionContext(
          now: now, actor: actor, eventID: .make(at: now), epoch: recorder.epoch, mode: .live)))
  }

  /// The deal and its duplicates, and theirs.
  private static let group = """
    WITH RECURSIVE part AS (
      SELECT id FROM opportunities WHERE id = $1
      UNION
      SELECT deal.id FROM opportunities AS deal JOIN part ON deal.merged_into = part.id
      WHERE deal.merged_into IS NOT NULL)
    SELECT id FROM part
    """

  private func duplicates(of id: EntityID) async throws -> [EntityID] {
    try await pool.query(DealErasure.group, id).map { try $0.decode(0) }
  }

  private func ids(
    of id: EntityID, in transaction: borrowing PostgresTransaction
  ) throws -> [EntityID] {
    try transaction.query(DealErasure.group, id).map { try $0.decode(0) }
  }
}
