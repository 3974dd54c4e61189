import Contracts
import HTTPTypes
import ServiceKit

/// Asks the policy on behalf of the routes, and answers what it says in terms of HTTP.
struct AccessControl: Sendable {
  let directory: DirectoryCache

  /// Who calls, once it is certain that the caller may do it to some deal: 403 where not.
  func caller(
    _ context: ServiceRequestContext, to action: AccessPolicy.Action
  ) async throws -> Caller {
    let able = AccessPolicy.roles(for: action).compactMap { Role(rawValue: $0.rawValue) }
    let principal = try context.require(anyOf: able)
    let caller = Caller(
      subject: principal.subject,
      roles: Set(principal.roles.compactMap { AccessPolicy.Role(rawValue: $0.rawValue) }),
      in: try await directory.current())
    if let refusal = caller.refusal(action) { throw Problem(refusal) }
    return caller
  }
}

extension Caller {
  /// 404 where the caller may not even read a deal of that owner and team, 403 where only this is
  /// not allowed.
  func require(_ action: AccessPolicy.Action, owner: String?, team: String?) throws {
    if let refusal = refusal(action, owner: owner, team: team) { throw Problem(refusal) }
  }

  func require(_ action: AccessPolicy.Action, on deal: Opportunity) throws {
    try require(action, owner: deal.owner, team: deal.team)
  }

  /// A deal that is made must be one that the caller would reach: 403 where not.
  func requireCreation(owner: String?, team: String?) throws {
    guard let refusal = refusal(.create, owner: owner, team: team) else { return }
    if case .outsideScope = refusal { throw Problem(.outsideScope(readable: true)) }
    throw Problem(refusal)
  }
}

extension Problem {
  init(_ refusal: AccessPolicy.Refusal) {
    switch refusal {
    case .outsideScope(readable: false):
      self = .noSuchOpportunity
    case .outsideScope(readable: true):
      self = .refused(
        "outside-scope", zh: "该商机不属于您：销售只能处理自己的商机，经理还可处理下属团队的商机",
        en: "the deal is not the caller's: a rep works on own deals, a manager also on those below")
    case .wholeOnly:
      self = .refused(
        "outside-scope", zh: "这里有全部商机的数据：需要角色 viewer 或 admin",
        en: "this holds the data of all deals: needs one of the roles: viewer, admin")
    case .inactive:
      self = .refused(
        "person-inactive", zh: "该人员已停用", en: "the directory says that the caller has left")
    case .role(let roles):
      let names = roles.map(\.rawValue).joined(separator: ", ")
      self = .refused(
        "role-required", zh: "需要以下角色之一：\(names)", en: "needs one of the roles: \(names)")
    }
  }

  private static func refused(_ code: String, zh: String, en: String) -> Problem {
    Problem(
      .forbidden, code: "forbidden", title: "The caller may not do this", detail: en,
      errors: [ProblemError(code: code, message: LocalizedText(zh: zh, en: en))])
  }
}
