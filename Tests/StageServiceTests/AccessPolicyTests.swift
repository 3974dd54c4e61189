import Contracts
import ServiceKit
import ServiceWiring
import TestSupport
import Testing

@testable import StageService

/// Role × action × relation, written out: who may do what to which deal.
@Suite struct AccessPolicyTests {
  /// What a row says of each relation, in the order own, below, team, decider, other, and that of a
  /// caller whom the directory does not know: `+` allowed, `-` refused, `v` allowed where the team's visibility is
  /// `team`.
  private static let table: [(AccessPolicy.Role, AccessPolicy.Action, String)] = [
    (.rep, .read, "+-v+-+"),
    (.rep, .create, "+----+"),
    (.rep, .edit, "+----+"),
    (.rep, .move, "+--+-+"),
    (.rep, .revert, "+----+"),
    (.rep, .readFeed, "-----+"),
    (.rep, .readPipelines, "--+--+"),
    (.rep, .comment, "--+--+"),
    (.rep, .writeDrafts, "------"),
    (.rep, .publish, "------"),
    (.rep, .readSettings, "++++++"),
    (.rep, .changeSettings, "------"),
    (.rep, .manageServiceAccounts, "------"),
    (.rep, .changeRules, "------"),
    (.rep, .report, "+----+"),
    (.rep, .readActivity, "+-v+-+"),
    (.rep, .readStray, "-----+"),
    (.rep, .settleStray, "-----+"),
    (.rep, .subscribe, "------"),
    (.manager, .read, "++v+-+"),
    (.manager, .create, "++---+"),
    (.manager, .edit, "++---+"),
    (.manager, .move, "++-+-+"),
    (.manager, .revert, "++---+"),
    (.manager, .readFeed, "-----+"),
    (.manager, .readPipelines, "-++--+"),
    (.manager, .comment, "-++--+"),
    (.manager, .writeDrafts, "-+---+"),
    (.manager, .publish, "------"),
    (.manager, .readSettings, "++++++"),
    (.manager, .changeSettings, "------"),
    (.manager, .manageServiceAccounts, "------"),
    (.manager, .changeRules, "-----+"),
    (.manager, .report, "++---+"),
    (.manager, .readActivity, "++v+-+"),
    (.manager, .readStray, "++++++"),
    (.manager, .settleStray, "++++++"),
    (.manager, .subscribe, "++---+"),
    (.admin, .read, "++++++"),
    (.admin, .create, "++++++"),
    (.admin, .edit, "++++++"),
    (.admin, .move, "++++++"),
    (.admin, .revert, "++++++"),
    (.admin, .readFeed, "++++++"),
    (.admin, .readPipelines, "++++++"),
    (.admin, .comment, "++++++"),
    (.admin, .writeDrafts, "++++++"),
    (.admin, .publish, "++++++"),
    (.admin, .readSettings, "++++++"),
    (.admin, .changeSettings, "++++++"),
    (.admin, .manageServiceAccounts, "++++++"),
    (.admin, .changeRules, "++++++"),
    (.admin, .report, "++++++"),
    (.admin, .readActivity, "++++++"),
    (.admin, .readStray, "++++++"),
    (.admin, .settleStray, "++++++"),
    (.admin, .subscribe, "++++++"),
    (.viewer, .read, "++++++"),
    (.viewer, .create, "------"),
    (.viewer, .edit, "------"),
    (.viewer, .move, "------"),
    (.viewer, .revert, "------"),
    (.viewer, .readFeed, "++++++"),
    (.viewer, .readPipelines, "++++++"),
    (.viewer, .comment, "------"),
    (.viewer, .writeDrafts, "------"),
    (.viewer, .publish, "------"),
    (.viewer, .readSettings, "++++++"),
    (.viewer, .changeSettings, "------"),
    (.viewer, .manageServiceAccounts, "------"),
    (.viewer, .changeRules, "------"),
    (.viewer, .report, "------"),
    (.viewer, .readActivity, "++++++"),
    (.viewer, .readStray, "++++++"),
    (.viewer, .settleStray, "------"),
    (.viewer, .subscribe, "------"),
    (.publisher, .read, "------"),
    (.publisher, .create, "------"),
    (.publisher, .edit, "------"),
    (.publisher, .move, "------"),
    (.publisher, .revert, "------"),
    (.publisher, .readFeed, "------"),
    (.publisher, .readPipelines, "------"),
    (.publisher, .comment, "------"),
    (.publisher, .writeDrafts, "------"),
    (.publisher, .publish, "------"),
    (.publisher, .readSettings, "------"),
    (.publisher, .changeSettings, "------"),
    (.publisher, .manageServiceAccounts, "------"),
    (.publisher, .changeRules, "------"),
    (.publisher, .report, "++++++"),
    (.publisher, .readActivity, "++++++"),
    (.publisher, .readStray, "------"),
    (.publisher, .settleStray, "------"),
    (.publisher, .subscribe, "------"),
  ]

  struct Row: Sendable, CustomStringConvertible {
    let role: AccessPolicy.Role
    let action: AccessPolicy.Action
    let relation: Relation?
    let visibility: TeamEntry.Visibility
    let isAllowed: Bool

    var description: String {
      let relation = relation.map { "\($0)" } ?? "unknown caller"
      return "\(role) \(action) \(relation), visibility \(visibility): \(isAllowed)"
    }
  }

  static let rows: [Row] = table.flatMap { role, action, marks in
    zip([.own, .below, .team, .decider, .other, nil] as [Relation?], marks).flatMap {
      relation, mark in
      TeamEntry.Visibility.allCases.map { visibility in
        Row(
          role: role, action: action, relation: relation, visibility: visibility,
          isAllowed: mark == "+" || mark == "v" && visibility == .team)
      }
    }
  }

  @Test func theTableIsWhole() {
    let pairs = Set(Self.table.map { "\($0.0) \($0.1)" })
    #expect(pairs.count == AccessPolicy.Role.allCases.count * AccessPolicy.Action.allCases.count)
    #expect(Self.table.count == pairs.count)
    #expect(Self.table.allSatisfy { $0.2.count == 6 })
    #expect(Self.rows.count == 1_140)
  }

  @Test(arguments: rows) func row(_ row: Row) {
    #expect(
      AccessPolicy.allows(row.role, row.action, row.relation, visibility: row.visibility)
        == row.isAllowed)
  }

  @Test func rolesThatMayAtAll() {
    #expect(AccessPolicy.roles(for: .read) == [.rep, .manager, .admin, .viewer])
    #expect(AccessPolicy.roles(for: .move) == [.rep, .manager, .admin])
    #expect(AccessPolicy.roles(for: .readFeed) == [.rep, .manager, .admin, .viewer])
    #expect(AccessPolicy.roles(for: .changeSettings) == [.admin])
    #expect(AccessPolicy.roles(for: .readPipelines) == [.rep, .manager, .admin, .viewer])
    #expect(AccessPolicy.roles(for: .comment) == [.rep, .manager, .admin])
    #expect(AccessPolicy.roles(for: .writeDrafts) == [.manager, .admin])
    #expect(AccessPolicy.roles(for: .publish) == [.admin])
    #expect(AccessPolicy.roles(for: .manageServiceAccounts) == [.admin])
    #expect(AccessPolicy.roles(for: .changeRules) == [.manager, .admin])
    #expect(AccessPolicy.roles(for: .report) == [.rep, .manager, .admin, .publisher])
    #expect(AccessPolicy.roles(for: .subscribe) == [.manager, .admin])
  }
}

/// The policy with a directory: whose a deal is follows from people, teams and who leads them.
@Suite struct CallerTests {
  private func caller(
    _ subject: String, _ roles: AccessPolicy.Role..., in directory: Directory = Staff.directory
  ) -> Caller {
    Caller(subject: subject, roles: Set(roles), in: directory)
  }

  /// Every deal that one may stand before: owners and teams of the directory, unknown ones, none.
  private static let deals: [(owner: String?, team: String?)] = {
    let owners: [String?] = Staff.people.map(\.id) + ["ghost", nil]
    let teams: [String?] = Staff.teams.map(\.id) + ["north", nil]
    return owners.flatMap { owner in teams.map { (owner, $0) } }
  }()

  @Test func relations() throws {
    func relations(_ person: String, owner: String?, team: String?) throws -> Set<Relation> {
      try #require(Reach(of: person, in: Staff.directory)).relations(owner: owner, team: team)
    }
    #expect(try relations("li.na", owner: "li.na", team: "west") == [.own, .team])
    #expect(try relations("li.na", owner: "wang.li", team: nil) == [.team])
    #expect(try relations("li.na", owner: nil, team: "east") == [.team])
    #expect(try relations("li.na", owner: "chen.hao", team: "east-1") == [.other])
    #expect(try relations("wang.li", owner: "chen.hao", team: nil) == [.below])
    #expect(try relations("wang.li", owner: "li.na", team: "east") == [.below, .team])
    #expect(try relations("wang.li", owner: "gu.wen", team: "north") == [.below])
    #expect(try relations("wang.li", owner: nil, team: "east-1") == [.below])
    #expect(try relations("wang.li", owner: "he.yan", team: "west") == [.other])
    #expect(try relations("zhou.ting", owner: "he.yan", team: nil) == [.below])
    #expect(try relations("gu.wen", owner: nil, team: nil) == [.other])
    #expect(Reach(of: "ghost", in: Staff.directory) == nil)
  }

  /// What a list shows is what may be read one by one.
  @Test(arguments: Staff.people.map(\.id), [AccessPolicy.Role.rep, .manager, .viewer, .admin])
  func theScopeOfListsIsWhatMayBeRead(_ person: String, _ role: AccessPolicy.Role) {
    let caller = caller(person, role)
    for deal in Self.deals {
      let isListed = caller.scope?.contains(owner: deal.owner, team: deal.team) ?? true
      let isRead = caller.refusal(.read, owner: deal.owner, team: deal.team) == nil
      #expect(isListed == isRead, "\(deal)")
    }
  }

  /// What narrows a list is what is allowed one by one, whatever is done.
  @Test(arguments: Staff.people.map(\.id), [AccessPolicy.Role.rep, .manager, .viewer, .admin])
  func theScopeOfAnActionIsWhereItIsAllowed(_ person: String, _ role: AccessPolicy.Role) {
    let caller = caller(person, role)
    for action in AccessPolicy.Action.allCases where caller.refusal(action) == nil {
      let scope = caller.scope(for: action)
      for deal in Self.deals {
        let isAllowed = caller.refusal(action, owner: deal.owner, team: deal.team) == nil
        #expect(
          (scope?.contains(owner: deal.owner, team: deal.team) ?? true) == isAllowed,
          "\(action) \(deal)")
      }
    }
  }

  /// What concerns no deal, or all of them, is not for those who reach some.
  @Test func whoReachesSomeDealsDoesNothingToAllOfThem() {
    let manager = caller("wang.li", .manager)
    #expect(manager.refusal(.changeRules) == .wholeOnly([.admin]))
    #expect(manager.refusal(.readFeed) == .wholeOnly([.admin, .viewer]))
    #expect(manager.refusal(.readStray) == nil && manager.refusal(.settleStray) == nil)
    // Reading everything does not widen what a manager changes.
    #expect(caller("wang.li", .manager, .viewer).refusal(.changeRules) == .wholeOnly([.admin]))
    #expect(caller("ghost", .manager).refusal(.changeRules) == nil)
    let rep = caller("li.na", .rep)
    #expect(rep.refusal(.readStray) == .wholeOnly([.manager, .admin, .viewer]))
    #expect(rep.refusal(.settleStray) == .wholeOnly([.manager, .admin]))
    #expect(caller("ghost", .rep).refusal(.settleStray) == nil)
    #expect(caller("li.na", .publisher).refusal(.report, owner: "he.yan", team: "west") == nil)
  }

  /// What may be changed may be read.
  @Test(arguments: Staff.people.map(\.id), [AccessPolicy.Role.rep, .manager])
  func nothingIsChangedUnseen(_ person: String, _ role: AccessPolicy.Role) {
    let caller = caller(person, role)
    for deal in Self.deals {
      for action in [AccessPolicy.Action.create, .edit, .move, .revert]
      where caller.refusal(action, owner: deal.owner, team: deal.team) == nil {
        #expect(caller.refusal(.read, owner: deal.owner, team: deal.team) == nil, "\(deal)")
      }
    }
  }

  @Test func refusalsSayWhy() {
    let rep = caller("li.na", .rep)
    #expect(rep.refusal(.move, owner: "li.na", team: "east") == nil)
    #expect(
      rep.refusal(.move, owner: "wang.li", team: "east") == .outsideScope(readable: true))
    #expect(
      rep.refusal(.move, owner: "he.yan", team: "west") == .outsideScope(readable: false))
    #expect(
      caller("he.yan", .rep).refusal(.read, owner: "sun.fei", team: "west")
        == .outsideScope(readable: false), "the team's visibility is own")
    #expect(rep.refusal(.readFeed) == .wholeOnly([.admin, .viewer]))
    #expect(rep.refusal(.changeSettings) == .role([.admin]))
    #expect(
      caller("li.na", .viewer).refusal(.move, owner: "li.na", team: nil)
        == .role([.rep, .manager, .admin]))
    #expect(caller("li.na").refusal(.read) == .role([.rep, .manager, .admin, .viewer]))
  }

  @Test func whomTheStageNamesDecidesOnIt() {
    var directory = Staff.directory
    directory.set(Staff.person("he.yan", team: "west") { $0.roles = ["legal", "admin"] })
    let rep = caller("he.yan", .rep, in: directory)
    func stage(_ decider: MoveDecider?, _ next: [String: MoveDecider] = [:]) -> Stage {
      Stage(
        key: "review", name: LocalizedText(zh: "评审", en: "Review"), category: .open,
        decider: decider, deciders: next)
    }
    for named in [
      stage(.person("he.yan")), stage(.role("legal")), stage(nil, ["won": .role("legal")]),
    ] {
      for action in [AccessPolicy.Action.read, .move] {
        #expect(rep.refusal(action, owner: "li.na", team: "east", in: named) == nil)
      }
      #expect(
        rep.refusal(.edit, owner: "li.na", team: "east", in: named)
          == .outsideScope(readable: true))
    }
    for other in [
      stage(nil), stage(.person("sun.fei")), stage(.role("finance")), stage(.role("admin")),
      stage(.manager), stage(.owner), stage(.automation),
    ] {
      #expect(
        rep.refusal(.move, owner: "li.na", team: "east", in: other)
          == .outsideScope(readable: false))
    }
  }

  @Test func severalRolesAddUp() {
    let both = caller("li.na", .rep, .viewer)
    #expect(both.scope == nil)
    #expect(both.refusal(.readFeed) == nil)
    #expect(
      both.refusal(.move, owner: "he.yan", team: "west") == .outsideScope(readable: true))
    #expect(caller("wang.li", .rep, .manager).refusal(.move, owner: "gu.wen", team: nil) == nil)
  }

  @Test func whomTheDirectoryDoesNotKnowIsBoundByTheRoleAlone() {
    for role in [AccessPolicy.Role.rep, .manager] {
      let caller = caller("ghost", role)
      #expect(caller.scope == nil)
      #expect(caller.refusal(.readFeed) == nil)
      for action in [AccessPolicy.Action.read, .create, .edit, .move, .revert] {
        #expect(caller.refusal(action, owner: "li.na", team: "east") == nil)
      }
    }
    #expect(caller("ghost", .viewer).refusal(.move) == .role([.rep, .manager, .admin]))
  }

  @Test func whoHasLeftMayDoNothing() {
    var directory = Staff.directory
    directory.set(Staff.person("li.na", team: "east") { $0.active = false })
    for role in [AccessPolicy.Role.rep, .manager, .viewer, .admin] {
      let caller = caller("li.na", role, in: directory)
      #expect(caller.refusal(.read) == .inactive)
      #expect(caller.refusal(.read, owner: "li.na", team: nil) == .inactive)
    }
  }

  @Test func commandsAskForTheirAction() {
    func action(_ command: StageCommand.Action) -> AccessPolicy.Action {
      AccessPolicy.action(of: command)
    }
    #expect(action(.create(Fixture.new())) == .create)
    #expect(action(.update(OpportunityPatch())) == .edit)
    #expect(action(.move(.init(to: "won"))) == .move)
    #expect(action(.win(.init())) == .move && action(.lose(.init())) == .move)
    #expect(action(.reopen(.init())) == .move)
    #expect(action(.revert(.init())) == .revert)
    #expect(
      action(.recordActivity(ActivityRecord(source: "/s", id: "1", kind: "call", at: Staff.at)))
        == .edit)
  }
}
