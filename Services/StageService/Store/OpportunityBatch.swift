import Contracts
import Messaging
import Postgres

/// Deals many at a time, inside the transaction of a batch of commands.
enum OpportunityBatch {
  /// Locks the deals in order of id and reads them.
  static func lock(
    _ ids: [EntityID], in transaction: borrowing PostgresTransaction
  ) throws -> [EntityID: Opportunity] {
    let rows = try transaction.query(
      """
      SELECT \(OpportunityColumns.list) FROM opportunities
      WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE
      """, Array(Set(ids)).sorted())
    var deals: [EntityID: Opportunity] = [:]
    for row in rows {
      let deal = try OpportunityColumns.read(row)
      deals[deal.id] = deal
    }
    return deals
  }

  /// Writes the last state of each deal, and every event in order.
  ///
  /// - Parameter data: the events' data as JSON, which is also what their messages hold.
  static func write(
    states: [Opportunity], events: [StageEvent], data: [PostgresJSON],
    in transaction: borrowing PostgresTransaction
  ) throws {
    guard !events.isEmpty else { return }
    let sorted = states.sorted { $0.id < $1.id }
    try transaction.send(
      """
      INSERT INTO opportunities (\(OpportunityColumns.list))
      SELECT \(OpportunityColumns.arrays)
      ON CONFLICT (id) DO UPDATE SET \(OpportunityColumns.assignments(from: "excluded"))
      """, parameters: try OpportunityColumns.columns(sorted))
    try transaction.send(
      """
      INSERT INTO history (opportunity_id, epoch, sequence, event_id, type, data)
      SELECT o, e, s, i, t, d FROM
        unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::uuid[], $5::text[], $6::jsonb[])
        WITH ORDINALITY AS new (o, e, s, i, t, d, ordinal) ORDER BY ordinal
      """, events.map(\.opportunityId), events.map(\.epoch), events.map(\.sequence),
      events.map(\.id), events.map(\.type.rawValue), data)
  }
}

/// The results of commands that came over Kafka.
enum HandledCommands {
  static func find(
    _ ids: [EntityID], in transaction: borrowing PostgresTransaction
  ) throws -> [EntityID: CommandResult] {
    let rows = try transaction.query(
      """
      SELECT command_id, opportunity_id, outcome, sequence, errors, event_id
      FROM handled_commands
      WHERE command_id = ANY($1::uuid[])
      """, ids)
    var results: [EntityID: CommandResult] = [:]
    for row in rows {
      let id = try row.decode(0, as: EntityID.self)
      let outcome = try row.decode(2, as: String.self)
      results[id] = CommandResult(
        commandId: id, opportunityId: try row.decode(1, as: EntityID.self),
        outcome: CommandResult.Outcome(rawValue: outcome) ?? .refused,
        sequence: try row.optional(3, as: Int64.self),
        eventId: try row.optional(5, as: EntityID.self),
        errors: try JSONCoding.decode(
          [GateFailure].self, from: try row.decode(4, as: PostgresJSON.self).bytes),
        duplicate: true)
    }
    return results
  }

  static func record(
    _ results: [CommandResult], at now: Instant, in transaction: borrowing PostgresTransaction
  ) throws {
    guard !results.isEmpty else { return }
    try transaction.send(
      """
      INSERT INTO handled_commands
        (command_id, opportunity_id, outcome, sequence, errors, handled_at, event_id)
      SELECT c, o, r, s, e, $6, v FROM
        unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::jsonb[], $7::uuid[])
        AS new (c, o, r, s, e, v)
      """, results.map(\.commandId), results.map(\.opportunityId), results.map(\.outcome.rawValue),
      results.map(\.sequence), try results.map { PostgresJSON(try JSONCoding.encode($0.errors)) },
      now, results.map(\.eventId))
  }
}
