/// What an ended or running stage means for the deal.
package enum StageCategory: String, Codable, CaseIterable, Sendable {
  case open, won, lost
  case postWin = "post-win"
}

/// The rules of one pipeline version: an ordered list of stages. Immutable once published.
package struct PipelineDefinition: Codable, Hashable, Sendable {
  package var name: LocalizedText
  package var stages: [Stage]

  package init(name: LocalizedText, stages: [Stage]) {
    self.name = name
    self.stages = stages
  }

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

  package init(
    key: String, version: Int, definition: PipelineDefinition, publishedAt: Instant,
    publishedBy: String
  ) {
    self.key = key
    self.version = version
    self.name = definition.name
    self.definition = definition
    self.publishedAt = publishedAt
    self.publishedBy = publishedBy
  }
}

/// One stage with everything that its gate checks and what guides the people in it.
package struct Stage: Codable, Hashable, Sendable {
  package var key: String
  package var name: LocalizedText
  package var category: StageCategory
  package var guidance: Guidance?
  package var department: LocalizedText?
  /// What must hold before a deal comes in.
  package var entryCriteria: [Criterion]
  /// What must hold before a deal leaves for a later stage or is won; leaving backwards or as lost
  /// asks for nothing.
  package var exitCriteria: [Criterion]
  /// Fields that must be filled before a deal leaves forwards.
  package var requiredFields: [String]
  /// Between 0 and 1.
  package var probability: Double?
  /// Days until somebody must have followed up, counted from the entry.
  package var followUpDays: Double?
  /// Days that a visit usually takes.
  package var benchmarkDays: Double?
  /// Keys of the stages that a deal may move to; nil allows every stage.
  package var next: [String]?

  package init(
    key: String, name: LocalizedText, category: StageCategory, guidance: Guidance? = nil,
    department: LocalizedText? = nil, entryCriteria: [Criterion] = [],
    exitCriteria: [Criterion] = [], requiredFields: [String] = [], probability: Double? = nil,
    followUpDays: Double? = nil, benchmarkDays: Double? = nil, next: [String]? = nil
  ) {
    self.key = key
    self.name = name
    self.category = category
    self.guidance = guidance
    self.department = department
    self.entryCriteria = entryCriteria
    self.exitCriteria = exitCriteria
    self.requiredFields = requiredFields
    self.probability = probability
    self.followUpDays = followUpDays
    self.benchmarkDays = benchmarkDays
    self.next = next
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    key = try container.decode(String.self, forKey: .key)
    name = try container.decode(LocalizedText.self, forKey: .name)
    category = try container.decode(StageCategory.self, forKey: .category)
    guidance = try container.decodeIfPresent(Guidance.self, forKey: .guidance)
    department = try container.decodeIfPresent(LocalizedText.self, forKey: .department)
    entryCriteria = try container.decodeIfPresent([Criterion].self, forKey: .entryCriteria) ?? []
    exitCriteria = try container.decodeIfPresent([Criterion].self, forKey: .exitCriteria) ?? []
    requiredFields = try container.decodeIfPresent([String].self, forKey: .requiredFields) ?? []
    probability = try container.decodeIfPresent(Double.self, forKey: .probability)
    followUpDays = try container.decodeIfPresent(Double.self, forKey: .followUpDays)
    benchmarkDays = try container.decodeIfPresent(Double.self, forKey: .benchmarkDays)
    next = try container.decodeIfPresent([String].self, forKey: .next)
  }

  /// Advice shown beside the stage: 关键任务, 关注重点, 常见难题.
  package struct Guidance: Codable, Hashable, Sendable {
    package var keyTask: LocalizedText
    package var focus: LocalizedText
    package var difficulty: LocalizedText

    package init(keyTask: LocalizedText, focus: LocalizedText, difficulty: LocalizedText) {
      self.keyTask = keyTask
      self.focus = focus
      self.difficulty = difficulty
    }
  }
}
