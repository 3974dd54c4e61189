import Contracts
import Messaging
import Postgres

/// Turns drafts into versions.
struct DraftPublisher: Sendable {
  typealias Announcement = @Sendable (PublishedPipeline) throws -> OutboxMessage

  enum Publication: Sendable {
    case published(PublishedPipeline)
    case unknown
    case stale(Int64)
    case wasPublished(Int)
    case unusable([GateFailure])
    /// Another version came out since the draft was edited last.
    case overtaken(newest: Int?)
    /// The newest version is this very definition.
    case unchanged(Int)
  }

  let pool: PostgresPool
  let catalog: PipelineCatalog

  /// Publishes a draft as the version after the one it is based on, and announces it in the same
  /// transaction. Of several at the same moment one does, and the others are overtaken.
  ///
  /// - Parameters:
  ///   - expected: the revision that the caller saw; nil for whichever it is.
  ///   - announce: makes the message of the version.
  func publish(
    _ id: EntityID, of pipeline: String, expected: Int64?, note: String, by subject: String,
    at now: Instant, keeping: @escaping Keeping<Publication> = { _ in nil },
    announcing announce: @escaping Announcement
  ) async throws -> Publication {
    let publication = try await pool.transaction { [self] transaction in
      let publication = try publish(
        id, of: pipeline, expected: expected, note: note, by: subject, at: now,
        announcing: announce, in: transaction)
      try IdempotencyStore.keep(try keeping(publication), now: now, in: transaction)
      return publication
    }
    if case .published(let pipeline) = publication { catalog.published(pipeline) }
    return publication
  }

  private func publish(
    _ id: EntityID, of pipeline: String, expected: Int64?, note: String, by subject: String,
    at now: Instant, announcing announce: Announcement,
    in transaction: borrowing PostgresTransaction
  ) throws -> Publication {
    guard let draft = try DraftStore.lock(id, of: pipeline, in: transaction) else {
      return .unknown
    }
    if let version = draft.publishedVersion { return .wasPublished(version) }
    if let expected, expected != draft.revision { return .stale(draft.revision) }
    let failures = DefinitionCheck.failures(of: draft.definition)
    guard failures.isEmpty else { return .unusable(failures) }
    let newest = try catalog.newest(pipeline, in: transaction)
    guard newest?.version == draft.baseVersion else {
      return .overtaken(newest: newest?.version)
    }
    if let newest, newest.definition == draft.definition { return .unchanged(newest.version) }
    let published = PublishedPipeline(
      key: pipeline, version: (draft.baseVersion ?? 0) + 1, definition: draft.definition,
      publishedAt: now, publishedBy: subject, note: note)
    // Waits for another transaction that writes the same version.
    guard
      try PipelineCatalog.insert(published, announcing: try announce(published), in: transaction)
    else { return .overtaken(newest: published.version) }
    try transaction.execute(
      "UPDATE drafts SET published_version = $2 WHERE id = $1", id, Int32(published.version))
    return .published(published)
  }
}
