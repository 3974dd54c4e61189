import Contracts
import Messaging
import Postgres
import Synchronization

/// Published pipeline versions. A version never changes, so that one read serves for all times; the
/// newest version of a key is asked for again after a moment.
final class PipelineCatalog: Sendable {
  private struct Cache {
    var versions: [String: PublishedPipeline] = [:]
    var newest: [String: (version: Int, readAt: ContinuousClock.Instant)] = [:]
  }

  enum Publication: Sendable {
    case published(PublishedPipeline)
    /// The pipeline began with this very definition; its newest version.
    case unchanged(PublishedPipeline)
    /// The key belongs to another pipeline; its newest version.
    case conflict(PublishedPipeline)
  }

  private let pool: PostgresPool
  private let cache = Mutex(Cache())
  private let newestIsGoodFor: Duration

  init(pool: PostgresPool, newestIsGoodFor: Duration = .seconds(1)) {
    self.pool = pool
    self.newestIsGoodFor = newestIsGoodFor
  }

  func newest(_ key: String) async throws -> PublishedPipeline? {
    if let cached = cachedNewest(key) { return cached }
    let row = try await pool.query(
      "\(PipelineCatalog.select) WHERE key = $1 ORDER BY version DESC LIMIT 1", key
    ).first
    return try row.map { remember(try PipelineCatalog.read($0), isNewest: true) }
  }

  func version(_ key: String, _ version: Int) async throws -> PublishedPipeline? {
    if let known = cached(key, version) { return known }
    let row = try await pool.query(
      "\(PipelineCatalog.select) WHERE key = $1 AND version = $2", key, Int32(version)
    ).first
    return try row.map { remember(try PipelineCatalog.read($0), isNewest: false) }
  }

  /// The newest version of every pipeline, by key.
  func all() async throws -> [PublishedPipeline] {
    try await pool.query(
      """
      SELECT DISTINCT ON (key) key, version, definition, published_at, published_by, note
      FROM pipelines ORDER BY key, version DESC
      """
    ).map { try PipelineCatalog.read($0) }
  }

  /// The same reads inside the transaction of a batch.
  func newest(
    _ key: String, in transaction: borrowing PostgresTransaction
  ) throws -> PublishedPipeline? {
    if let cached = cachedNewest(key) { return cached }
    let row = try transaction.query(
      "\(PipelineCatalog.select) WHERE key = $1 ORDER BY version DESC LIMIT 1", key
    ).first
    return try row.map { remember(try PipelineCatalog.read($0), isNewest: true) }
  }

  func version(
    _ key: String, _ version: Int, in transaction: borrowing PostgresTransaction
  ) throws -> PublishedPipeline? {
    if let known = cached(key, version) { return known }
    let row = try transaction.query(
      "\(PipelineCatalog.select) WHERE key = $1 AND version = $2", key, Int32(version)
    ).first
    return try row.map { remember(try PipelineCatalog.read($0), isNewest: false) }
  }

  /// Publishes the first version of a pipeline, and announces it in the same transaction.
  func publish(
    _ pipeline: PublishedPipeline, announcing message: OutboxMessage,
    keeping: @escaping Keeping<Publication> = { _ in nil }
  ) async throws -> Publication {
    let publication = try await pool.transaction { [self] transaction in
      let publication = try publish(pipeline, announcing: message, in: transaction)
      try IdempotencyStore.keep(
        try keeping(publication), now: pipeline.publishedAt, in: transaction)
      return publication
    }
    if case .published(let pipeline) = publication { published(pipeline) }
    return publication
  }

  private func publish(
    _ pipeline: PublishedPipeline, announcing message: OutboxMessage,
    in transaction: borrowing PostgresTransaction
  ) throws -> Publication {
    if try PipelineCatalog.insert(pipeline, announcing: message, in: transaction) {
      return .published(pipeline)
    }
    guard let existing = try newest(pipeline.key, in: transaction) else {
      return .published(pipeline)
    }
    let first = try version(pipeline.key, pipeline.version, in: transaction)
    return first?.definition == pipeline.definition ? .unchanged(existing) : .conflict(existing)
  }

  /// Writes a version and its announcement; false, and nothing is written, where there is one already.
  static func insert(
    _ pipeline: PublishedPipeline, announcing message: OutboxMessage,
    in transaction: borrowing PostgresTransaction
  ) throws -> Bool {
    let inserted = try transaction.execute(
      """
      INSERT INTO pipelines (key, version, definition, published_at, published_by, note)
      VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
      """, pipeline.key, Int32(pipeline.version),
      PostgresJSON(try JSONCoding.encode(pipeline.definition)), pipeline.publishedAt,
      pipeline.publishedBy, pipeline.note)
    guard inserted == 1 else { return false }
    try Outbox.append([message], at: pipeline.publishedAt, in: transaction)
    return true
  }

  /// To be told of a version that was committed, so that the next deal here gets it at once.
  @discardableResult
  func published(_ pipeline: PublishedPipeline) -> PublishedPipeline {
    remember(pipeline, isNewest: true)
  }

  /// The versions of a pipeline from `below` downwards, the newest first.
  func versions(_ key: String, below: Int?, limit: Int) async throws -> [PublishedPipeline] {
    try await pool.query(
      """
      \(PipelineCatalog.select) WHERE key = $1 AND ($2::int IS NULL OR version < $2)
      ORDER BY version DESC LIMIT $3
      """, key, below.map { Int32($0) }, limit
    ).map { try PipelineCatalog.read($0) }
  }

  private static let select =
    "SELECT key, version, definition, published_at, published_by, note FROM pipelines"

  private static func read(_ row: PostgresRow) throws -> PublishedPipeline {
    PublishedPipeline(
      key: try row.decode(0, as: String.self), version: Int(try row.decode(1, as: Int32.self)),
      definition: try JSONCoding.decode(
        PipelineDefinition.self, from: try row.decode(2, as: PostgresJSON.self).bytes),
      publishedAt: try row.decode(3, as: Instant.self),
      publishedBy: try row.decode(4, as: String.self), note: try row.optional(5, as: String.self))
  }

  private func cachedNewest(_ key: String) -> PublishedPipeline? {
    cache.withLock { cache in
      guard let entry = cache.newest[key], ContinuousClock.now - entry.readAt < newestIsGoodFor
      else { return nil }
      return cache.versions["\(key):\(entry.version)"]
    }
  }

  private func cached(_ key: String, _ version: Int) -> PublishedPipeline? {
    cache.withLock { $0.versions["\(key):\(version)"] }
  }

  private func remember(_ pipeline: PublishedPipeline, isNewest: Bool) -> PublishedPipeline {
    cache.withLock { cache in
      cache.versions["\(pipeline.key):\(pipeline.version)"] = pipeline
      // A read that began before a publication must not hide it.
      if isNewest, pipeline.version >= cache.newest[pipeline.key]?.version ?? 0 {
        cache.newest[pipeline.key] = (pipeline.version, .now)
      }
    }
    return pipeline
  }
}
