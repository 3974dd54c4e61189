import Contracts

/// A version of a pipeline in the list of all of them, without its definition.
struct PipelineVersionView: Encodable, Sendable {
  let version: Int
  let note: String?
  let publishedAt: Instant
  let publishedBy: String

  init(_ pipeline: PublishedPipeline) {
    version = pipeline.version
    note = pipeline.note
    publishedAt = pipeline.publishedAt
    publishedBy = pipeline.publishedBy
  }
}

/// A ready-made pipeline with the habits of its trade.
struct TemplateView: Encodable, Sendable {
  struct StageCount: Encodable, Sendable {
    let minimum: Int
    let maximum: Int
  }

  let key: String
  let name: LocalizedText
  let description: LocalizedText?
  let stageCount: StageCount
  let emphasis: [String]
  let advice: [LocalizedText]
  let definition: PipelineDefinition

  init(_ template: Template) {
    key = template.key
    name = template.definition.name
    description = template.definition.description
    stageCount = StageCount(
      minimum: template.stageCount.lowerBound, maximum: template.stageCount.upperBound)
    emphasis = template.emphasis
    advice = template.advice
    definition = template.definition
  }
}

/// A draft with all that was said of it.
struct DraftView: Encodable, Sendable {
  let id: EntityID
  let pipeline: String
  let revision: Int64
  let baseVersion: Int?
  let publishedVersion: Int?
  let definition: PipelineDefinition
  let createdAt: Instant
  let createdBy: String
  let updatedAt: Instant
  let updatedBy: String
  let feedback: [DraftFeedback]

  init(_ draft: Draft, feedback: [DraftFeedback]) {
    id = draft.id
    pipeline = draft.pipeline
    revision = draft.revision
    baseVersion = draft.baseVersion
    publishedVersion = draft.publishedVersion
    definition = draft.definition
    createdAt = draft.createdAt
    createdBy = draft.createdBy
    updatedAt = draft.updatedAt
    updatedBy = draft.updatedBy
    self.feedback = feedback
  }
}

/// A draft in the list of a pipeline's drafts.
struct DraftSummaryView: Encodable, Sendable {
  let id: EntityID
  let pipeline: String
  let name: LocalizedText
  let revision: Int64
  let baseVersion: Int?
  let publishedVersion: Int?
  let createdAt: Instant
  let createdBy: String
  let updatedAt: Instant
  let updatedBy: String

  init(_ draft: Draft) {
    id = draft.id
    pipeline = draft.pipeline
    name = draft.definition.name
    revision = draft.revision
    baseVersion = draft.baseVersion
    publishedVersion = draft.publishedVersion
    createdAt = draft.createdAt
    createdBy = draft.createdBy
    updatedAt = draft.updatedAt
    updatedBy = draft.updatedBy
  }
}

/// What a draft would change.
struct DiffView: Encodable, Sendable {
  let revision: Int64
  /// The version that it is compared with; left out where nothing is published.
  let version: Int?
  let added: [DefinitionDiff.StagePlace]
  let removed: [DefinitionDiff.StagePlace]
  let moved: [DefinitionDiff.StageMove]
  let changed: [DefinitionDiff.MemberChange]

  init(_ draft: Draft, against newest: PublishedPipeline?) {
    let diff = DefinitionDiff(from: newest?.definition, to: draft.definition)
    revision = draft.revision
    version = newest?.version
    added = diff.added
    removed = diff.removed
    moved = diff.moved
    changed = diff.changed
  }
}
