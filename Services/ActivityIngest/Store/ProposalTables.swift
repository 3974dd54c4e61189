import Contracts
import Messaging
import Postgres

/// The statements on `proposals` that batches need.
enum ProposalTables {
  static let columns = """
    p.id, p.opportunity_id, p.cause, p.pipeline, p.from_stage, p.to_stage, p.rule, p.mode,
    p.fields, p.evidence, p.further_evidence, p.status, p.confirmed_by, p.rejected_by, p.reason,
    p.errors, p.event_id, p.sequence, p.created_at, p.updated_at
    """

  /// Stores the new ones and returns their identities: none that is there already, and none for a
  /// deal and a stage that have another one waiting or sent. Where one waits for a person and the new
  /// one is certain enough to be sent, nobody needs to decide any more.
  static func insert(
    _ drafts: [(proposal: Proposal, activity: EntityID)],
    in transaction: borrowing PostgresTransaction
  ) throws -> Set<EntityID> {
    guard !drafts.isEmpty else { return [] }
    // One order for all writers; what is sent wins over what waits, of equals the first one.
    let rows = drafts.enumerated().sorted { left, right in
      let (l, r) = (left.element.proposal, right.element.proposal)
      return (l.opportunityID, l.to, l.status == .sent ? 0 : 1, left.offset)
        < (r.opportunityID, r.to, r.status == .sent ? 0 : 1, right.offset)
    }.map(\.element)
    let proposals = rows.map(\.proposal)
    try makeWay(for: proposals.filter { $0.status == .sent }, in: transaction)
    let inserted = try transaction.query(
      """
      INSERT INTO proposals (id, opportunity_id, activity_key, cause, pipeline, from_stage, to_stage,
        rule, mode, fields, evidence, move_id, reversal_id, status, created_at, updated_at)
      SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[],
        $7::text[], $8::text[], $9::text[], $10::jsonb[], $11::jsonb[], $12::uuid[], $13::uuid[],
        $14::text[], $15::timestamptz[], $16::timestamptz[])
      ON CONFLICT DO NOTHING RETURNING id
      """,
      proposals.map(\.id), proposals.map(\.opportunityID), rows.map(\.activity),
      proposals.map(\.cause), proposals.map(\.pipeline), proposals.map(\.from),
      proposals.map(\.to), proposals.map(\.rule), proposals.map(\.mode.rawValue),
      try proposals.map { PostgresJSON(try JSONCoding.encode($0.fields)) },
      try proposals.map { PostgresJSON(try JSONCoding.encode($0.evidence)) },
      proposals.map { DerivedID.move($0.id) }, proposals.map { DerivedID.reversal($0.id) },
      proposals.map(\.status.rawValue), proposals.map(\.createdAt), proposals.map(\.updatedAt))
    return try Set(inserted.map { try $0.decode(0, as: EntityID.self) })
  }

  private static func makeWay(
    for proposals: [Proposal], in transaction: borrowing PostgresTransaction
  ) throws {
    guard !proposals.isEmpty else { return }
    try transaction.execute(
      """
      UPDATE proposals p SET status = 'superseded', updated_at = new.made
      FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[])
        AS new (id, deal, stage, made)
      WHERE p.opportunity_id = deal AND p.to_stage = stage AND p.status = 'waiting'
        AND NOT EXISTS (SELECT FROM proposals AS known WHERE known.id = new.id)
      """, proposals.map(\.id), proposals.map(\.opportunityID), proposals.map(\.to),
      proposals.map(\.createdAt))
  }

  private static let furtherLimit = 20

  /// What these rest on is kept with the proposal that is there already.
  static func addEvidence(
    of drafts: [Proposal], in transaction: borrowing PostgresTransaction
  ) throws {
    guard !drafts.isEmpty else { return }
    let groups = Dictionary(grouping: drafts) { Place(deal: $0.opportunityID, stage: $0.to) }
      .sorted { $0.key < $1.key }
    try transaction.execute(
      """
      UPDATE proposals p SET further_evidence = p.further_evidence || more.evidence
      FROM unnest($1::uuid[], $2::text[], $3::jsonb[]) AS more (deal, stage, evidence)
      WHERE p.opportunity_id = deal AND p.to_stage = stage AND p.status IN ('waiting', 'sent')
        AND jsonb_array_length(p.further_evidence) < \(furtherLimit)
      """, groups.map(\.key.deal), groups.map(\.key.stage),
      try groups.map { PostgresJSON(try JSONCoding.encode($0.value.map(\.evidence))) })
  }

  /// Locked, in the order of their identities: those of these ids, whose commands these are, or
  /// whose moves these events are.
  static func lock(
    ids: [EntityID] = [], commands: [EntityID] = [], events: [EntityID] = [],
    in transaction: borrowing PostgresTransaction
  ) throws -> [Proposal] {
    guard !(ids.isEmpty && commands.isEmpty && events.isEmpty) else { return [] }
    return try transaction.query(
      """
      SELECT \(columns) FROM proposals p WHERE id IN (
        SELECT id FROM proposals WHERE id = ANY($1::uuid[])
        UNION SELECT id FROM proposals WHERE move_id = ANY($2::uuid[])
        UNION SELECT id FROM proposals WHERE reversal_id = ANY($2::uuid[])
        UNION SELECT id FROM proposals WHERE event_id = ANY($3::uuid[]))
      ORDER BY id FOR UPDATE
      """, ids, commands, events
    ).map { try Proposal($0) }
  }

  static func save(_ proposals: [Proposal], in transaction: borrowing PostgresTransaction) throws {
    guard !proposals.isEmpty else { return }
    try transaction.execute(
      """
      UPDATE proposals p SET status = new.status, confirmed_by = new.confirmed_by,
        rejected_by = new.rejected_by, reason = new.reason, errors = new.errors,
        event_id = new.event_id, sequence = new.sequence, updated_at = new.updated_at
      FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[],
        $7::uuid[], $8::bigint[], $9::timestamptz[]) AS new (id, status, confirmed_by, rejected_by,
        reason, errors, event_id, sequence, updated_at)
      WHERE p.id = new.id
      """,
      proposals.map(\.id), proposals.map(\.status.rawValue), proposals.map(\.confirmedBy),
      proposals.map(\.rejectedBy), proposals.map(\.reason),
      try proposals.map { PostgresJSON(try JSONCoding.encode($0.errors)) },
      proposals.map(\.eventID), proposals.map(\.sequence), proposals.map(\.updatedAt))
  }

  /// What waits for a person although its deal went elsewhere waits no longer.
  static func supersede(
    in deals: [EntityID], at now: Instant, transaction: borrowing PostgresTransaction
  ) throws {
    try transaction.execute(
      """
      UPDATE proposals p SET status = 'superseded', updated_at = $2
      FROM deals d WHERE d.opportunity_id = ANY($1::uuid[])
        AND p.opportunity_id = d.opportunity_id AND p.status = 'waiting'
        AND (p.from_stage <> d.stage OR d.merged_into IS NOT NULL)
      """, deals, now)
  }
}

extension ProposalTables {
  /// Those of these deals that stand where they are known to stand only until a command of ours that
  /// is under way is carried out.
  static func dealsOnTheMove(
    _ deals: [EntityID], in transaction: borrowing PostgresTransaction
  ) throws -> Set<EntityID> {
    guard !deals.isEmpty else { return [] }
    return try Set(
      transaction.query(
        """
        SELECT DISTINCT p.opportunity_id FROM proposals p JOIN deals d USING (opportunity_id)
        WHERE p.opportunity_id = ANY($1::uuid[])
          AND (p.status = 'sent' OR p.status = 'moved' AND p.sequence > d.sequence)
        """, deals
      ).map { try $0.decode(0, as: EntityID.self) })
  }

  /// The activity does not belong to the deal after all: nobody needs to decide.
  static func withdraw(
    of activities: [EntityID], at now: Instant, in transaction: borrowing PostgresTransaction
  ) throws {
    try transaction.execute(
      """
      UPDATE proposals SET status = 'superseded', updated_at = $2
      WHERE activity_key = ANY($1::uuid[]) AND status = 'waiting'
      """, activities, now)
  }
}

private struct Place: Hashable, Comparable {
  var deal: EntityID
  var stage: String

  static func < (left: Place, right: Place) -> Bool {
    (left.deal, left.stage) < (right.deal, right.stage)
  }
}

extension Proposal {
  init(_ row: PostgresRow) throws {
    func json<Value: Decodable>(_ column: Int, as type: Value.Type = Value.self) throws -> Value {
      try JSONCoding.decode(type, from: try row.decode(column, as: PostgresJSON.self).bytes)
    }
    let mode: String = try row.decode(7)
    let status: String = try row.decode(11)
    guard let mode = Rule.Mode(rawValue: mode), let status = Status(rawValue: status) else {
      throw MessageFailure(
        .invalidData, "a proposal has the unknown mode or status \(mode) \(status)")
    }
    self.init(
      id: try row.decode(0), opportunityID: try row.decode(1), cause: try row.decode(2),
      pipeline: try row.decode(3), from: try row.decode(4), to: try row.decode(5),
      rule: try row.decode(6), mode: mode, fields: try json(8), evidence: try json(9),
      furtherEvidence: try json(10), status: status, confirmedBy: try row.optional(12),
      rejectedBy: try row.optional(13), reason: try row.optional(14), errors: try json(15),
      eventID: try row.optional(16), sequence: try row.optional(17), createdAt: try row.decode(18),
      updatedAt: try row.decode(19))
  }
}
