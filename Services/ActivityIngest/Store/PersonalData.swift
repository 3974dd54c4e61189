import Contracts
import Messaging
import Postgres

/// What is kept here of what was said in a deal's activities, and by whom.
enum PersonalData {
  /// Which activities there were, and what became of them, stays; their words, contacts and links go,
  /// and with them the words on which proposals rest.
  static func erase(of deals: [EntityID], in transaction: borrowing PostgresTransaction) throws {
    guard !deals.isEmpty else { return }
    try transaction.execute(
      """
      UPDATE activities SET observation = observation - 'subject' - 'text' - 'contact' - 'evidence'
      WHERE opportunity_id = ANY($1::uuid[])
      """, deals)
    try transaction.execute(
      """
      UPDATE proposals SET
        evidence = jsonb_set(evidence, '{words}', to_jsonb($2::text)),
        further_evidence = (
          SELECT coalesce(jsonb_agg(jsonb_set(item, '{words}', to_jsonb($2::text)) ORDER BY place), '[]')
          FROM jsonb_array_elements(further_evidence) WITH ORDINALITY AS one (item, place))
      WHERE opportunity_id = ANY($1::uuid[])
      """, deals, ErasedData.mark)
    try transaction.execute(
      "DELETE FROM deal_contacts WHERE opportunity_id = ANY($1::uuid[])", deals)
  }
}
