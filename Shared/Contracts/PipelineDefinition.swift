/// What an ended or running stage means for the deal.
package enum StageCategory: String, Codable, CaseIterable, Sendable {
  case open, won, lost
  case postWin = "post-win"
}

/// The rules of one pipeline version: its fields, loss reasons and an ordered list of stages. Immutable
/// once published.
package struct PipelineDefinition: Codable, Hashable, Sendable {
  package var name: LocalizedText
  package var description: LocalizedText?
  /// The trade whose habits the linter measures the definition by: the key of a template, or nil.
  package var template: String?
  /// Whose deals may stand in it: those of these teams and of all below them; empty: everybody's.
  package var teams: [String]
  /// The custom fields of its deals; a deal may carry others, which no criterion speaks of.
  package var fields: [FieldDeclaration]
  /// What a lost deal may have been lost for; empty: any words will do.
  package var lossReasons: [LossReason]
  package var stages: [Stage]

  package init(
    name: LocalizedText, description: LocalizedText? = nil, template: String? = nil,
    teams: [String] = [], fields: [FieldDeclaration] = [], lossReasons: [LossReason] = [],
    stages: [Stage]
  ) {
    self.name = name
    self.description = description
    self.template = template
    self.teams = teams
    self.fields = fields
    self.lossReasons = lossReasons
    self.stages = stages
  }

  private enum CodingKeys: CodingKey {
    case name, description, template, teams, fields, lossReasons, stages
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    name = try container.decode(LocalizedText.self, forKey: .name)
    description = try container.decodeIfPresent(LocalizedText.self, forKey: .description)
    template = try container.decodeIfPresent(String.self, forKey: .template)
    teams = try container.decodeIfPresent([String].self, forKey: .teams) ?? []
    fields = try container.decodeIfPresent([FieldDeclaration].self, forKey: .fields) ?? []
    lossReasons = try container.decodeIfPresent([LossReason].self, forKey: .lossReasons) ?? []
    stages = try container.decode([Stage].self, forKey: .stages)
  }

  /// Members that say nothing are left out: a definition without them is written as it always was.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encodeIfPresent(description, forKey: .description)
    try container.encodeIfPresent(template, forKey: .template)
    if !teams.isEmpty { try container.encode(teams, forKey: .teams) }
    if !fields.isEmpty { try container.encode(fields, forKey: .fields) }
    if !lossReasons.isEmpty { try container.encode(lossReasons, forKey: .lossReasons) }
    try container.encode(stages, forKey: .stages)
  }

  package func field(_ key: String) -> FieldDeclaration? { fields.first { $0.key == key } }

  package func stage(_ key: String) -> Stage? { stages.first { $0.key == key } }

  package func position(of key: String) -> Int? { stages.firstIndex { $0.key == key } }

  /// Where a new opportunity starts: the first open stage.
  package var entryStage: Stage? { stages.first { $0.category == .open } }
}

/// A published version of a pipeline, as it stands on `pipelines.v1`.
package struct PublishedPipeline: Codable, Hashable, Sendable {
  package var key: String
  package var version: Int
  package var name: LocalizedText
  package var definition: PipelineDefinition
  package var publishedAt: Instant
  package var publishedBy: String
  /// What the version changes and why, in the publisher's words.
  package var note: String?

  package init(
    key: String, version: Int, definition: PipelineDefinition, publishedAt: Instant,
    publishedBy: String, note: String? = nil
  ) {
    self.key = key
    self.version = version
    self.name = definition.name
    self.definition = definition
    self.publishedAt = publishedAt
    self.publishedBy = publishedBy
    self.note = note
  }
}
