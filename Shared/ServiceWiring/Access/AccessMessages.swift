package import Contracts
import HTTPTypes
package import ServiceKit

extension AccessPolicy.Refusal {
  /// What to tell the caller; nil where even that there is a deal or pipeline is not to be told.
  package var failure: GateFailure? {
    switch self {
    case .outsideScope(readable: false), .outsidePipeline(readable: false):
      nil
    case .outsideScope(readable: true):
      .forbidden(
        "outside-scope", zh: "该商机不属于您：销售只能处理自己的商机，经理还可处理下属团队的商机",
        en: "the deal is not the caller's: a rep works on own deals, a manager also on those below")
    case .outsidePipeline(readable: true):
      .forbidden(
        "outside-scope", zh: "该流程不属于您下属的团队：经理只能起草下属团队的流程和全体共用的流程",
        en: "the pipeline is of no team below the caller: a manager drafts those of the teams "
          + "below and those of all")
    case .wholeOnly(let roles):
      .forbidden(
        "outside-scope", zh: "这涉及全部商机：需要以下角色之一：\(roles.names)",
        en: "this is about the deals of everybody: needs one of the roles: \(roles.names)")
    case .inactive:
      .forbidden(
        "person-inactive", zh: "该人员已停用", en: "the directory says that the caller has left")
    case .role(let roles):
      .forbidden(
        "role-required", zh: "需要以下角色之一：\(roles.names)",
        en: "needs one of the roles: \(roles.names)")
    }
  }
}

extension [AccessPolicy.Role] {
  fileprivate var names: String { map(\.rawValue).joined(separator: ", ") }
}

extension GateFailure {
  fileprivate static func forbidden(_ code: String, zh: String, en: String) -> GateFailure {
    GateFailure(code: code, pointer: "/", message: LocalizedText(zh: zh, en: en))
  }
}

extension Problem {
  /// 403 with the reason; 404 where even that the deal exists is not to be told.
  package init(_ refusal: AccessPolicy.Refusal) {
    self = refusal.failure.map { .forbidden([$0]) } ?? .noSuchOpportunity
  }

  /// 403 for all these reasons.
  package static func forbidden(_ failures: [GateFailure]) -> Problem {
    Problem(
      .forbidden, code: "forbidden", title: "The caller may not do this",
      errors: failures.map(ProblemError.init))
  }

  package static var noSuchOpportunity: Problem {
    .notFound("there is no opportunity with this id")
  }
}

extension ProblemError {
  package init(_ failure: GateFailure) {
    self.init(
      code: failure.code, pointer: failure.pointer, field: failure.field,
      criterion: failure.criterion,
      message: failure.message,
      supplier: failure.supplier)
  }
}
