package import Contracts
package import Postgres

/// Events that wait for their predecessor, kept in the reader's schema so that a restart forgets none.
package enum ParkedEvents {
  package static func load(
    for opportunities: [EntityID], in transaction: borrowing PostgresTransaction
  ) throws -> [StageEvent] {
    let (sql, parameters) = selection(for: opportunities)
    return try transaction.query(sql, parameters: parameters).map { try read($0) }
  }

  /// For those who ask more at the same time; each row is read by `read`.
  package static func selection(
    for opportunities: [EntityID]
  ) -> (sql: String, parameters: [(any PostgresEncodable)?]) {
    (
      """
      SELECT event_id, type, data FROM parked_events
      WHERE opportunity_id = ANY($1::uuid[]) ORDER BY opportunity_id, epoch, sequence
      """, [opportunities]
    )
  }

  package static func read(_ row: PostgresRow) throws -> StageEvent {
    let json = try row.decode(2, as: PostgresJSON.self)
    guard let type = StageEventType(rawValue: try row.decode(1, as: String.self)) else {
      throw MessageFailure(.invalidData, "a parked event has an unknown type")
    }
    return StageEvent(
      id: try row.decode(0, as: EntityID.self), type: type,
      data: try JSONCoding.decode(StageEventData.self, from: json.bytes))
  }

  package static func park(
    _ events: [StageEvent], in transaction: borrowing PostgresTransaction
  ) throws {
    guard !events.isEmpty else { return }
    try transaction.execute(
      """
      INSERT INTO parked_events (opportunity_id, epoch, sequence, event_id, type, data)
      SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::uuid[], $5::text[], $6::jsonb[])
      ON CONFLICT DO NOTHING
      """, events.map(\.opportunityId), events.map(\.epoch), events.map(\.sequence),
      events.map(\.id), events.map(\.type.rawValue),
      try events.map { PostgresJSON(try JSONCoding.encode($0.data)) })
  }

  package static func remove(
    _ events: [StageEvent], in transaction: borrowing PostgresTransaction
  ) throws {
    guard !events.isEmpty else { return }
    try transaction.execute(
      """
      DELETE FROM parked_events USING unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS gone (o, e, s)
      WHERE opportunity_id = o AND epoch = e AND sequence = s
      """, events.map(\.opportunityId), events.map(\.epoch), events.map(\.sequence))
  }
}
