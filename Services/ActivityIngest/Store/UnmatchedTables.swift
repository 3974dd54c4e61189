import Contracts
import Messaging
import Postgres

/// The statements on `unmatched`.
enum UnmatchedTables {
  /// In the order given, which is the order in which they are shown.
  static func insert(
    _ unmatched: [UnmatchedActivity], in transaction: borrowing PostgresTransaction
  ) throws {
    guard !unmatched.isEmpty else { return }
    let references = unmatched.map { ReferenceColumns($0.activity.reference) }
    try transaction.execute(
      """
      INSERT INTO unmatched (key, reason, candidates, errors, opportunity_id, external_id, email,
        phone)
      SELECT k, r, c, e, o, x, m, p FROM unnest($1::uuid[], $2::text[], $3::jsonb[], $4::jsonb[],
        $5::uuid[], $6::text[], $7::text[], $8::text[])
        WITH ORDINALITY AS new (k, r, c, e, o, x, m, p, ordinal) ORDER BY ordinal
      ON CONFLICT DO NOTHING
      """, unmatched.map(\.activity.key), unmatched.map(\.reason.rawValue),
      try unmatched.map { PostgresJSON(try JSONCoding.encode($0.candidates)) },
      try unmatched.map { PostgresJSON(try JSONCoding.encode($0.errors)) },
      references.map(\.opportunity), references.map(\.externalID), references.map(\.email),
      references.map(\.phone))
  }

  /// Those that wait for one of these deals, locked, in the order in which they came. By a contact,
  /// a deal is not meant that is closed or younger than the activity (see ``Match``).
  ///
  /// - Parameter merged: of two deals one is left: what might have belonged to either waits no longer.
  static func waiting(
    for deals: [EntityID], byContact known: [EntityID], merged: [EntityID], after position: Int64,
    limit: Int, in transaction: borrowing PostgresTransaction
  ) throws -> [(activity: Activity, position: Int64)] {
    try transaction.query(
      """
      WITH meant AS (
        SELECT c.kind, c.value, min(d.created_at) AS since
        FROM deal_contacts c JOIN deals d USING (opportunity_id)
        WHERE d.opportunity_id = ANY($2::uuid[])
          AND (d.category = 'open' OR d.merged_into IS NOT NULL)
        GROUP BY c.kind, c.value),
      touched AS (
        SELECT key FROM unmatched WHERE opportunity_id = ANY($1::uuid[])
        UNION SELECT u.key FROM deals d JOIN unmatched u USING (external_id)
          WHERE d.opportunity_id = ANY($1::uuid[])
        UNION SELECT u.key FROM meant JOIN unmatched u ON u.email = meant.value
          JOIN activities a USING (key) WHERE meant.kind = 'email' AND a.received_at >= since
        UNION SELECT u.key FROM meant JOIN unmatched u ON u.phone = meant.value
          JOIN activities a USING (key) WHERE meant.kind = 'phone' AND a.received_at >= since)
      SELECT \(ActivityTables.columns), u.position
      FROM unmatched u JOIN touched USING (key) JOIN activities a USING (key)
      WHERE u.position > $4 AND (u.reason = ANY($3::text[])
        OR u.reason = '\(UnmatchedReason.severalOpportunities.rawValue)'
          AND u.candidates ?| $6::text[])
      ORDER BY u.position LIMIT $5 FOR UPDATE OF u
      """, deals, known, UnmatchedReason.allCases.filter(\.waits).map(\.rawValue), position, limit,
      merged.map(\.description)
    ).map { (try Activity($0), try $0.decode(8)) }
  }

  static func explain(
    _ unmatched: [UnmatchedActivity], in transaction: borrowing PostgresTransaction
  ) throws {
    guard !unmatched.isEmpty else { return }
    try transaction.execute(
      """
      UPDATE unmatched u SET reason = new.reason, candidates = new.candidates
      FROM unnest($1::uuid[], $2::text[], $3::jsonb[]) AS new (key, reason, candidates)
      WHERE u.key = new.key
      """, unmatched.map(\.activity.key), unmatched.map(\.reason.rawValue),
      try unmatched.map { PostgresJSON(try JSONCoding.encode($0.candidates)) })
  }

  static func remove(
    _ keys: [EntityID], in transaction: borrowing PostgresTransaction
  ) throws {
    guard !keys.isEmpty else { return }
    try transaction.execute("DELETE FROM unmatched WHERE key = ANY($1::uuid[])", keys)
  }
}

/// What an unmatched activity is found by.
private struct ReferenceColumns {
  var opportunity: EntityID?
  var externalID: String?
  var email: String?
  var phone: String?

  init(_ reference: Activity.Reference) {
    switch reference {
    case .opportunity(let id): opportunity = id
    case .externalID(let id): externalID = id
    case .contact(let keys):
      email = keys.first { $0.kind == .email }?.value
      phone = keys.first { $0.kind == .phone }?.value
    case .none: break
    }
  }
}
