import Contracts
import Messaging
import Postgres

/// A decided event together with the state it leaves and the message it becomes.
struct Change: Sendable {
  let event: StageEvent
  let state: Opportunity
  let message: OutboxMessage
}

/// An answer that is kept under the client's Idempotency-Key.
struct KeptAnswer: Sendable {
  var subject: String
  var key: String
  var requestHash: [UInt8]
  var status: Int
  var body: [UInt8]
  var etag: String?
  var location: String?
}

/// Deals one at a time, as HTTP needs them.
struct OpportunityStore: Sendable {
  let pool: PostgresPool

  func find(_ id: EntityID) async throws -> Opportunity? {
    try await pool.query(
      "SELECT \(OpportunityColumns.list) FROM opportunities WHERE id = $1", id
    ).first.map { try OpportunityColumns.read($0) }
  }

  /// Writes state, history, outbox and kept answer with one statement; false when the deal is no
  /// longer at the sequence that the decision was made on (or, for a new deal, already exists).
  func commit(_ change: Change, keeping answer: KeptAnswer? = nil) async throws -> Bool {
    do {
      return try await write(change, keeping: answer)
    } catch let error as PostgresError where error.code == .commitUnknown {
      guard let isRecorded = try? await isRecorded(change.event) else { throw error }
      return isRecorded
    }
  }

  /// Whether an event stands in the history, once the transaction that might still be writing it
  /// has ended.
  private func isRecorded(_ event: StageEvent) async throws -> Bool {
    _ = try await pool.query(
      "SELECT sequence FROM opportunities WHERE id = $1 FOR SHARE", event.opportunityId)
    let rows = try await pool.query(
      """
      SELECT event_id FROM history WHERE opportunity_id = $1 AND epoch = $2 AND sequence = $3
      """, event.opportunityId, event.epoch, event.sequence)
    return try rows.first?.decode(0, as: EntityID.self) == event.id
  }

  private func write(_ change: Change, keeping answer: KeptAnswer?) async throws -> Bool {
    let isNew = change.event.type == .created
    let written = isNew ? OpportunityStore.insert : OpportunityStore.update
    let first = OpportunityColumns.count + 1
    var parameters = try OpportunityColumns.values(change.state)
    let wire = change.message.wire
    parameters += [
      change.event.id, change.event.type.rawValue, PostgresJSON(wire.value ?? []),
      change.message.bucket, change.message.topic.name, wire.key, wire.value,
      HeaderCoding.encode(wire.headers), change.event.recordedAt,
    ]
    parameters += [
      answer?.subject, answer?.key, answer?.requestHash, answer.map { Int32($0.status) },
      answer?.body, answer?.etag, answer?.location,
    ]
    func p(_ offset: Int) -> String { "$\(first + offset)" }
    let sql = """
      WITH written AS (\(written)),
      recorded AS (
        INSERT INTO history (opportunity_id, epoch, sequence, event_id, type, data)
        SELECT id, epoch, sequence, \(p(0))::uuid, \(p(1))::text, \(p(2))::jsonb FROM written),
      queued AS (
        INSERT INTO outbox (bucket, topic, message_key, value, headers, created_at)
        SELECT \(p(3))::smallint, \(p(4))::text, \(p(5))::bytea, \(p(6))::bytea, \(p(7))::bytea,
          \(p(8))::timestamptz FROM written),
      kept AS (
        INSERT INTO idempotency_keys
          (subject, key, request_hash, status, body, etag, location, created_at)
        SELECT \(p(9))::text, \(p(10))::text, \(p(11))::bytea, \(p(12))::integer, \(p(13))::bytea,
          \(p(14))::text, \(p(15))::text, \(p(8))::timestamptz
        FROM written WHERE \(p(10))::text IS NOT NULL)
      SELECT count(*) FROM written
      """
    FailPoint.commandBeforeCommit.hit()
    let rows = try await pool.query(sql, parameters: parameters)
    FailPoint.commandAfterCommit.hit()
    return try rows.first?.decode(0, as: Int64.self) == 1
  }

  private static let insert = """
    INSERT INTO opportunities (\(OpportunityColumns.list)) VALUES (\(OpportunityColumns.parameters))
    ON CONFLICT (id) DO NOTHING RETURNING id, epoch, sequence
    """

  private static let update = """
    UPDATE opportunities SET \(OpportunityColumns.assignments(from: "new"))
    FROM (VALUES (\(OpportunityColumns.parameters))) AS new (\(OpportunityColumns.list))
    WHERE opportunities.id = new.id AND opportunities.sequence = new.sequence - 1
    RETURNING opportunities.id, opportunities.epoch, opportunities.sequence
    """
}
