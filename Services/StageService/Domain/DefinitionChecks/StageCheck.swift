import Contracts

/// What is wrong with one stage of a definition.
struct StageCheck {
  /// Who may be asked to decide, and whose amounts may be limited: the roles that move deals.
  static let moverRoles = ["rep", "manager", "admin"]

  private let stage: Stage
  private let definition: PipelineDefinition
  private let pointer: String
  private let keys: Set<String>

  init(_ stage: Stage, of definition: PipelineDefinition, at pointer: String) {
    self.stage = stage
    self.definition = definition
    self.pointer = pointer
    keys = Set(definition.stages.map(\.key))
  }

  var failures: [GateFailure] {
    DefinitionCheck.name(stage.name, at: "\(pointer)/name") + advice + graph + figures
      + requiredFields + checklist + deciders
      + criteria(stage.entryCriteria, "entryCriteria", ticked: definition.stages)
      + criteria(stage.exitCriteria, "exitCriteria", ticked: [stage])
  }

  private var advice: [GateFailure] {
    let guidance = "\(pointer)/guidance"
    return DefinitionCheck.prose(stage.guidance?.keyTask, at: "\(guidance)/keyTask")
      + DefinitionCheck.prose(stage.guidance?.focus, at: "\(guidance)/focus")
      + DefinitionCheck.prose(stage.guidance?.difficulty, at: "\(guidance)/difficulty")
      + DefinitionCheck.prose(stage.department, at: "\(pointer)/department")
  }

  private var graph: [GateFailure] {
    (stage.next ?? []).enumerated().filter { !keys.contains($0.element) }.map { number, next in
      .invalid(
        "\(pointer)/next/\(number)", "unknown-stage", zh: "指向不存在的阶段“\(next)”",
        en: "names the stage “\(next)”, which is none of the definition's")
    }
  }

  private var figures: [GateFailure] {
    var failures: [GateFailure] = []
    if let probability = stage.probability, !(0...1).contains(probability) {
      failures.append(
        .invalid(
          "\(pointer)/probability", "out-of-range", zh: "须在 0 与 1 之间",
          en: "must lie between 0 and 1"))
    }
    for (name, days) in [
      ("followUpDays", stage.followUpDays), ("benchmarkDays", stage.benchmarkDays),
    ] {
      guard let days, !CriterionCheck.isDuration(days) else { continue }
      failures.append(.daysOutOfRange(at: "\(pointer)/\(name)"))
    }
    return failures
  }

  private var requiredFields: [GateFailure] {
    stage.requiredFields.enumerated().compactMap { index, field in
      definition.unknownField(field, at: "\(pointer)/requiredFields/\(index)")
    }
  }

  private var checklist: [GateFailure] {
    let list = "\(pointer)/checklist"
    return DefinitionCheck.keys(stage.checklist.map(\.key), at: list)
      + DefinitionCheck.names(stage.checklist.map(\.name), at: list)
  }

  private var deciders: [GateFailure] {
    var failures = stage.decider.map { person(in: $0, at: "\(pointer)/decider") } ?? []
    for (next, decider) in stage.deciders.sorted(by: { $0.key < $1.key }) {
      let member = "\(pointer)/deciders/\(next.escapedForPointer)"
      if !(stage.next.map(Set.init) ?? keys).contains(next) || next == stage.key {
        failures.append(
          .invalid(
            member, "unknown-stage", zh: "不是“\(stage.key)”之后可以进入的阶段",
            en: "is no stage that “\(stage.key)” may be left for"))
      }
      failures += person(in: decider, at: member)
    }
    return failures
  }

  private func person(in decider: MoveDecider, at pointer: String) -> [GateFailure] {
    switch decider {
    case .role(let role):
      StageCheck.moverRoles.contains(role) ? [] : [.unknownRole(role, at: pointer)]
    case .person(let id): DefinitionCheck.text(id, at: pointer)
    case .owner, .manager, .automation: []
    }
  }

  /// - Parameter ticked: the stages whose checklists a criterion of the list may mean.
  private func criteria(
    _ criteria: [Criterion], _ member: String, ticked: [Stage]
  ) -> [GateFailure] {
    let list = "\(pointer)/\(member)"
    let check = CriterionCheck(
      definition: definition, hasChecklist: ticked.contains { !$0.checklist.isEmpty })
    return DefinitionCheck.keys(criteria.map(\.key), at: list)
      + DefinitionCheck.names(criteria.map(\.name), at: list)
      + criteria.enumerated().flatMap { index, criterion in
        DefinitionCheck.text(criterion.supplier, at: "\(list)/\(index)/supplier")
          + check.failures(of: criterion.rule, at: "\(list)/\(index)/rule")
      }
  }
}

extension PipelineDefinition {
  /// A field that nobody has declared. A definition that declares no fields may name any.
  func unknownField(_ field: String, at pointer: String) -> GateFailure? {
    if FieldCheck.builtIn[field] != nil || self.field(field) != nil { return nil }
    if fields.isEmpty, FieldCheck.isFieldKey(field) { return nil }
    let known = (FieldCheck.builtIn.keys.sorted() + fields.map(\.key)).joined(separator: ", ")
    return .invalid(
      pointer, "unknown-field", zh: "指向没有声明的字段“\(field)”；可用：\(known)",
      en: "names the field “\(field)”, which is not declared; there are \(known)")
  }
}

extension GateFailure {
  static func daysOutOfRange(at pointer: String) -> GateFailure {
    .invalid(
      pointer, "out-of-range", zh: "须大于 0 且不超过 3650", en: "must be above 0 and at most 3650")
  }

  static func unknownRole(_ role: String, at pointer: String) -> GateFailure {
    let roles = StageCheck.moverRoles.joined(separator: ", ")
    return .invalid(
      pointer, "unknown-role", zh: "指向角色“\(role)”，可选：\(roles)",
      en: "names the role “\(role)”; there are \(roles)")
  }
}
