import Contracts
import Messaging
import Postgres

/// Takes what was erased out of everything that repeats a deal's events.
enum ErasureTables {
  static func rewrite(
    _ erasure: Erasure, in transaction: borrowing PostgresTransaction
  ) throws {
    let events = erasure.rewritten
    try transaction.execute(
      """
      UPDATE history SET data = new.data
      FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::jsonb[])
        AS new (opportunity_id, epoch, sequence, data)
      WHERE (history.opportunity_id, history.epoch, history.sequence)
        = (new.opportunity_id, new.epoch, new.sequence)
      """, events.map(\.opportunityId), events.map(\.epoch), events.map(\.sequence),
      try events.map { PostgresJSON(try JSONCoding.encode($0.data)) })
    for table in ["outbox", "outbox_undeliverable"] {
      try rewriteMessages(of: erasure, waitingIn: table, in: transaction)
    }
    try forgetAnswers(about: erasure.state.id, in: transaction)
  }

  /// Events that wait to be published. What the relay has read already it may still send.
  private static func rewriteMessages(
    of erasure: Erasure, waitingIn table: String, in transaction: borrowing PostgresTransaction
  ) throws {
    guard let erased = erasure.event.data.erased else { return }
    let rows = try transaction.query(
      "SELECT id, value FROM \(table) WHERE topic = $1 AND message_key = $2 FOR UPDATE",
      Topic.stageChanges.name, Array(erasure.state.id.description.utf8))
    for row in rows {
      guard let value = try row.optional(1, as: [UInt8].self),
        let data = try? JSONCoding.decode(StageEventData.self, from: value)
      else { continue }
      try transaction.execute(
        "UPDATE \(table) SET value = $2 WHERE id = $1", try row.decode(0, as: Int64.self),
        try JSONCoding.encode(data.erasing(erased)))
    }
  }

  private struct Forgotten: Encodable {
    var id: EntityID
    var erased = true
  }

  /// Answers that show the deal or an activity of it. Whoever repeats the request gets no more than
  /// that there was an answer; nothing happens twice.
  private static func forgetAnswers(
    about id: EntityID, in transaction: borrowing PostgresTransaction
  ) throws {
    try transaction.execute(
      """
      UPDATE idempotency_keys SET body = $2
      WHERE position($1::bytea IN body) > 0 AND (
        position('"fields":'::bytea IN body) > 0 OR position('"activity":'::bytea IN body) > 0)
      """, Array(id.description.utf8), try JSONCoding.encode(Forgotten(id: id)))
  }

  /// What is searched, and the accounts that no other deal has.
  static func forgetNames(
    of ids: [EntityID], in transaction: borrowing PostgresTransaction
  ) throws {
    let former = try transaction.query(
      "SELECT DISTINCT account_key FROM opportunity_names WHERE opportunity_id = ANY($1::uuid[])",
      ids
    ).map { try $0.decode(0, as: String.self) }
    try transaction.execute(
      """
      INSERT INTO accounts (key, account)
      SELECT DISTINCT ON (account_key(account)) account_key(account), account FROM opportunities
      WHERE id = ANY($1::uuid[]) ORDER BY account_key(account), id
      ON CONFLICT (key) DO NOTHING
      """, ids)
    try transaction.execute(
      """
      UPDATE opportunity_names SET account_key = account_key(account),
        words = lower(name || E'\\n' || (account->>'name'))
      FROM opportunities WHERE id = opportunity_id AND id = ANY($1::uuid[])
      """, ids)
    try transaction.execute(
      """
      DELETE FROM accounts WHERE key = ANY($1::text[])
        AND NOT EXISTS (SELECT FROM opportunity_names WHERE account_key = key)
      """, former)
    try transaction.execute(
      """
      UPDATE accounts SET account = jsonb_set(accounts.account, '{name}', to_jsonb($2::text))
      WHERE key = ANY($1::text[]) AND NOT EXISTS (
        SELECT FROM opportunity_names JOIN opportunities ON id = opportunity_id
        WHERE account_key = key AND opportunities.account->>'name' <> $2)
      """, former, ErasedData.mark)
  }
}
