import Contracts

/// Who may do what: the one place that says so. Pure.
///
/// A viewer reads everything and an admin may do everything. A rep works on own deals, and where the
/// team's visibility is `team` reads those of the team. A manager works on own deals and on those
/// below. Whom the definition names as decider reads and moves the deal, too. To tell whose a deal is
/// takes the directory: whom it does not know is bound by the role alone.
enum AccessPolicy {
  /// What a token says of its bearer.
  enum Role: String, CaseIterable, Sendable { case rep, manager, admin, viewer, publisher }

  enum Action: CaseIterable, Sendable {
    case read
    case create
    /// Fields, next step, activities: what changes a deal without moving it.
    case edit
    case move
    case revert
    /// The events of all deals, and what is made of them.
    case readFeed
    /// Pipelines, people, teams, calendars, exchange rates.
    case readSettings
    case changeSettings
    /// What is known of persons, for good.
    case erase
  }

  /// Why not.
  enum Refusal: Hashable, Sendable {
    /// Takes one of these.
    case role([Role])
    /// The person has left.
    case inactive
    /// The deal is none of those that the role reaches; `readable` where it may be looked at.
    case outsideScope(readable: Bool)
    /// Only for those who see every deal.
    case wholeOnly
  }

  /// Whether a role may do something to a deal of that relation.
  ///
  /// - Parameters:
  ///   - relation: nil for bearers whom the directory does not know, and for what concerns no deal.
  ///   - visibility: of the bearer's team.
  static func allows(
    _ role: Role, _ action: Action, _ relation: Relation?,
    visibility: TeamEntry.Visibility = .own
  ) -> Bool {
    switch (role, action) {
    case (.admin, _): true
    case (.publisher, _), (_, .changeSettings), (_, .erase): false
    case (_, .readSettings): true
    case (.viewer, .read), (.viewer, .readFeed): true
    case (.viewer, _): false
    case (.rep, .readFeed), (.manager, .readFeed): relation == nil
    case (.rep, .read):
      relation == nil || relation == .own || relation == .decider
        || relation == .team && visibility == .team
    case (.manager, .read):
      relation == nil || relation == .own || relation == .below || relation == .decider
        || relation == .team && visibility == .team
    case (_, .move) where relation == .decider: true
    case (.rep, .create), (.rep, .edit), (.rep, .move), (.rep, .revert):
      relation == nil || relation == .own
    case (.manager, .create), (.manager, .edit), (.manager, .move), (.manager, .revert):
      relation == nil || relation == .own || relation == .below
    }
  }

  /// The roles that may do it to some deal.
  static func roles(for action: Action) -> [Role] {
    Role.allCases.filter { role in
      ([nil] + Relation.allCases.map { $0 }).contains { allows(role, action, $0) }
    }
  }

  /// What a command asks for.
  static func action(of command: StageCommand.Action) -> Action {
    switch command {
    case .create: .create
    case .update, .recordActivity, .assign, .hold, .resume, .tick, .recordFeedback, .merge: .edit
    case .move, .win, .lose, .reopen: .move
    case .revert: .revert
    }
  }
}

/// Somebody who calls, with all that the policy asks about.
struct Caller: Sendable {
  let subject: String
  let roles: Set<AccessPolicy.Role>
  /// Nil where the directory does not know the subject.
  let reach: Reach?
  let visibility: TeamEntry.Visibility
  let isActive: Bool
  /// What the directory says that the caller decides on.
  let decidingRoles: Set<String>

  init(subject: String, roles: Set<AccessPolicy.Role>, in directory: Directory) {
    self.subject = subject
    self.roles = roles
    let person = directory.people[subject]
    reach = Reach(of: subject, in: directory)
    visibility = directory.visibility(in: person?.teamId)
    isActive = person?.active ?? true
    decidingRoles = directory.roles(of: subject)
  }

  /// Why the caller may not do it to any deal; nil where there can be one. Asked first.
  func refusal(_ action: AccessPolicy.Action) -> AccessPolicy.Refusal? {
    let able = AccessPolicy.roles(for: action)
    if roles.isDisjoint(with: able) { return .role(able) }
    if !isActive { return .inactive }
    if action == .readFeed, scope != nil { return .wholeOnly }
    return nil
  }

  /// Why the caller may not do it to a deal of that owner and team; nil where the caller may.
  ///
  /// - Parameter stage: the deal's, as its definition has it.
  func refusal(
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
  var scope: DealScope? {
    guard let reach else { return nil }
    let readable = Relation.allCases.filter { isAllowed(.read, $0) }
    return readable.contains(.other) ? nil : reach.scope(Set(readable))
  }

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
  func deciding(_ added: Set<String>) -> Set<String> { added.union(roles.map(\.rawValue)) }

  private func isAllowed(_ action: AccessPolicy.Action, _ relation: Relation) -> Bool {
    roles.contains { AccessPolicy.allows($0, action, relation, visibility: visibility) }
  }
}
