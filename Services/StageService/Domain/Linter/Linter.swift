import Contracts

/// What is better done otherwise in a definition, with the stage that is meant. Pure.
struct Linter {
  /// More stages than this nobody keeps apart.
  static let mostStages = 8

  private let definition: PipelineDefinition
  private let teams: Set<String>?
  private let trade: Template?
  private let graph: StageGraph

  /// - Parameter teams: ids of all teams; nil where they are not known.
  init(_ definition: PipelineDefinition, teams: Set<String>? = nil) {
    self.definition = definition
    self.teams = teams
    trade = definition.template.flatMap(Templates.template)
    graph = StageGraph(definition)
  }

  /// Keys of the stages that a new deal can come to.
  var reachable: Set<String> { graph.reachable }

  /// What makes the definition unusable first, then what concerns the whole, then stage by stage.
  var findings: [LintFinding] {
    let errors = DefinitionCheck.failures(of: definition, at: "").map {
      LintFinding($0, in: definition)
    }
    return errors + unknownTeams + count + end
      + definition.stages.enumerated().flatMap { findings($1, at: $0) }
  }

  // MARK: The whole

  private var unknownTeams: [LintFinding] {
    guard let teams else { return [] }
    return definition.teams.enumerated().filter { !teams.contains($0.element) }.map {
      .unknownTeam($0.element, at: $0.offset)
    }
  }

  private var count: [LintFinding] {
    let count = definition.workStages.count
    var findings: [LintFinding] = []
    if let trade, !trade.stageCount.contains(count) {
      findings.append(.stageCount(count, of: trade))
    }
    if count > Linter.mostStages { findings.append(.tooManyStages(count)) }
    return findings
  }

  private var end: [LintFinding] {
    definition.stages.contains { [.won, .lost].contains($0.category) } ? [] : [.noEnd]
  }

  // MARK: One stage

  private func findings(_ stage: Stage, at position: Int) -> [LintFinding] {
    var findings: [LintFinding] = []
    func note(_ severity: LintFinding.Severity, _ code: String, _ zh: String, _ en: String) {
      findings.append(
        LintFinding(
          severity: severity, code: code, stage: stage.key, pointer: "/stages/\(position)",
          message: LocalizedText(zh: "“\(stage.name.zh)”\(zh)", en: "\(stage.name.en): \(en)")))
    }
    if !graph.reachable.contains(stage.key) {
      note(
        .warning, "unreachable", "无法到达：没有任何路径通向它，请在前面阶段的 next 中加上它",
        "no path leads to it; add it to `next` of a stage before it")
    }
    guard stage.category == .open || stage.category == .postWin else { return findings }
    if stage.category == .open { passage(stage, note) }
    content(stage, at: position, note)
    return findings
  }

  private typealias Note = (
    _ severity: LintFinding.Severity, _ code: String, _ zh: String, _ en: String
  ) -> Void

  /// How deals leave an open stage.
  private func passage(_ stage: Stage, _ note: Note) {
    if end.isEmpty, graph.withoutEnd.contains(stage.key) {
      note(
        .warning, "dead-end", "走不到赢单或输单：商机会一直停在这里，请在 next 中加上出路",
        "no path leads from here to won or lost, so that deals stay for ever; add a way out to `next`"
      )
    }
    if graph.withoutWayBack.contains(stage.key) {
      note(
        .warning, "no-way-back", "不能退回前面的阶段：客户反悔时只能输单，请在 next 中加上前一阶段",
        "no way leads back, so that a customer's second thoughts can only lose the deal; "
          + "add a stage before it to `next`")
    }
    if stage.exitCriteria.isEmpty, stage.requiredFields.isEmpty {
      note(
        .warning, "no-exit-criteria", "没有准出条件：什么都没做也能推进",
        "it has no exit criteria: a deal can go on with nothing done")
    }
    let ways = stage.next ?? definition.stages.map(\.key).filter { $0 != stage.key }
    if stage.decider == nil, !ways.isEmpty, !ways.allSatisfy({ stage.deciders[$0] != nil }) {
      note(
        .advice, "no-decider", "没有指定由谁决定离开：谁能移动商机，谁就能推进，规则也能",
        "nobody is named who decides on leaving it: whoever may move the deal can, and so can rules"
      )
    }
  }

  private func content(_ stage: Stage, at position: Int, _ note: Note) {
    if let twin = definition.stages[..<position].first(where: { $0.asksTheSame(as: stage) }) {
      note(
        .warning, "same-criteria", "的条件与“\(twin.name.zh)”完全相同：拆得太细，建议合并",
        "it asks for the same as \(twin.name.en): split too fine, merge the two")
    }
    let parts = trade?.definition.workStages.filter { stage.contains($0) } ?? []
    if parts.count > 1, !parts.contains(where: { $0.name == stage.name && $0.key == stage.key }) {
      let zh = parts.map { "“\($0.name.zh)”" }.joined(separator: "和")
      let en = parts.map(\.name.en).joined(separator: " and ")
      note(
        .warning, "merged-stages", "合并了\(zh)：范围太宽，看不出商机走到哪一步，建议拆开",
        "it merges \(en): too wide to tell how far a deal is, split it")
    }
    if let doing = StageNames.sellersDoing(stage.name) {
      note(
        .advice, "sellers-doing",
        "说的是销售做了什么（\(doing.word)），而不是客户做了什么；例如改为“\(doing.instead.zh)”",
        "it says what the seller does (\(doing.word)), not what the customer has done; "
          + "say for example “\(doing.instead.en)”")
    }
    if stage.benchmarkDays == nil {
      note(
        .advice, "no-benchmark", "没有参考停留天数：看不出商机是否停留过久",
        "it has no dwell benchmark, so that nobody sees when a deal stays too long")
    }
    if stage.followUpDays == nil {
      note(
        .advice, "no-follow-up", "没有跟进期限：无人跟进时不会提醒",
        "it has no follow-up deadline, so that nobody is reminded")
    }
  }
}

extension Stage {
  /// Both ask for something, and for the same.
  fileprivate func asksTheSame(as other: Stage) -> Bool {
    guard category == other.category, key != other.key,
      !(entryCriteria.isEmpty && exitCriteria.isEmpty && requiredFields.isEmpty)
    else { return false }
    return Set(entryCriteria.map(\.rule)) == Set(other.entryCriteria.map(\.rule))
      && Set(exitCriteria.map(\.rule)) == Set(other.exitCriteria.map(\.rule))
      && Set(requiredFields) == Set(other.requiredFields)
  }
}

extension LintFinding {
  fileprivate static func stageCount(_ count: Int, of trade: Template) -> LintFinding {
    let (least, most) = (trade.stageCount.lowerBound, trade.stageCount.upperBound)
    return LintFinding(
      severity: .warning, code: "stage-count", pointer: "/stages",
      message: LocalizedText(
        zh: "有 \(count) 个阶段（不计赢单和输单），“\(trade.definition.name.zh)”通常为 \(least) 至 \(most) 个",
        en: "it has \(count) stages besides won and lost; \(trade.definition.name.en) works with "
          + "\(least) to \(most)"))
  }

  fileprivate static func unknownTeam(_ id: String, at index: Int) -> LintFinding {
    LintFinding(
      severity: .warning, code: "unknown-team", pointer: "/teams/\(index)",
      message: LocalizedText(
        zh: "人员目录中没有团队“\(id)”：只有直接写明该团队的商机才能进入该流程",
        en: "the directory has no team “\(id)”: only deals that name this very team can stand in "
          + "the pipeline"))
  }

  fileprivate static func tooManyStages(_ count: Int) -> LintFinding {
    LintFinding(
      severity: .warning, code: "more-than-eight-stages", pointer: "/stages",
      message: LocalizedText(
        zh: "有 \(count) 个阶段，超过 8 个：销售记不住，也不会如实填写",
        en: "it has \(count) stages, more than 8: nobody keeps them apart or up to date"))
  }

  fileprivate static let noEnd = LintFinding(
    severity: .warning, code: "no-end", pointer: "/stages",
    message: LocalizedText(
      zh: "没有赢单或输单阶段：商机永远不会结束", en: "it has no stage won or lost: no deal ever ends"))
}
