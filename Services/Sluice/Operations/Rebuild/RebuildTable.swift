import Contracts
import Postgres

/// The table by which forecasting is asked for a rebuild, and says how far it is.
struct RebuildTable: Sendable {
  /// With forecasting's schema as its search path.
  let pool: PostgresPool

  private static let columns = """
    id, source, state, reason, note, done, total, dead_letters, result, requested_at, switched_at,
    finished_at, extract(epoch FROM now() - updated_at)::float8, replay_topic
    """
  private static let underWay = "state IN ('requested', 'filling', 'switching', 'dropping')"

  /// The one that is under way, else the latest.
  func latest() async throws -> RebuildStatus? {
    try await pool.query(
      """
      SELECT \(RebuildTable.columns) FROM rebuilds
      ORDER BY \(RebuildTable.underWay) DESC, requested_at DESC LIMIT 1
      """
    ).first.map { try RebuildStatus($0) }
  }

  func find(_ id: EntityID) async throws -> RebuildStatus? {
    try await pool.query("SELECT \(RebuildTable.columns) FROM rebuilds WHERE id = $1", id)
      .first.map { try RebuildStatus($0) }
  }

  /// Asks for a rebuild. False when another one is under way.
  ///
  /// - Parameter replay: what was written of the history; nil rebuilds from the log.
  func request(_ id: EntityID, replay: ReplayReport?) async throws -> Bool {
    try await pool.execute(
      """
      INSERT INTO rebuilds (id, source, cluster_id, replay_topic, replay_ends, live_starts)
      VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
      """, id, replay == nil ? "log" : "history", replay?.clusterId, replay?.topic, replay?.ends,
      replay?.liveStarts) == 1
  }

  /// Calls off the one that is under way; nil when there is none. What it was filling is cleared by
  /// forecasting.
  func cancel() async throws -> EntityID? {
    try await pool.query(
      """
      UPDATE rebuilds SET state = 'cancelled', note = NULL, finished_at = now(), updated_at = now()
      WHERE state IN ('requested', 'filling', 'switching') RETURNING id
      """
    ).first?.decode(0)
  }
}

/// A row of the table.
struct RebuildStatus: Encodable, Equatable, Sendable {
  enum State: String, Encodable, Sendable {
    case requested, filling, switching, dropping, done, failed, cancelled

    var isUnderWay: Bool { ![.done, .failed, .cancelled].contains(self) }
  }

  struct Table: Codable, Equatable, Sendable {
    var table: String
    /// Rows.
    var before: Int64
    var after: Int64
  }

  private struct Result: Decodable { var tables: [Table] }

  var id: EntityID
  /// `log` or `history`.
  var source: String
  var state: State
  var reason: String?
  var note: String?
  /// Messages.
  var done: Int64
  var total: Int64?
  var deadLetters: Int64
  var tables: [Table]
  var requestedAt: Instant
  var switchedAt: Instant?
  var finishedAt: Instant?
  /// Since forecasting gave a sign.
  var silentSeconds: Double
  var replayTopic: String?

  init(_ row: PostgresRow) throws {
    let state = try row.decode(2, as: String.self)
    guard let state = State(rawValue: state) else {
      throw OperatorFailure.unavailable(
        "forecasting knows a state \(state) that this program does not; is it the same version?")
    }
    id = try row.decode(0)
    source = try row.decode(1)
    self.state = state
    reason = try row.optional(3)
    note = try row.optional(4)
    done = try row.decode(5)
    total = try row.optional(6)
    deadLetters = try row.decode(7)
    let result = try row.optional(8, as: PostgresJSON.self)
    tables = try result.map { try JSONCoding.decode(Result.self, from: $0.bytes).tables } ?? []
    requestedAt = try row.decode(9)
    switchedAt = try row.optional(10)
    finishedAt = try row.optional(11)
    silentSeconds = try row.decode(12)
    replayTopic = try row.optional(13)
  }

  func text() -> String {
    var lines = ["rebuild \(id) from the \(source): \(state.rawValue)"]
    if let reason { lines.append(reason) }
    if let note { lines.append("note: \(note)") }
    if state.isUnderWay, let total {
      lines.append("\(done) of about \(total) messages applied")
    }
    if state == .done {
      lines.append("\(done) messages applied, \(deadLetters) of them dead letters")
    }
    if !tables.isEmpty {
      var table = TextTable([.left("table"), .right("rows before"), .right("rows now")])
      for row in tables { table.add(row.table, String(row.before), String(row.after)) }
      lines.append(table.render())
    }
    if state == .done { lines.append("check it with: sluice verify") }
    return lines.joined(separator: "\n")
  }
}
