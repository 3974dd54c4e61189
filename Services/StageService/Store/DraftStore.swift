import Contracts
import Postgres

/// Drafts and what the team says of them.
struct DraftStore: Sendable {
  enum Edit: Sendable {
    case saved(Draft, feedback: [DraftFeedback])
    case unknown
    /// It is at another revision than the caller saw.
    case stale(Int64)
    /// It became this version, and stays what it was.
    case published(Int)
  }

  let pool: PostgresPool

  /// Writes a new draft on top of what is published now.
  func create(
    _ draft: Draft, keeping: @escaping Keeping<Draft> = { _ in nil }
  ) async throws -> Draft {
    let json = PostgresJSON(try JSONCoding.encode(draft.definition))
    return try await pool.transaction { transaction in
      let rows = try transaction.query(
        """
        INSERT INTO drafts (id, pipeline, revision, base_version, definition, created_at, created_by,
          updated_at, updated_by)
        VALUES ($1, $2, $3, (SELECT max(version) FROM pipelines WHERE key = $2), $4, $5, $6, $5, $6)
        RETURNING \(DraftStore.columns)
        """, draft.id, draft.pipeline, draft.revision, json, draft.createdAt, draft.createdBy)
      let made = try DraftStore.read(rows[0])
      try IdempotencyStore.keep(try keeping(made), now: draft.createdAt, in: transaction)
      return made
    }
  }

  /// In order of their ids, which is the order in which they were begun.
  ///
  /// - Parameter teams: leaves out what would belong to others only; nil: leaves out nothing.
  func list(
    of pipeline: String, ownedBy teams: Set<String>? = nil, after: EntityID?, limit: Int
  ) async throws -> [Draft] {
    try await pool.query(
      """
      SELECT \(DraftStore.columns) FROM drafts
      WHERE pipeline = $1 AND ($2::uuid IS NULL OR id > $2)
        AND ($4::text[] IS NULL OR NOT definition ? 'teams' OR definition->'teams' ?| $4::text[])
      ORDER BY id LIMIT $3
      """, pipeline, after, limit, teams.map { Array($0) }
    ).map { try DraftStore.read($0) }
  }

  func find(_ id: EntityID, of pipeline: String) async throws -> Draft? {
    try await pool.query(
      "SELECT \(DraftStore.columns) FROM drafts WHERE id = $1 AND pipeline = $2", id, pipeline
    ).first.map { try DraftStore.read($0) }
  }

  /// Puts another definition into a draft, on top of what is published now.
  ///
  /// - Parameter expected: the revision that the caller saw; nil for whichever it is.
  func replace(
    _ id: EntityID, of pipeline: String, with definition: PipelineDefinition, expected: Int64?,
    by subject: String, at now: Instant, keeping: @escaping Keeping<Edit> = { _ in nil }
  ) async throws -> Edit {
    let json = PostgresJSON(try JSONCoding.encode(definition))
    return try await pool.transaction { transaction in
      let edit = try DraftStore.replace(
        id, of: pipeline, with: json, expected: expected, by: subject, at: now, in: transaction)
      try IdempotencyStore.keep(try keeping(edit), now: now, in: transaction)
      return edit
    }
  }

  private static func replace(
    _ id: EntityID, of pipeline: String, with json: PostgresJSON, expected: Int64?,
    by subject: String, at now: Instant, in transaction: borrowing PostgresTransaction
  ) throws -> Edit {
    guard let draft = try lock(id, of: pipeline, in: transaction) else { return .unknown }
    if let version = draft.publishedVersion { return .published(version) }
    if let expected, expected != draft.revision { return .stale(draft.revision) }
    let rows = try transaction.query(
      """
      UPDATE drafts SET definition = $2, revision = revision + 1, updated_at = $3,
        updated_by = $4, base_version = (SELECT max(version) FROM pipelines WHERE key = pipeline)
      WHERE id = $1 RETURNING \(columns)
      """, id, json, now, subject)
    let feedback = try transaction.query(selectFeedback, id).map { try readFeedback($0) }
    return .saved(try read(rows[0]), feedback: feedback)
  }

  /// False where there is none.
  func delete(
    _ id: EntityID, of pipeline: String, at now: Instant,
    keeping: @escaping Keeping<Bool> = { _ in nil }
  ) async throws -> Bool {
    try await pool.transaction { transaction in
      let isGone =
        try transaction.execute(
          "DELETE FROM drafts WHERE id = $1 AND pipeline = $2", id, pipeline) == 1
      try IdempotencyStore.keep(try keeping(isGone), now: now, in: transaction)
      return isGone
    }
  }

  /// Nil where the draft is gone.
  func add(
    _ feedback: DraftFeedback, to draft: EntityID,
    keeping: @escaping Keeping<DraftFeedback?> = { _ in nil }
  ) async throws -> DraftFeedback? {
    try await pool.transaction { transaction in
      let isAdded =
        try transaction.execute(
          """
          INSERT INTO draft_feedback (id, draft_id, stage, text, given_at, given_by)
          SELECT $1, id, $3, $4, $5, $6 FROM drafts WHERE id = $2 FOR KEY SHARE
          """, feedback.id, draft, feedback.stage, feedback.text, feedback.givenAt,
          feedback.givenBy) == 1
      let added = isAdded ? feedback : nil
      try IdempotencyStore.keep(try keeping(added), now: feedback.givenAt, in: transaction)
      return added
    }
  }

  /// In the order in which it was given.
  func feedback(on draft: EntityID) async throws -> [DraftFeedback] {
    try await pool.query(DraftStore.selectFeedback, draft).map { try DraftStore.readFeedback($0) }
  }

  private static let selectFeedback = """
    SELECT id, stage, text, given_at, given_by FROM draft_feedback WHERE draft_id = $1 ORDER BY id
    """

  private static func readFeedback(_ row: PostgresRow) throws -> DraftFeedback {
    DraftFeedback(
      id: try row.decode(0, as: EntityID.self), stage: try row.decode(1, as: String.self),
      text: try row.decode(2, as: String.self), givenAt: try row.decode(3, as: Instant.self),
      givenBy: try row.decode(4, as: String.self))
  }

  /// The draft, which nobody else changes until the transaction ends.
  static func lock(
    _ id: EntityID, of pipeline: String, in transaction: borrowing PostgresTransaction
  ) throws -> Draft? {
    try transaction.query(
      "SELECT \(columns) FROM drafts WHERE id = $1 AND pipeline = $2 FOR UPDATE", id, pipeline
    ).first.map { try read($0) }
  }

  private static let columns = """
    id, pipeline, revision, base_version, definition, created_at, created_by, updated_at, updated_by,
    published_version
    """

  private static func read(_ row: PostgresRow) throws -> Draft {
    Draft(
      id: try row.decode(0, as: EntityID.self), pipeline: try row.decode(1, as: String.self),
      revision: try row.decode(2, as: Int64.self),
      baseVersion: try row.optional(3, as: Int32.self).map { Int($0) },
      definition: try JSONCoding.decode(
        PipelineDefinition.self, from: try row.decode(4, as: PostgresJSON.self).bytes),
      createdAt: try row.decode(5, as: Instant.self),
      createdBy: try row.decode(6, as: String.self),
      updatedAt: try row.decode(7, as: Instant.self),
      updatedBy: try row.decode(8, as: String.self),
      publishedVersion: try row.optional(9, as: Int32.self).map { Int($0) })
  }
}
