package import Contracts
package import ServiceKit

/// Who may do what: the one place that says so. Pure.
///
/// A viewer reads everything and an admin may do everything. A rep works on own deals, and where the
/// team's visibility is `team` reads those of the team. A manager works on own deals and on those
/// below. Whom the definition names as decider reads and moves the deal, too. To tell whose a deal is
/// takes the directory: whom it does not know is bound by the role alone.
package enum AccessPolicy {
  /// What a token says of its bearer.
  package typealias Role = ServiceKit.Role

  package enum Action: CaseIterable, Sendable {
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
  }

  /// Why not.
  package enum Refusal: Hashable, Sendable {
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
  package static func allows(
    _ role: Role, _ action: Action, _ relation: Relation?,
    visibility: TeamEntry.Visibility = .own
  ) -> Bool {
    switch (role, action) {
    case (.admin, _): true
    case (.publisher, _), (_, .changeSettings): false
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
  package static func roles(for action: Action) -> [Role] {
    Role.allCases.filter { role in
      ([nil] + Relation.allCases.map { $0 }).contains { allows(role, action, $0) }
    }
  }
}
