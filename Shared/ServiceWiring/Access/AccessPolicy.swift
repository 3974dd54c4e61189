package import Contracts
package import ServiceKit

/// Who may do what: the one place that says so. Pure.
///
/// A viewer reads everything and an admin may do everything. A rep works on own deals, and where the
/// team's visibility is `team` reads those of the team. A manager works on own deals and on those
/// below. Whom the definition names as decider reads and moves the deal, too. Pipelines of all are
/// read by whoever reads deals, and drafted by managers; those of certain teams by the people of these
/// and by managers above them. To tell whose a deal is takes the directory: whom it does not know is
/// bound by the role alone.
package enum AccessPolicy {
  /// What a token says of its bearer.
  package typealias Role = ServiceKit.Role

  package enum Action: CaseIterable, Sendable {
    /// A deal, and what is made of it: history, figures, proposals, activities, follow-ups.
    case read
    case create
    /// Fields, next step, activities: what changes a deal without moving it.
    case edit
    case move
    case revert
    /// The events of all deals, and what is made of them.
    case readFeed
    /// Published pipelines and drafts.
    case readPipelines
    /// Says something of a stage of a draft.
    case comment
    case writeDrafts
    /// Makes versions, which hold for everybody.
    case publish
    /// People, teams, calendars, exchange rates, templates, rules.
    case readSettings
    case changeSettings
    case manageServiceAccounts
    /// Rules move deals by themselves, whosever they are.
    case changeRules
    /// Sends what was observed; a rule may move the deal because of it.
    case report
    /// What became of an activity whose source and id the caller knows.
    case readActivity
    /// Activities that may mean no deal that is known.
    case readStray
    /// Gives them to a deal, or dismisses them.
    case settleStray
    /// Subscriptions and their deliveries. The relation is that to whoever made the subscription.
    case subscribe

    /// Whether it is done to one deal or pipeline, or to several, rather than to none or to all.
    var isAboutDeals: Bool {
      switch self {
      case .read, .create, .edit, .move, .revert, .report, .readActivity, .subscribe,
        .readPipelines, .comment, .writeDrafts:
        true
      case .readFeed, .readSettings, .changeSettings, .changeRules, .readStray, .settleStray,
        .publish, .manageServiceAccounts:
        false
      }
    }
  }

  /// Why not.
  package enum Refusal: Hashable, Sendable {
    /// Takes one of these.
    case role([Role])
    /// The person has left.
    case inactive
    /// The deal is none of those that the role reaches; `readable` where it may be looked at.
    case outsideScope(readable: Bool)
    /// The pipeline belongs to teams that the role does not reach; `readable` where it may be looked at.
    case outsidePipeline(readable: Bool)
    /// It is about everybody's deals, and takes one of these.
    case wholeOnly([Role])
  }

  /// Whether a role may do something to a deal or a pipeline of that relation.
  ///
  /// - Parameters:
  ///   - relation: nil for bearers whom the directory does not know, and for what concerns neither a
  ///     deal nor a pipeline of certain teams.
  ///   - visibility: of the bearer's team.
  package static func allows(
    _ role: Role, _ action: Action, _ relation: Relation?,
    visibility: TeamEntry.Visibility = .own
  ) -> Bool {
    switch (role, action) {
    case (.admin, _): true
    case (.publisher, .report), (.publisher, .readActivity): true
    case (.publisher, _), (_, .publish), (_, .changeSettings), (_, .manageServiceAccounts): false
    case (_, .readSettings): true
    case (.viewer, .read), (.viewer, .readActivity), (.viewer, .readFeed), (.viewer, .readStray),
      (.viewer, .readPipelines):
      true
    case (.viewer, _), (.rep, .changeRules), (.rep, .subscribe), (.rep, .writeDrafts): false
    case (.manager, .readStray), (.manager, .settleStray): true
    case (_, .readFeed), (_, .readStray), (_, .settleStray), (.manager, .changeRules):
      relation == nil
    case (.rep, .read), (.rep, .readActivity):
      relation == nil || relation == .own || relation == .decider
        || relation == .team && visibility == .team
    case (.manager, .read), (.manager, .readActivity):
      relation == nil || relation == .own || relation == .below || relation == .decider
        || relation == .team && visibility == .team
    case (_, .move) where relation == .decider: true
    case (.rep, .create), (.rep, .edit), (.rep, .move), (.rep, .revert), (.rep, .report):
      relation == nil || relation == .own
    case (.manager, .create), (.manager, .edit), (.manager, .move), (.manager, .revert),
      (.manager, .report), (.manager, .subscribe):
      relation == nil || relation == .own || relation == .below
    case (.rep, .readPipelines), (.rep, .comment): relation == nil || relation == .team
    case (.manager, .readPipelines), (.manager, .comment):
      relation == nil || relation == .team || relation == .below
    case (.manager, .writeDrafts): relation == nil || relation == .below
    }
  }

  /// The roles that may do it to some deal.
  package static func roles(for action: Action) -> [Role] {
    Role.allCases.filter { role in
      ([nil] + Relation.allCases.map { $0 }).contains { allows(role, action, $0) }
    }
  }
}
