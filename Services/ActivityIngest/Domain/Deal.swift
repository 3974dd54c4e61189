import Contracts

/// What this service knows of a deal, from `stage-changes.v1`.
struct Deal: Hashable, Sendable {
  var id: EntityID
  var epoch: Int64
  var sequence: Int64
  var externalID: String?
  var pipeline: String
  var pipelineVersion: Int
  var stage: String
  var category: StageCategory
  var owner: String?
  var team: String?
  var name: String?
  /// When its creation was recorded.
  var createdAt: Instant
  /// Of a duplicate: the deal that it became part of.
  var mergedInto: EntityID?

  var isOpen: Bool { category == .open && mergedInto == nil }
  var version: PipelineVersion { PipelineVersion(key: pipeline, version: pipelineVersion) }
}

/// Names the rules that a deal stands under.
struct PipelineVersion: Hashable, Sendable {
  var key: String
  var version: Int
}

extension Deal {
  /// Nil where the event is not a creation.
  init?(_ event: StageEvent) {
    let data = event.data
    guard event.type == .created, let stage = data.to, let category = data.toCategory else {
      return nil
    }
    self.init(
      id: data.opportunityId, epoch: data.epoch, sequence: data.sequence,
      externalID: data.externalId, pipeline: data.pipeline, pipelineVersion: data.pipelineVersion,
      stage: stage, category: category, owner: data.owner, team: data.team, name: data.name,
      createdAt: data.recordedAt)
  }

  func applying(_ event: StageEvent) -> Deal {
    var next = self
    let data = event.data
    next.epoch = data.epoch
    next.sequence = data.sequence
    next.pipeline = data.pipeline
    next.pipelineVersion = data.pipelineVersion
    next.owner = data.owner
    next.team = data.team
    if event.type == .moved || event.type == .moveReverted {
      next.stage = data.to ?? stage
      next.category = data.toCategory ?? category
    }
    if data.erased?.names == true, name != nil { next.name = ErasedData.mark }
    if let merged = data.merged { next.mergedInto = merged.opportunityId }
    for change in data.changes where change.field == "name" {
      if case .string(let name) = change.new { next.name = name }
    }
    return next
  }
}
