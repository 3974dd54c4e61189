import Contracts

/// A definition that people work on until an administrator publishes it.
struct Draft: Hashable, Sendable {
  let id: EntityID
  let pipeline: String
  /// Rises by one with every edit.
  var revision: Int64
  /// The newest published version when it was edited last; nil where there was none.
  var baseVersion: Int?
  var definition: PipelineDefinition
  let createdAt: Instant
  let createdBy: String
  var updatedAt: Instant
  var updatedBy: String
  /// The version that it became; such a draft does not change any more.
  var publishedVersion: Int?
}

/// What somebody of the team says of a stage of a draft.
struct DraftFeedback: Codable, Hashable, Sendable {
  let id: EntityID
  let stage: String
  let text: String
  let givenAt: Instant
  let givenBy: String
}
