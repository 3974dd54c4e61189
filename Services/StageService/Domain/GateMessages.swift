import Contracts

/// The wording of every refusal, in one place: what, where, and what would be right.
extension GateFailure {
  static func unknownStage(
    _ key: String, of definition: PipelineDefinition, at pointer: String = "/to"
  ) -> GateFailure {
    let known = definition.stages.map(\.key).joined(separator: ", ")
    return GateFailure(
      code: "unknown-stage", pointer: pointer, field: String(pointer.dropFirst()),
      message: LocalizedText(
        zh: "流程中没有阶段“\(key)”；可用的阶段：\(known)",
        en: "The pipeline has no stage “\(key)”; its stages are \(known)"))
  }

  static func alreadyThere(_ stage: Stage) -> GateFailure {
    GateFailure(
      code: "already-in-stage", pointer: "/to", field: "to",
      message: LocalizedText(
        zh: "商机已处于“\(stage.name.zh)”", en: "The opportunity already stands in \(stage.name.en)"))
  }

  static func notInStage(_ expected: String, but current: String) -> GateFailure {
    GateFailure(
      code: "not-in-stage", pointer: "/from", field: "from",
      message: LocalizedText(
        zh: "商机处于“\(current)”，而不是“\(expected)”；请按当前阶段重新决定",
        en: "The opportunity stands in \(current), not in \(expected); decide anew from there"))
  }

  static func transition(
    from: Stage, to: Stage, allowed: [String], in definition: PipelineDefinition
  ) -> GateFailure {
    let stages = allowed.compactMap(definition.stage)
    let zh = stages.map(\.name.zh).joined(separator: "、")
    let en = stages.map { "\($0.name.en) (\($0.key))" }.joined(separator: ", ")
    return GateFailure(
      code: "transition-not-allowed", pointer: "/to", field: "to",
      message: LocalizedText(
        zh: "不能从“\(from.name.zh)”直接进入“\(to.name.zh)”；可进入：\(zh.isEmpty ? "无" : zh)",
        en: "No way leads from \(from.name.en) to \(to.name.en); "
          + "allowed: \(en.isEmpty ? "none" : en)"))
  }

  static func closed(_ stage: Stage) -> GateFailure {
    GateFailure(
      code: "opportunity-closed", pointer: "/to", field: "to",
      message: LocalizedText(
        zh: "商机已处于“\(stage.name.zh)”，请先重新打开",
        en: "The opportunity is closed (\(stage.name.en)); reopen it first"))
  }

  static func notClosed(_ stage: Stage) -> GateFailure {
    GateFailure(
      code: "opportunity-not-closed", pointer: "/",
      message: LocalizedText(
        zh: "商机仍处于“\(stage.name.zh)”，只能重新打开已关闭的商机",
        en: "The opportunity stands in \(stage.name.en); only a closed one can be reopened"))
  }

  static func reopenedIntoClosed(_ stage: Stage) -> GateFailure {
    GateFailure(
      code: "stage-not-open", pointer: "/to", field: "to",
      message: LocalizedText(
        zh: "重新打开的商机须进入进行中的阶段，“\(stage.name.zh)”不是",
        en: "A reopened opportunity goes to an open stage; \(stage.name.en) is none"))
  }

  static func reasonRequired(_ reasons: [LossReason]) -> GateFailure {
    let (zh, en) = list(reasons)
    return GateFailure(
      code: "reason-required", pointer: "/reason", field: "reason",
      message: LocalizedText(
        zh: "输单须说明原因" + (reasons.isEmpty ? "" : "；可选：\(zh)"),
        en: "Losing an opportunity needs a reason" + (reasons.isEmpty ? "" : ": \(en)")),
      supplier: "owner")
  }

  static func unknownLossReason(_ reasons: [LossReason]) -> GateFailure {
    let (zh, en) = list(reasons)
    return GateFailure(
      code: "unknown-loss-reason", pointer: "/reason", field: "reason",
      message: LocalizedText(
        zh: "输单原因须为该流程所列之一：\(zh)", en: "The pipeline's reasons for a loss are \(en)"),
      supplier: "owner")
  }

  private static func list(_ reasons: [LossReason]) -> (zh: String, en: String) {
    (
      reasons.map { "\($0.name.zh)（\($0.key)）" }.joined(separator: "、"),
      reasons.map { "\($0.key) (\($0.name.en))" }.joined(separator: ", ")
    )
  }

  static func notTheDecider(_ decider: MoveDecider, from: Stage, to: Stage) -> GateFailure {
    let who = decider.name
    return GateFailure(
      code: "not-the-decider", pointer: "/to", field: "to",
      message: LocalizedText(
        zh: "从“\(from.name.zh)”进入“\(to.name.zh)”须由\(who.zh)决定",
        en: "The move from \(from.name.en) to \(to.name.en) is decided by \(who.en)"),
      supplier: decider.description)
  }

  static func required(
    _ field: String, by stage: Stage, in definition: PipelineDefinition
  ) -> GateFailure {
    let name = fieldName(field, in: definition)
    return GateFailure(
      code: "field-required", pointer: pointer(to: field), field: field,
      message: LocalizedText(
        zh: "离开“\(stage.name.zh)”前须填写“\(name.zh)”",
        en: "\(name.en) must be filled before the opportunity leaves \(stage.name.en)"),
      supplier: "owner")
  }

  static func unmet(_ criterion: Criterion, code: String, _ facts: GateFacts) -> GateFailure {
    let detail = criterion.rule.shortfall(facts)
    return GateFailure(
      code: code, pointer: criterion.rule.place ?? "/", field: criterion.rule.field,
      criterion: criterion.key,
      message: LocalizedText(
        zh: "未满足条件：\(criterion.name.zh)" + (detail.map { "（\($0.zh)）" } ?? ""),
        en: "Not met: \(criterion.name.en)" + (detail.map { " (\($0.en))" } ?? "")),
      supplier: criterion.supplier ?? criterion.rule.supplier(facts) ?? "owner")
  }

  static func misfit(
    _ declaration: FieldDeclaration, at pointer: String, zh: String, en: String
  ) -> GateFailure {
    GateFailure(
      code: "invalid-field", pointer: pointer, field: declaration.key,
      message: LocalizedText(
        zh: "“\(declaration.name.zh)”\(zh)", en: "\(declaration.name.en) \(en)"),
      supplier: "owner")
  }

  /// What a field is called: as the definition declares it, or else as everybody does.
  private static func fieldName(
    _ field: String, in definition: PipelineDefinition
  ) -> LocalizedText {
    definition.field(field)?.name ?? builtInNames[field] ?? LocalizedText(zh: field, en: field)
  }

  private static let builtInNames = [
    Opportunity.Field.name: LocalizedText(zh: "商机名称", en: "Name"),
    Opportunity.Field.account: LocalizedText(zh: "客户", en: "Account"),
    Opportunity.Field.owner: LocalizedText(zh: "负责人", en: "Owner"),
    Opportunity.Field.team: LocalizedText(zh: "团队", en: "Team"),
    Opportunity.Field.amount: LocalizedText(zh: "金额", en: "Amount"),
    Opportunity.Field.expectedClose: LocalizedText(zh: "预计成交日期", en: "Expected close"),
    Opportunity.Field.nextStep: LocalizedText(zh: "下一步", en: "Next step"),
  ]

  /// Built-in fields stand at the top of an opportunity, custom ones below `fields`.
  static func pointer(to field: String) -> String {
    builtInNames[field] == nil ? "/fields/\(field.escapedForPointer)" : "/\(field)"
  }
}

extension String {
  /// As a step of a JSON pointer (RFC 6901).
  var escapedForPointer: String { replacing("~", with: "~0").replacing("/", with: "~1") }
}

extension MoveDecider {
  fileprivate var name: LocalizedText {
    switch self {
    case .owner: LocalizedText(zh: "商机负责人", en: "the owner")
    case .manager: LocalizedText(zh: "负责人的上级", en: "a manager of the owner")
    case .automation: LocalizedText(zh: "自动规则", en: "an automation rule")
    case .role(let role): LocalizedText(zh: "角色“\(role)”", en: "the role \(role)")
    case .person(let id): LocalizedText(zh: "“\(id)”", en: id)
    }
  }
}

extension GateFailure {
  static func unknownPipeline(_ key: String) -> GateFailure {
    GateFailure(
      code: "unknown-pipeline", pointer: "/pipeline", field: "pipeline",
      message: LocalizedText(
        zh: "没有流程“\(key)”；GET /v1/pipelines 列出全部流程",
        en: "There is no pipeline “\(key)”; GET /v1/pipelines lists those that exist"))
  }

  static func externalIDTaken(_ externalID: String) -> GateFailure {
    GateFailure(
      code: "external-id-taken", pointer: "/externalId", field: "externalId",
      message: LocalizedText(
        zh: "外部编号“\(externalID)”已属于另一个商机",
        en: "The external id “\(externalID)” belongs to another opportunity already"))
  }
}

extension GateFailure {
  static let nothingToRevert = GateFailure(
    code: "nothing-to-revert", pointer: "/",
    message: LocalizedText(
      zh: "该商机还没有可以撤销的阶段变更", en: "The opportunity has made no move that could be reverted"))

  static func notTheLatestMove(_ wanted: EntityID, latest: EntityID) -> GateFailure {
    GateFailure(
      code: "not-the-latest-move", pointer: "/eventId", field: "eventId",
      message: LocalizedText(
        zh: "\(wanted) 不是最近一次阶段变更（\(latest)）；只能从最近一次开始依次撤销",
        en:
          "\(wanted) is not the latest move, which is \(latest); moves are reverted from the latest back"
      ))
  }
}

extension Refusal {
  /// The refusal as it stands in a command's result.
  var failures: [GateFailure] {
    switch self {
    case .invalid(let failures), .gate(let failures), .forbidden(let failures):
      failures
    case .notFound:
      [
        GateFailure(
          code: "not-found", pointer: "/opportunityId", field: "opportunityId",
          message: LocalizedText(zh: "没有这个商机", en: "There is no such opportunity"))
      ]
    case .alreadyExists:
      [
        GateFailure(
          code: "already-exists", pointer: "/opportunityId", field: "opportunityId",
          message: LocalizedText(zh: "商机已存在", en: "The opportunity exists already"))
      ]
    case .stale(let current):
      [
        GateFailure(
          code: "sequence-mismatch", pointer: "/expectedSequence", field: "expectedSequence",
          message: LocalizedText(
            zh: "商机当前的序号是 \(current)，请重新读取后再试",
            en: "The opportunity is at sequence \(current) now; read it again and decide anew"))
      ]
    }
  }
}
