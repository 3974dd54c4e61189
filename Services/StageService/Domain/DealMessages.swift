import Contracts

/// The wording of refusals of what is asked of a deal without moving it.
extension GateFailure {
  static let overrideNotAllowed = GateFailure(
    code: "override-not-allowed", pointer: "/override", field: "override",
    message: LocalizedText(
      zh: "只有角色 admin 可以越过关卡", en: "Only the role admin may override the gate"),
    supplier: "role:admin")

  static func unknownItem(_ item: String, of stage: Stage) -> GateFailure {
    let items = stage.checklist
    let zh = items.map { "\($0.name.zh)（\($0.key)）" }.joined(separator: "、")
    let en = items.map { "\($0.key) (\($0.name.en))" }.joined(separator: ", ")
    return GateFailure(
      code: "unknown-checklist-item", pointer: "/item", field: "item",
      message: LocalizedText(
        zh: "“\(stage.name.zh)”的检查清单没有“\(item)”；已有：\(zh.isEmpty ? "无" : zh)",
        en: "The checklist of \(stage.name.en) has no “\(item)”; "
          + "it has \(en.isEmpty ? "none" : en)"))
  }

  static let alreadyHeld = GateFailure(
    code: "already-on-hold", pointer: "/",
    message: LocalizedText(
      zh: "商机已搁置；先恢复再重新搁置",
      en: "The opportunity is on hold already; resume it before it is held anew"))

  static let notHeld = GateFailure(
    code: "not-on-hold", pointer: "/",
    message: LocalizedText(
      zh: "商机没有被搁置，不需要恢复", en: "The opportunity is not on hold; nothing is to be resumed"))

  static let closedDealHeld = GateFailure(
    code: "opportunity-closed", pointer: "/",
    message: LocalizedText(
      zh: "商机已关闭，没有期限可以暂停", en: "The opportunity is closed; it has no deadline to wait"))

  static let nothingAssigned = GateFailure(
    code: "required", pointer: "/owner", field: "owner",
    message: LocalizedText(
      zh: "owner 与 team 至少须填其一", en: "owner or team is required"))
}
