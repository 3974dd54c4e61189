import Contracts

/// How a deal stands to somebody, or a pipeline that belongs to certain teams.
package enum Relation: CaseIterable, Sendable {
  /// The person's own.
  case own
  /// Of a team below the person, or of somebody who works under the person.
  case below
  /// Of the person's own team, or of somebody in it; a pipeline that this team or one below the person
  /// works in, as it is theirs or of a team above.
  case team
  /// In a stage whose definition names the person, or a role that the directory gives the person, for
  /// moves out of it. Only the deal itself tells: no list is made by it.
  case decider
  case other
}

/// Which deals are whose, seen from one person of the directory.
package struct Reach: Hashable, Sendable {
  package let person: String
  /// Who works under the person, and which teams.
  package let people: Set<String>
  package let teams: Set<String>
  package let ownTeam: String?
  package let teammates: Set<String>
  /// The person's own team, the teams below the person, and all teams above these: whose pipelines the
  /// person's deals, or those below, may stand in.
  package let lines: Set<String>

  /// Nil where the directory knows nobody of the id.
  package init?(of person: String, in directory: Directory) {
    guard let entry = directory.people[person] else { return nil }
    self.person = person
    (people, teams) = directory.below(person)
    ownTeam = entry.teamId
    teammates = entry.teamId.map(directory.members) ?? []
    lines = Set(([entry.teamId] + teams).flatMap { directory.teamLine($0).map(\.id) })
  }

  /// Every relation to a pipeline of the teams; `other` where there is none.
  package func relations(toPipelineOf owners: [String]) -> Set<Relation> {
    var found: Set<Relation> = []
    if !teams.isDisjoint(with: owners) { found.insert(.below) }
    if !lines.isDisjoint(with: owners) { found.insert(.team) }
    return found.isEmpty ? [.other] : found
  }

  /// Every relation to a deal of the owner and the team; `other` where there is none.
  package func relations(owner: String?, team: String?) -> Set<Relation> {
    let found = Relation.allCases.filter { scope([$0]).contains(owner: owner, team: team) }
    return found.isEmpty ? [.other] : Set(found)
  }

  /// The deals to which one of the relations holds.
  package func scope(_ relations: Set<Relation>) -> DealScope {
    var scope = DealScope(owners: [], teams: [])
    if relations.contains(.own) { scope.owners.insert(person) }
    if relations.contains(.below) {
      scope.owners.formUnion(people)
      scope.teams.formUnion(teams)
    }
    if relations.contains(.team), let ownTeam {
      scope.owners.formUnion(teammates)
      scope.teams.insert(ownTeam)
    }
    return scope
  }
}

/// The deals of certain owners, and those of certain teams.
package struct DealScope: Hashable, Sendable {
  package var owners: Set<String>
  package var teams: Set<String>

  package init(owners: Set<String>, teams: Set<String>) {
    self.owners = owners
    self.teams = teams
  }

  package func contains(owner: String?, team: String?) -> Bool {
    owner.map(owners.contains) == true || team.map(teams.contains) == true
  }
}
