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

  /// Those that wait for one of these deals, locked, in the order in which they came.
  static func waiting(
    for deals: [EntityID], in transaction: borrowing PostgresTransaction
  ) throws -> [Activity] {
    try transaction.query(
      """
      WITH touched AS (
        SELECT key FROM unmatched WHERE opportunity_id = ANY($1::uuid[])
        UNION SELECT u.key FROM deals d JOIN unmatched u USING (external_id)
          WHERE d.opportunity_id = ANY($1::uuid[])
        UNION SELECT u.key FROM deal_contacts c JOIN unmatched u ON u.email = c.value
          WHERE c.kind = 'email' AND c.opportunity_id = ANY($1::uuid[])
        UNION SELECT u.key FROM deal_contacts c JOIN unmatched u ON u.phone = c.value
          WHERE c.kind = 'phone' AND c.opportunity_id = ANY($1::uuid[]))
      SELECT \(ActivityTables.columns)
      FROM unmatched u JOIN touched USING (key) JOIN activities a USING (key)
      WHERE u.reason = ANY($2::text[]) ORDER BY u.position FOR UPDATE OF u
      """, deals, UnmatchedReason.allCases.filter(\.waits).map(\.rawValue)
    ).map { try Activity($0) }
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
