import Contracts
import Postgres

/// The statements on the table `rebuilds`, over the connection that holds the worker's lock: who has
/// lost it can no longer write here.
struct RebuildLedger: Sendable {
  let session: PostgresSession
  /// The schema that serves.
  let schema: String

  private static let columns = """
    id, source, state, cluster_id, replay_topic, replay_ends, live_starts
    """

  /// The one rebuild that is under way.
  func underWay() async throws -> RebuildRequest? {
    try await session.query(
      """
      SELECT \(RebuildLedger.columns) FROM rebuilds
      WHERE state IN ('requested', 'filling', 'switching', 'dropping')
      """
    ).first.map { try RebuildRequest($0) }
  }

  /// A sign of life. Throws `RebuildCancelled` when the rebuild was called off.
  ///
  /// - Parameter note: what it waits for.
  func touch(_ id: EntityID, _ state: RebuildRequest.State, note: String?) async throws {
    let touched = try await session.execute(
      """
      UPDATE rebuilds SET state = $2, note = $3, updated_at = now()
      WHERE id = $1 AND state IN ('requested', 'filling', 'switching')
      """, id, state.rawValue, note)
    guard touched == 1 else { throw RebuildCancelled() }
  }

  func fail(_ id: EntityID, _ reason: String) async throws {
    try await session.execute(
      """
      UPDATE rebuilds SET state = 'failed', reason = $2, note = NULL, finished_at = now(),
        updated_at = now()
      WHERE id = $1 AND state IN ('requested', 'filling', 'switching', 'dropping')
      """, id, reason)
  }

  /// The work goes on later, where it stands.
  func interrupt(_ id: EntityID, _ note: String) async throws {
    try await session.execute(
      "UPDATE rebuilds SET note = $2, updated_at = now() WHERE id = $1", id, note)
  }

  func record(_ id: EntityID, _ result: RebuildResult) async throws {
    try await session.execute(
      "UPDATE rebuilds SET result = $2, updated_at = now() WHERE id = $1", id,
      PostgresJSON(try JSONCoding.encode(result)))
  }

  func finish(_ id: EntityID, note: String?) async throws {
    try await session.execute(
      """
      UPDATE rebuilds SET state = 'done', note = $2, finished_at = now(), updated_at = now()
      WHERE id = $1 AND state = 'dropping'
      """, id, note)
  }

  // MARK: In the transactions that fill and switch, whose search path is another

  /// The filling begins, or begins anew.
  func begin(
    _ id: EntityID, total: Int64, in transaction: borrowing PostgresTransaction
  ) throws {
    try change(
      """
      state = 'filling', total = $2, done = 0, dead_letters = 0, note = NULL, started_at = now()
      """, id, total, in: transaction)
  }

  func count(
    _ id: EntityID, messages: Int, deadLetters: Int,
    in transaction: borrowing PostgresTransaction
  ) throws {
    try change(
      "done = done + $2, dead_letters = dead_letters + $3", id, Int64(messages),
      Int64(deadLetters), in: transaction)
  }

  func switched(_ id: EntityID, in transaction: borrowing PostgresTransaction) throws {
    try change("state = 'dropping', note = NULL, switched_at = now()", id, in: transaction)
  }

  private func change(
    _ assignments: String, _ id: EntityID, _ values: any PostgresEncodable...,
    in transaction: borrowing PostgresTransaction
  ) throws {
    let changed = try transaction.execute(
      """
      UPDATE \(quoteIdentifier(schema)).rebuilds SET \(assignments), updated_at = now()
      WHERE id = $1 AND state IN ('requested', 'filling', 'switching')
      """, parameters: [id] + values)
    guard changed == 1 else { throw RebuildCancelled() }
  }
}

/// What a rebuild came to.
struct RebuildResult: Codable, Equatable, Sendable {
  struct Table: Codable, Equatable, Sendable {
    var table: String
    var before: Int64
    var after: Int64
  }

  var tables: [Table]
}
