import Contracts

extension Refusal {
  /// What the policy refuses, in the words of a decision.
  init(_ refusal: AccessPolicy.Refusal) {
    switch refusal {
    case .outsideScope(readable: false):
      self = .notFound
    case .outsideScope(readable: true):
      self = .forbidden(
        "outside-scope", zh: "该商机不属于您：销售只能处理自己的商机，经理还可处理下属团队的商机",
        en: "the deal is not the caller's: a rep works on own deals, a manager also on those below")
    case .wholeOnly:
      self = .forbidden(
        "outside-scope", zh: "这里有全部商机的数据：需要角色 viewer 或 admin",
        en: "this holds the data of all deals: needs one of the roles: viewer, admin")
    case .inactive:
      self = .forbidden(
        "person-inactive", zh: "该人员已停用", en: "the directory says that the caller has left")
    case .role(let roles):
      let names = roles.map(\.rawValue).joined(separator: ", ")
      self = .forbidden(
        "role-required", zh: "需要以下角色之一：\(names)", en: "needs one of the roles: \(names)")
    }
  }

  private static func forbidden(_ code: String, zh: String, en: String) -> Refusal {
    .forbidden([
      GateFailure(code: code, pointer: "/", message: LocalizedText(zh: zh, en: en))
    ])
  }
}
