import Contracts
import Messaging
import Postgres
import ServiceWiring

/// Service accounts, where they are made and revoked. Each change is announced on `directory.v1` in
/// the transaction that makes it.
struct ServiceAccountStore: Sendable {
  typealias Announcement = @Sendable (ServiceAccountEntry) throws -> OutboxMessage

  enum Revocation: Sendable {
    case revoked(ServiceAccountEntry)
    case wasRevoked
    case unknown
  }

  let pool: PostgresPool

  func create(_ entry: ServiceAccountEntry, announcing message: OutboxMessage) async throws {
    try await pool.transaction { transaction in
      try ServiceAccountTable.write(entry, in: transaction)
      try Outbox.append([message], at: entry.createdAt, in: transaction)
    }
  }

  func revoke(
    _ id: EntityID, at now: Instant, announcing announce: @escaping Announcement
  ) async throws -> Revocation {
    try await pool.transaction { transaction in
      let row = try transaction.query(
        "\(ServiceAccountStore.select) WHERE id = $1 FOR UPDATE", id
      ).first
      guard var entry = try row.map({ try ServiceAccountStore.read($0) }) else { return .unknown }
      guard entry.revokedAt == nil else { return .wasRevoked }
      entry.revokedAt = now
      try ServiceAccountTable.write(entry, in: transaction)
      try Outbox.append([try announce(entry)], at: now, in: transaction)
      return .revoked(entry)
    }
  }

  func find(_ id: EntityID) async throws -> ServiceAccountEntry? {
    try await pool.query("\(ServiceAccountStore.select) WHERE id = $1", id).first
      .map { try ServiceAccountStore.read($0) }
  }

  /// In order of their ids, which is the order in which they were made.
  func list(after: EntityID?, limit: Int) async throws -> [ServiceAccountEntry] {
    try await pool.query(
      "\(ServiceAccountStore.select) WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2",
      after, limit
    ).map { try ServiceAccountStore.read($0) }
  }

  private static let select = """
    SELECT id, name, roles, encode(secret_hash, 'hex'), rate_limit, created_at, created_by, revoked_at
    FROM service_accounts
    """

  private static func read(_ row: PostgresRow) throws -> ServiceAccountEntry {
    ServiceAccountEntry(
      id: try row.decode(0, as: EntityID.self), name: try row.decode(1, as: String.self),
      roles: try row.decode(2, as: [String].self), secretHash: try row.decode(3, as: String.self),
      rateLimit: try row.optional(4, as: Double.self),
      createdAt: try row.decode(5, as: Instant.self),
      createdBy: try row.decode(6, as: String.self),
      revokedAt: try row.optional(7, as: Instant.self))
  }
}
