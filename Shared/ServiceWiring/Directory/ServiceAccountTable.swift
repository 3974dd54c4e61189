package import Contracts
import Messaging
package import Postgres
package import ServiceKit

/// The table `service_accounts` of a service's schema.
package enum ServiceAccountTable {
  /// Writes what an entry says. A revocation is for good: no entry takes it back, so that an older
  /// one may come again.
  ///
  /// Throws `MessageFailure` where the entry holds no SHA-256.
  package static func write(
    _ entry: ServiceAccountEntry, in transaction: borrowing PostgresTransaction
  ) throws {
    guard let hash = bytes(hexadecimal: entry.secretHash), hash.count == 32 else {
      throw MessageFailure(.invalidData, "/secretHash must be a SHA-256 in 64 hexadecimal digits")
    }
    try transaction.execute(
      """
      INSERT INTO service_accounts (id, name, roles, secret_hash, rate_limit, created_at, created_by,
        revoked_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
      ON CONFLICT (id) DO UPDATE SET name = excluded.name, roles = excluded.roles,
        secret_hash = excluded.secret_hash, rate_limit = excluded.rate_limit,
        created_at = excluded.created_at, created_by = excluded.created_by,
        revoked_at = COALESCE(service_accounts.revoked_at, excluded.revoked_at)
      """, entry.id, entry.name, entry.roles, hash, entry.rateLimit, entry.createdAt,
      entry.createdBy, entry.revokedAt)
  }

  package static func remove(
    _ id: EntityID, in transaction: borrowing PostgresTransaction
  ) throws {
    try transaction.execute("DELETE FROM service_accounts WHERE id = $1", id)
  }

  /// The account as authentication needs it, nil where it is not known here. Throws a 503
  /// ``Problem`` while the database is away: that says nothing about the caller.
  package static func find(_ id: EntityID, in pool: PostgresPool) async throws -> ServiceAccount? {
    do {
      let row = try await pool.query(
        """
        SELECT name, roles, secret_hash, rate_limit, revoked_at IS NOT NULL
        FROM service_accounts WHERE id = $1
        """, id
      ).first
      guard let row else { return nil }
      return ServiceAccount(
        id: id, name: try row.decode(0, as: String.self),
        roles: try row.decode(1, as: [String].self),
        secretHash: try row.decode(2, as: [UInt8].self),
        rateLimit: try row.optional(3, as: Double.self), isRevoked: try row.decode(4, as: Bool.self)
      )
    } catch let error where error.isRetriable {
      throw Problem.unavailable(
        "the database cannot be reached, so that the token cannot be checked")
    }
  }

  /// Nil for anything but pairs of hexadecimal digits.
  private static func bytes(hexadecimal text: String) -> [UInt8]? {
    let digits = text.compactMap(\.hexDigitValue)
    guard digits.count == text.count, digits.count.isMultiple(of: 2) else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
  }
}
