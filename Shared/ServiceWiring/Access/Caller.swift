package import Contracts
import ServiceKit

/// Somebody who calls, with all that the policy asks about.
package struct Caller: Sendable {
  package let subject: String
  package let roles: Set<AccessPolicy.Role>
  /// Nil where the directory does not know the subject.
  package let reach: Reach?
  package let visibility: TeamEntry.Visibility
  package let isActive: Bool
  /// What the directory says that the caller decides on.
  package let decidingRoles: Set<String>

  package init(subject: String, roles: Set<AccessPolicy.Role>, in directory: Directory) {
    self.subject = subject
    self.roles = roles
    let person = directory.people[subject]
    reach = Reach(of: subject, in: directory)
    visibility = directory.visibility(in: person?.teamId)
    isActive = person?.active ?? true
    decidingRoles = directory.roles(of: subject)
  }

  /// Somebody in whose name a service acts, so that there is no token to say the roles. The policy's
  /// roles that the entry in the directory names are the person's here; without any, whoever has
  /// people or teams below is a manager, and everybody else a rep. Nil where nobody is known by the id.
  package init?(actingFor person: String, in directory: Directory) {
    guard let entry = directory.people[person] else { return nil }
    let named = Set(entry.roles.compactMap(Role.init))
    let (people, teams) = directory.below(person)
    let derived: Role = people.isEmpty && teams.isEmpty ? .rep : .manager
    self.init(subject: person, roles: named.isEmpty ? [derived] : named, in: directory)
  }

  /// Why the caller may not do it to any deal; nil where there can be one. Asked first.
  package func refusal(_ action: AccessPolicy.Action) -> AccessPolicy.Refusal? {
    let able = AccessPolicy.roles(for: action)
    if roles.isDisjoint(with: able) { return .role(able) }
    if !isActive { return .inactive }
    if !action.isAboutDeals, !isAllowed(action, reach == nil ? nil : .other) {
      return .wholeOnly(able.filter { AccessPolicy.allows($0, action, .other) })
    }
    return nil
  }

  /// Why the caller may not do it to a deal of that owner and team; nil where the caller may.
  ///
  /// - Parameter stage: the deal's, as its definition has it.
  package func refusal(
    _ action: AccessPolicy.Action, owner: String?, team: String?, in stage: Stage? = nil
  ) -> AccessPolicy.Refusal? {
    if let refusal = refusal(action) { return refusal }
    guard let reach else { return nil }
    var relations = reach.relations(owner: owner, team: team)
    if let stage, decides(in: stage) { relations.insert(.decider) }
    if relations.contains(where: { isAllowed(action, $0) }) { return nil }
    return .outsideScope(readable: relations.contains { isAllowed(.read, $0) })
  }

  /// The deals that the caller may read; nil for all of them.
  package var scope: DealScope? { scope(for: .read) }

  /// The deals to which the caller may do something that is not refused outright; nil for all of them.
  package func scope(for action: AccessPolicy.Action) -> DealScope? {
    guard let reach else { return nil }
    let reached = Relation.allCases.filter { isAllowed(action, $0) }
    return reached.contains(.other) ? nil : reach.scope(Set(reached))
  }

  /// Why the caller may not do it to a pipeline of these teams, or of all where there are none; nil
  /// where the caller may.
  package func refusal(
    _ action: AccessPolicy.Action, onPipelineOf teams: [String]
  ) -> AccessPolicy.Refusal? {
    if let refusal = refusal(action) { return refusal }
    guard let reach, !teams.isEmpty else { return nil }
    let relations = reach.relations(toPipelineOf: teams)
    if relations.contains(where: { isAllowed(action, $0) }) { return nil }
    return .outsidePipeline(readable: relations.contains { isAllowed(.readPipelines, $0) })
  }

  /// The teams of which one must own a pipeline that the caller may read, unless it is of all; nil for
  /// whoever reads them all.
  package var pipelineTeams: Set<String>? {
    guard let reach, !isAllowed(.readPipelines, .other) else { return nil }
    return reach.lines
  }

  /// Whether the roles alone say so, whatever the directory knows of the caller.
  package var seesAllDeals: Bool { isAllowed(.read, .other) }

  private func decides(in stage: Stage) -> Bool {
    ([stage.decider] + stage.deciders.values.map { $0 }).contains { decider in
      switch decider {
      case .person(let id)?: id == subject
      case .role(let role)?: decidingRoles.contains(role)
      case .owner?, .manager?, .automation?, nil: false
      }
    }
  }

  /// The roles that deciders and limits ask about: those of the token, and what the directory adds.
  package func deciding(_ added: Set<String>) -> Set<String> { added.union(roles.map(\.rawValue)) }

  private func isAllowed(_ action: AccessPolicy.Action, _ relation: Relation?) -> Bool {
    roles.contains { AccessPolicy.allows($0, action, relation, visibility: visibility) }
  }
}
