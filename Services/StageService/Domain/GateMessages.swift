import Contracts

/// The wording of every refusal, in one place: what, where, and what would be right.
extension GateFailure {
  static func unknownStage(_ key: String, of definition: PipelineDefinition) -> GateFailure {
    let known = definition.stages.map(\.key).joined(separator: ", ")
    return GateFailure(
      code: "unknown-stage", pointer: "/to", field: "to",
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

  static let reasonRequired = GateFailure(
    code: "reason-required", pointer: "/reason", field: "reason",
    message: LocalizedText(zh: "输单须说明原因", en: "Losing an opportunity needs a reason"),
    supplier: "owner")

  static func required(_ field: String, by stage: Stage) -> GateFailure {
    GateFailure(
      code: "field-required", pointer: pointer(to: field), field: field,
      message: LocalizedText(
        zh: "离开“\(stage.name.zh)”前须填写“\(field)”",
        en: "\(field) must be filled before the opportunity leaves \(stage.name.en)"),
      supplier: "owner")
  }

  static func unmet(_ criterion: Criterion, code: String) -> GateFailure {
    GateFailure(
      code: code, pointer: criterion.rule.field.map(pointer) ?? "/", field: criterion.rule.field,
      criterion: criterion.key,
      message: LocalizedText(
        zh: "未满足条件：\(criterion.name.zh)", en: "Not met: \(criterion.name.en)"),
      supplier: criterion.supplier ?? "owner")
  }

  /// Built-in fields stand at the top of an opportunity, custom ones below `fields`.
  private static func pointer(to field: String) -> String {
    let builtIn = [
      Opportunity.Field.name, Opportunity.Field.account, Opportunity.Field.owner,
      Opportunity.Field.team, Opportunity.Field.amount, Opportunity.Field.expectedClose,
      Opportunity.Field.nextStep,
    ]
    return builtIn.contains(field) ? "/\(field)" : "/fields/\(field)"
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
    case .invalid(let failures), .gate(let failures):
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
