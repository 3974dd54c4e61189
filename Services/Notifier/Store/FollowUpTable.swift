import Contracts
import Messaging
import Postgres

/// The rows of `follow_ups`, inside a transaction.
enum FollowUpTable {
  static let columns = """
    opportunity_id, epoch, sequence, pipeline, stage, category, owner, team, name, partition, due_at,
    remind, reminded_due_at, reminded_at
    """

  /// Locks the deals in order of id and reads them.
  static func lock(
    _ ids: Set<EntityID>, in transaction: borrowing PostgresTransaction
  ) throws -> [EntityID: FollowUp] {
    let rows = try transaction.query(
      """
      SELECT \(columns) FROM follow_ups
      WHERE opportunity_id = ANY($1::uuid[]) ORDER BY opportunity_id FOR NO KEY UPDATE
      """, ids.sorted())
    var found: [EntityID: FollowUp] = [:]
    for row in rows {
      let followUp = try FollowUp(row)
      found[followUp.opportunityID] = followUp
    }
    return found
  }

  static func write(
    _ followUps: [FollowUp], in transaction: borrowing PostgresTransaction
  ) throws {
    guard !followUps.isEmpty else { return }
    let rows = followUps.sorted { $0.opportunityID < $1.opportunityID }
    try transaction.execute(
      """
      INSERT INTO follow_ups (\(columns))
      SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::text[],
        $6::text[], $7::text[], $8::text[], $9::text[], $10::int[], $11::timestamptz[],
        $12::bool[], $13::timestamptz[], $14::timestamptz[])
      ON CONFLICT (opportunity_id) DO UPDATE SET
        epoch = excluded.epoch, sequence = excluded.sequence, pipeline = excluded.pipeline,
        stage = excluded.stage, category = excluded.category, owner = excluded.owner,
        team = excluded.team, name = excluded.name, partition = excluded.partition,
        due_at = excluded.due_at, remind = excluded.remind,
        reminded_due_at = excluded.reminded_due_at, reminded_at = excluded.reminded_at
      """, rows.map(\.opportunityID), rows.map(\.epoch), rows.map(\.sequence),
      rows.map(\.pipeline), rows.map(\.stage), rows.map(\.category?.rawValue), rows.map(\.owner),
      rows.map(\.team), rows.map(\.name), rows.map(\.partition), rows.map(\.dueAt),
      rows.map(\.remind), rows.map(\.remindedDueAt), rows.map(\.remindedAt))
  }
}

extension FollowUp {
  /// Reads a row whose columns stand in the order of `FollowUpTable.columns`.
  init(_ row: PostgresRow) throws {
    self.init(
      opportunityID: try row.decode(0), epoch: try row.decode(1), sequence: try row.decode(2),
      pipeline: try row.decode(3), stage: try row.decode(4),
      category: try row.optional(5, as: String.self).flatMap(StageCategory.init(rawValue:)),
      owner: try row.optional(6), team: try row.optional(7), name: try row.optional(8),
      partition: try row.decode(9), dueAt: try row.optional(10), remind: try row.decode(11),
      remindedDueAt: try row.optional(12), remindedAt: try row.optional(13))
  }
}
