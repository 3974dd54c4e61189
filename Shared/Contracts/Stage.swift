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
  /// Working days of the owner's calendar until somebody must have followed up, from the entry on.
  package var followUpDays: Double?
  /// Days that a visit usually takes.
  package var benchmarkDays: Double?
  /// Keys of the stages that a deal may move to; nil allows every stage.
  package var next: [String]?
  /// What is to be done in the stage; a criterion of the kind `checklist` asks for all of it.
  package var checklist: [ChecklistItem]
  /// Who decides on a move out of the stage; nil: whoever may move the deal.
  package var decider: MoveDecider?
  /// Who decides on a move to one of the next stages, by its key, where that is somebody else.
  package var deciders: [String: MoveDecider]
  /// What a forecast counts a deal in this stage as, unless the deal says otherwise.
  package var forecastCategory: ForecastCategory?

  package init(
    key: String, name: LocalizedText, category: StageCategory, guidance: Guidance? = nil,
    department: LocalizedText? = nil, entryCriteria: [Criterion] = [],
    exitCriteria: [Criterion] = [], requiredFields: [String] = [], probability: Double? = nil,
    followUpDays: Double? = nil, benchmarkDays: Double? = nil, next: [String]? = nil,
    checklist: [ChecklistItem] = [], decider: MoveDecider? = nil,
    deciders: [String: MoveDecider] = [:], forecastCategory: ForecastCategory? = nil
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
    self.checklist = checklist
    self.decider = decider
    self.deciders = deciders
    self.forecastCategory = forecastCategory
  }

  private enum CodingKeys: CodingKey {
    case key, name, category, guidance, department, entryCriteria, exitCriteria, requiredFields
    case probability, followUpDays, benchmarkDays, next, checklist, decider, deciders
    case forecastCategory
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
    checklist = try container.decodeIfPresent([ChecklistItem].self, forKey: .checklist) ?? []
    decider = try container.decodeIfPresent(MoveDecider.self, forKey: .decider)
    deciders = try container.decodeIfPresent([String: MoveDecider].self, forKey: .deciders) ?? [:]
    forecastCategory = try container.decodeIfPresent(
      ForecastCategory.self, forKey: .forecastCategory)
  }

  /// Empty lists and tables are written only where earlier versions wrote them.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(key, forKey: .key)
    try container.encode(name, forKey: .name)
    try container.encode(category, forKey: .category)
    try container.encodeIfPresent(guidance, forKey: .guidance)
    try container.encodeIfPresent(department, forKey: .department)
    try container.encode(entryCriteria, forKey: .entryCriteria)
    try container.encode(exitCriteria, forKey: .exitCriteria)
    try container.encode(requiredFields, forKey: .requiredFields)
    try container.encodeIfPresent(probability, forKey: .probability)
    try container.encodeIfPresent(followUpDays, forKey: .followUpDays)
    try container.encodeIfPresent(benchmarkDays, forKey: .benchmarkDays)
    try container.encodeIfPresent(next, forKey: .next)
    if !checklist.isEmpty { try container.encode(checklist, forKey: .checklist) }
    try container.encodeIfPresent(decider, forKey: .decider)
    if !deciders.isEmpty { try container.encode(deciders, forKey: .deciders) }
    try container.encodeIfPresent(forecastCategory, forKey: .forecastCategory)
  }

  /// Who decides on the move from here to the stage.
  package func decider(to next: String) -> MoveDecider? { deciders[next] ?? decider }

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
