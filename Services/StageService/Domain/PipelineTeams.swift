import Contracts
import ServiceWiring

// A pipeline belongs to teams or to all. In one of certain teams stand deals of these and of all below
// them: whoever owns a deal there is in one of these teams, and so is the team that the deal names. An
// owner whom the directory does not know is not judged, but then the deal names a team.
extension Decider {
  /// What keeps a deal out of the pipeline.
  ///
  /// - Parameters:
  ///   - owner: who is made its owner; nil where that is nobody new. The same of `team`.
  ///   - deal: as it is then.
  func outsiders(owner: String?, team: String?, of deal: Opportunity) -> [GateFailure] {
    let teams = definition.teams
    if teams.isEmpty { return [] }
    let people = context.people
    var failures: [GateFailure] = []
    if let owner, let person = people.people[owner], !people.isTeam(person.teamId, within: teams) {
      failures.append(.outsidePipeline(owner, at: "/owner", teams, people))
    }
    if let team, !people.isTeam(team, within: teams) {
      failures.append(.outsidePipeline(team, at: "/team", teams, people))
    }
    let homes = [deal.team, deal.owner.flatMap { people.people[$0]?.teamId }]
    if failures.isEmpty, !homes.contains(where: { people.isTeam($0, within: teams) }) {
      failures.append(.teamless(teams, people))
    }
    return failures
  }
}

extension GateFailure {
  fileprivate static func outsidePipeline(
    _ id: String, at pointer: String, _ teams: [String], _ people: Directory
  ) -> GateFailure {
    let (zh, en) = list(teams, people)
    return outsidePipeline(
      at: pointer, zh: "“\(id)”不属于该流程的团队（\(zh)）或其下属团队",
      en: "\(id) is of none of the pipeline's teams (\(en)) nor of one below them")
  }

  fileprivate static func teamless(_ teams: [String], _ people: Directory) -> GateFailure {
    let (zh, en) = list(teams, people)
    return outsidePipeline(
      at: "/team", zh: "该流程只供这些团队及其下属团队使用：\(zh)；请填写其中之一",
      en: "The pipeline is for deals of these teams and those below them: \(en); name one of them")
  }

  private static func outsidePipeline(at pointer: String, zh: String, en: String) -> GateFailure {
    GateFailure(
      code: "outside-pipeline", pointer: pointer, field: String(pointer.dropFirst()),
      message: LocalizedText(
        zh: zh + "；或选用其他流程，或请管理员调整该流程所属的团队",
        en: en + "; or choose another pipeline, or ask an admin to change whose this one is"),
      supplier: "role:admin")
  }

  private static func list(_ teams: [String], _ people: Directory) -> (zh: String, en: String) {
    let names = teams.map { (people.teams[$0]?.name, $0) }
    return (
      names.map { $0?.zh ?? $1 }.joined(separator: "、"),
      names.map { $0?.en ?? $1 }.joined(separator: ", ")
    )
  }
}
