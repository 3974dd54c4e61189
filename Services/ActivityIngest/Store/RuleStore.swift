import Contracts
import Messaging
import Postgres
import Synchronization

/// The rules in force: the ready-made ones and those that people wrote. All that was read is kept
/// until the version of the set rises, so that asking costs one small query.
final class RuleStore: Sendable {
  private struct Cache {
    var version: Int64
    var engine: RuleEngine
    var rules: [Rule]
  }

  private let pool: PostgresPool
  private let cache = Mutex<Cache?>(nil)

  init(pool: PostgresPool) { self.pool = pool }

  /// The engine over all rules.
  func current() async throws -> RuleEngine {
    try await snapshot().engine
  }

  /// The same inside the transaction of a batch.
  func current(in transaction: borrowing PostgresTransaction) throws -> RuleEngine {
    try snapshot(in: transaction).engine
  }

  /// Every rule, enabled or not, by key.
  func all() async throws -> [Rule] {
    try await snapshot().rules
  }

  /// Creates the rule or replaces the one of its key; true where there was none, written or
  /// ready-made.
  func save(_ rule: Rule, by subject: String, at time: Instant) async throws -> Bool {
    let definition = PostgresJSON(try JSONCoding.encode(rule))
    let isNew = try await pool.transaction { transaction in
      // Also makes writers wait for each other, so that no reader misses a version.
      try transaction.execute("UPDATE rule_set SET version = version + 1")
      let row = try transaction.query(
        """
        INSERT INTO rules (key, definition, updated_at, updated_by) VALUES ($1, $2, $3, $4)
        ON CONFLICT (key) DO UPDATE SET definition = excluded.definition,
          updated_at = excluded.updated_at, updated_by = excluded.updated_by
        RETURNING xmax = 0
        """, rule.key, definition, time, subject)
      return try row[0].decode(0, as: Bool.self)
    }
    return isNew && !Rule.readyMade.contains { $0.key == rule.key }
  }

  private func snapshot() async throws -> Cache {
    if let known = cached(try RuleStore.version(await pool.query(RuleStore.selectVersion))) {
      return known
    }
    return try await pool.transaction(.readOnly) { [self] in try snapshot(in: $0) }
  }

  /// Rules that were committed between the two statements are read under the version before them,
  /// and once more when the next caller sees theirs.
  private func snapshot(in transaction: borrowing PostgresTransaction) throws -> Cache {
    let version = try RuleStore.version(transaction.query(RuleStore.selectVersion))
    if let known = cached(version) { return known }
    return try remember(version, try transaction.query("SELECT definition FROM rules"))
  }

  private static let selectVersion = "SELECT version FROM rule_set"

  private static func version(_ rows: PostgresRows) throws -> Int64 {
    try rows[0].decode(0, as: Int64.self)
  }

  private func cached(_ version: Int64) -> Cache? {
    cache.withLock { $0.flatMap { $0.version == version ? $0 : nil } }
  }

  private func remember(_ version: Int64, _ rows: PostgresRows) throws -> Cache {
    var rules = Dictionary(uniqueKeysWithValues: Rule.readyMade.map { ($0.key, $0) })
    for row in rows {
      let rule = try JSONCoding.decode(
        Rule.self, from: try row.decode(0, as: PostgresJSON.self).bytes)
      rules[rule.key] = rule
    }
    let sorted = rules.values.sorted { $0.key < $1.key }
    let read = Cache(version: version, engine: RuleEngine(rules: sorted), rules: sorted)
    cache.withLock { cache in
      if version >= cache?.version ?? 0 { cache = read }
    }
    return read
  }
}
