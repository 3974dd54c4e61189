import Contracts
import Messaging
import Postgres
import ServiceWiring

/// An account as its deals have it.
struct AccountRow: Sendable {
  /// In the order in which accounts became known.
  var number: Int64
  var account: Account
  var deals: Int64
  var openDeals: Int64
}

/// The accounts of all deals.
struct AccountStore: Sendable {
  let pool: PostgresPool

  /// - Parameters:
  ///   - text: a part of the name, without regard to case.
  ///   - scope: the deals that count; accounts without any are left out. Nil: all deals.
  func list(
    containing text: String?, in scope: DealScope?, after: Int64?, limit: Int
  ) async throws -> [AccountRow] {
    let after = after ?? 0
    if let scope { return try await list(containing: text, in: scope, after: after, limit: limit) }
    guard let text else {
      return try await list(
        "SELECT * FROM accounts WHERE number > $1 ORDER BY number LIMIT $2", after, limit)
    }
    // As with deals: a frequent text is found nearby, a rare one by the index.
    let contains = NameSearch.contains("$3")
    let near = try await list(
      """
      SELECT * FROM (
        SELECT * FROM accounts WHERE number > $1 ORDER BY number LIMIT \(NameSearch.near)) AS next
      WHERE \(contains)
      """, after, limit, text)
    if near.count == limit { return near }
    return try await list(
      "SELECT * FROM accounts WHERE \(NameSearch.mayContain("$3")) AND \(contains)",
      after, limit, text)
  }

  private func list(
    _ accounts: String, _ parameters: (any PostgresEncodable)?...
  ) async throws -> [AccountRow] {
    try await pool.query(
      """
      WITH found AS MATERIALIZED (\(accounts)),
      page AS (SELECT * FROM found WHERE number > $1 ORDER BY number LIMIT $2)
      SELECT number, page.account, count(*), count(*) FILTER (WHERE category = 'open')
      FROM page JOIN opportunity_names ON account_key = page.key
        JOIN opportunities ON opportunities.id = opportunity_id
      WHERE merged_into IS NULL
      GROUP BY number, page.account ORDER BY number
      """, parameters: parameters
    ).map { try AccountStore.read($0) }
  }

  private func list(
    containing text: String?, in scope: DealScope, after: Int64, limit: Int
  ) async throws -> [AccountRow] {
    try await pool.query(
      """
      SELECT number, accounts.account, count(*), count(*) FILTER (WHERE category = 'open')
      FROM opportunities JOIN opportunity_names ON opportunity_id = opportunities.id
        JOIN accounts ON accounts.key = account_key
      WHERE (owner = ANY($1::text[]) OR team = ANY($2::text[])) AND number > $3
        AND merged_into IS NULL
        AND ($4::text IS NULL OR position(lower($4) IN accounts.words) > 0)
      GROUP BY number, accounts.account ORDER BY number LIMIT $5
      """, Array(scope.owners), Array(scope.teams), after, text, limit
    ).map { try AccountStore.read($0) }
  }

  private static func read(_ row: PostgresRow) throws -> AccountRow {
    AccountRow(
      number: try row.decode(0, as: Int64.self),
      account: try JSONCoding.decode(
        Account.self, from: try row.decode(1, as: PostgresJSON.self).bytes),
      deals: try row.decode(2, as: Int64.self), openDeals: try row.decode(3, as: Int64.self))
  }
}
