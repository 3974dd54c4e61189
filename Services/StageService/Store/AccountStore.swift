import Contracts
import Messaging
import Postgres

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

  /// - Parameter text: a part of the name, without regard to case.
  func list(containing text: String?, after: Int64?, limit: Int) async throws -> [AccountRow] {
    let after = after ?? 0
    guard let text else {
      return try await list(
        "SELECT * FROM accounts WHERE number > $1 ORDER BY number LIMIT $2", after, limit)
    }
    // As with deals: a frequent text is found nearby, a rare one by the index.
    let contains = "position(lower($3) IN words) > 0"
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
      GROUP BY number, page.account ORDER BY number
      """, parameters: parameters
    ).map { row in
      AccountRow(
        number: try row.decode(0, as: Int64.self),
        account: try JSONCoding.decode(
          Account.self, from: try row.decode(1, as: PostgresJSON.self).bytes),
        deals: try row.decode(2, as: Int64.self), openDeals: try row.decode(3, as: Int64.self))
    }
  }
}
