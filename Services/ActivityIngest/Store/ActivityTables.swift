import Contracts
import Messaging
import Postgres

/// An activity that has found its deal.
struct MatchedActivity: Sendable {
  var activity: Activity
  var deal: Deal
  var by: MatchedBy
  /// Who assigned it.
  var person: String?

  var recordingID: EntityID { DerivedID.recording(activity.key, attempt: activity.attempt) }

  init(_ activity: Activity, _ deal: Deal, by: MatchedBy, person: String? = nil) {
    self.activity = activity
    self.activity.attempt += 1
    self.deal = deal
    self.by = by
    self.person = person
  }
}

/// An activity that has not.
struct UnmatchedActivity: Sendable {
  var activity: Activity
  var reason: UnmatchedReason
  var candidates: [EntityID] = []
  var errors: [GateFailure] = []
}

/// The statements on `activities`.
enum ActivityTables {
  enum State: String, Codable, Sendable { case unmatched, matched, recorded, dismissed }

  static let columns = """
    a.key, a.source, a.id, a.time, a.received_at, a.observation, a.traceparent, a.attempt
    """

  /// Stores those that are not there yet and returns their keys.
  static func insert(
    _ activities: [(activity: Activity, match: Match)],
    in transaction: borrowing PostgresTransaction
  ) throws -> Set<EntityID> {
    // In the order of their keys: another partition may bring the same ones.
    let sorted = activities.sorted { $0.activity.key < $1.activity.key }
    let rows = sorted.map(\.activity)
    let matched = sorted.map { activity, match -> MatchedActivity? in
      guard case .deal(let deal, let by) = match else { return nil }
      return MatchedActivity(activity, deal, by: by)
    }
    let inserted = try transaction.query(
      """
      INSERT INTO activities (key, source, id, time, received_at, observation, traceparent, state,
        matched_by, opportunity_id, attempt, command_id, evaluated)
      SELECT *, true FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[],
        $5::timestamptz[], $6::jsonb[], $7::text[], $8::text[], $9::text[], $10::uuid[],
        $11::int[], $12::uuid[])
      ON CONFLICT DO NOTHING RETURNING key
      """,
      rows.map(\.key), rows.map(\.source), rows.map(\.id), rows.map(\.time),
      rows.map(\.receivedAt),
      try rows.map { PostgresJSON(try JSONCoding.encode($0.observation)) },
      rows.map(\.traceparent),
      matched.map { ($0 == nil ? State.unmatched : State.matched).rawValue },
      matched.map { $0?.by.rawValue }, matched.map { $0?.deal.id },
      matched.map { Int32($0?.activity.attempt ?? 0) }, matched.map { $0?.recordingID })
    return try Set(inserted.map { try $0.decode(0, as: EntityID.self) })
  }

  /// Those that were unmatched belong to a deal now.
  static func match(
    _ matched: [MatchedActivity], in transaction: borrowing PostgresTransaction
  ) throws {
    guard !matched.isEmpty else { return }
    try transaction.execute(
      """
      UPDATE activities SET state = 'matched', opportunity_id = deal, matched_by = criterion,
        decided_by = person, attempt = nth, command_id = command, sequence = NULL
      FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int[], $6::uuid[])
        AS new (matched_key, deal, criterion, person, nth, command)
      WHERE key = matched_key
      """, matched.map(\.activity.key), matched.map(\.deal.id), matched.map(\.by.rawValue),
      matched.map(\.person), matched.map { Int32($0.activity.attempt) },
      matched.map(\.recordingID))
  }

  /// The rules are to be asked later.
  static func postpone(
    _ keys: [EntityID], in transaction: borrowing PostgresTransaction
  ) throws {
    guard !keys.isEmpty else { return }
    try transaction.execute(
      "UPDATE activities SET evaluated = false WHERE key = ANY($1::uuid[])", keys)
  }

  /// What postponed activities waited for.
  enum Event: Sendable {
    /// These versions came.
    case versions([PipelineVersion])
    /// In these deals, it is known what became of a move.
    case deals([EntityID])
  }

  /// Ends the wait and returns the activities with their deals, in the order in which they came.
  static func resume(
    after event: Event, in transaction: borrowing PostgresTransaction
  ) throws -> [(activity: Activity, deal: Deal)] {
    let condition: String
    let parameters: [(any PostgresEncodable)?]
    switch event {
    case .versions(let versions):
      condition = "(pipeline, pipeline_version) IN (SELECT * FROM unnest($1::text[], $2::int[]))"
      parameters = [versions.map(\.key), versions.map { Int32($0.version) }]
    case .deals(let ids):
      guard !ids.isEmpty else { return [] }
      condition = "opportunity_id = ANY($1::uuid[])"
      parameters = [ids]
    }
    return try transaction.query(
      """
      WITH resumed AS (
        UPDATE activities SET evaluated = true WHERE NOT evaluated AND opportunity_id IN (
          SELECT opportunity_id FROM deals WHERE \(condition))
        RETURNING *)
      SELECT \(columns), \(DealTables.columns)
      FROM resumed a JOIN deals d USING (opportunity_id) ORDER BY a.received_at, a.key
      """, parameters: parameters
    ).map { (try Activity($0), try Deal($0, from: 8)) }
  }

  /// stage-service has recorded them.
  static func settle(
    recorded: [(command: EntityID, sequence: Int64?)],
    in transaction: borrowing PostgresTransaction
  ) throws -> Int {
    guard !recorded.isEmpty else { return 0 }
    return try transaction.execute(
      """
      UPDATE activities SET state = 'recorded', sequence = position
      FROM unnest($1::uuid[], $2::bigint[]) AS result (command, position)
      WHERE command_id = command AND state = 'matched'
      """, recorded.map(\.command), recorded.map(\.sequence))
  }

  /// stage-service would not record them: they belong to no deal again. By command.
  static func putBack(
    _ commands: [EntityID], in transaction: borrowing PostgresTransaction
  ) throws -> [(command: EntityID, activity: Activity)] {
    guard !commands.isEmpty else { return [] }
    return try transaction.query(
      """
      UPDATE activities a SET state = 'unmatched', opportunity_id = NULL, matched_by = NULL
      WHERE command_id = ANY($1::uuid[]) AND state = 'matched'
      RETURNING \(columns), a.command_id
      """, commands
    ).map { (try $0.decode(8), try Activity($0)) }
  }
}

extension Activity {
  init(_ row: PostgresRow) throws {
    self.init(
      key: try row.decode(0), source: try row.decode(1), id: try row.decode(2),
      time: try row.optional(3), receivedAt: try row.decode(4),
      observation: try JSONCoding.decode(
        ActivityObservation.self, from: try row.decode(5, as: PostgresJSON.self).bytes),
      traceparent: try row.optional(6), attempt: try row.decode(7))
  }
}
