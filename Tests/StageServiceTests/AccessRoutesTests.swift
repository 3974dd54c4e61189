import Contracts
import HTTPTypes
import Postgres
import ServiceKit
import ServiceWiring
import TestSupport
import Testing

@testable import StageService

/// What people of the directory may do over HTTP. The policy has its own table; here it is enforced.
@Suite(.serialized) struct AccessRoutesTests {
  /// The organisation of ``Staff`` with a deal of everybody, by owner; `unowned` is of the team west.
  private func withDeals(
    _ body: @Sendable (API, [String: String]) async throws -> Void
  ) async throws {
    try await withAPI { api in
      try await api.publishPlain()
      var deals: [String: String] = [:]
      for person in Staff.people {
        deals[person.id] = try await api.create([
          "owner": .string(person.id), "team": person.teamId.map(JSONValue.string) ?? .null,
        ])
      }
      deals["unowned"] = try await api.create(["owner": .null, "team": "west"])
      try await api.putStaff()
      try await body(api, deals)
    }
  }

  private func listed(
    _ api: API, _ subject: String, _ role: Role, query: String = ""
  ) async throws -> Set<String> {
    let answer = try await api.send(
      .get, "/v1/opportunities?limit=500\(query)",
      token: try api.issuer.token(subject: subject, roles: [role], expiresIn: .seconds(600)))
    try #require(answer.status == 200, "\(answer.body)")
    return Set(answer["items"].items.map { $0["owner"].text ?? "unowned" })
  }

  @Test func listsShowWhatTheCallerMayRead() async throws {
    try await withDeals { api, _ in
      let all = Set(Staff.people.map(\.id) + ["unowned"])
      let rows: [(String, Role, String, Set<String>)] = [
        ("li.na", .rep, "", ["li.na", "wang.li"]), ("he.yan", .rep, "", ["he.yan"]),
        ("gu.wen", .rep, "", ["gu.wen"]),
        ("wang.li", .manager, "", ["wang.li", "li.na", "chen.hao", "gu.wen"]),
        ("sun.fei", .manager, "", ["sun.fei", "he.yan", "unowned"]),
        ("zhou.ting", .manager, "", all), ("he.yan", .viewer, "", all),
        ("he.yan", .admin, "", all),
        // Whom the directory does not know.
        ("ghost", .rep, "", all), ("he.yan", .rep, "&owner=sun.fei", []),
        ("li.na", .rep, "&team=east&owner=wang.li", ["wang.li"]),
      ]
      for (subject, role, query, expected) in rows {
        let seen = try await listed(api, subject, role, query: query)
        #expect(seen == expected, "\(subject) as \(role) \(query)")
      }
    }
  }

  @Test func pagesOfAScopeAreWhole() async throws {
    try await withDeals { api, _ in
      let token = try api.issuer.token(
        subject: "wang.li", roles: [.manager], expiresIn: .seconds(600))
      var seen: [String] = []
      var cursor = ""
      repeat {
        let page = try await api.send(
          .get, "/v1/opportunities?limit=1&cursor=\(cursor)", token: token)
        seen += page["items"].items.compactMap { $0["owner"].text }
        cursor = page["next"].text ?? ""
      } while !cursor.isEmpty
      #expect(seen.sorted() == ["chen.hao", "gu.wen", "li.na", "wang.li"])
    }
  }

  /// Scopes of a few owners and teams are asked otherwise than those of many.
  @Test(arguments: [0, DealScope.maximumBranches])
  func aScopeGoesWithEveryFilter(_ others: Int) async throws {
    try await withDeals { api, _ in
      let store = OpportunityStore(pool: api.pool)
      var everything = OpportunityFilter()
      everything.limit = 500
      let all = try await store.list(everything)
      var scope = DealScope(owners: ["li.na", "sun.fei"], teams: ["east", "east-1"])
      scope.owners.formUnion((0..<others).map { "nobody-\($0)" })
      func check(_ set: (inout OpportunityFilter) -> Void, _ keep: (Opportunity) -> Bool)
        async throws
      {
        var filter = everything
        filter.scope = scope
        set(&filter)
        let expected = all.filter { scope.contains(owner: $0.owner, team: $0.team) && keep($0) }
        let found = try await store.list(filter)
        #expect(found.map(\.id) == expected.prefix(filter.limit).map(\.id))
      }
      try await check({ _ in }, { _ in true })
      try await check({ $0.owner = "li.na" }, { $0.owner == "li.na" })
      try await check({ $0.owner = "he.yan" }, { _ in false })
      try await check({ $0.team = "east" }, { $0.team == "east" })
      try await check({ $0.pipeline = "general" }, { _ in true })
      try await check({ $0.stage = "won" }, { _ in false })
      try await check({ $0.status = .open }, { _ in true })
      try await check({ $0.text = "erp" }, { _ in true })
      try await check({ $0.text = "none" }, { _ in false })
      try await check({ $0.limit = 2 }, { _ in true })
      let second = all[1].id
      try await check({ $0.after = second }, { $0.id > second })
    }
  }

  @Test func whatIsOutsideIsNotThere() async throws {
    try await withDeals { api, deals in
      let rep = try api.issuer.token(subject: "he.yan", roles: [.rep], expiresIn: .seconds(600))
      let (own, others) = (try #require(deals["he.yan"]), try #require(deals["sun.fei"]))
      for path in ["", "/moves", "/history", "?asOf=2099-01-01T00:00:00Z"] {
        let mine = try await api.send(.get, "/v1/opportunities/\(own)\(path)", token: rep)
        #expect(mine.status == 200, "\(path)")
        let theirs = try await api.send(.get, "/v1/opportunities/\(others)\(path)", token: rep)
        #expect(theirs.status == 404 && theirs["code"] == "not-found", "\(path)")
      }
      for (path, body) in Self.commands {
        let answer = try await api.send(
          path.isEmpty ? .patch : .post, "/v1/opportunities/\(others)\(path)",
          bytes: Array(body.utf8), token: rep)
        #expect(answer.status == 404, "\(path)")
      }
      let feed = try await api.send(.get, "/v1/events", token: rep)
      #expect(feed.status == 403 && feed.codes == ["outside-scope"])
    }
  }

  private static let commands = [
    ("", #"{"name":"x"}"#), ("/moves", #"{"to":"needs-analysis"}"#), ("/win", "{}"),
    ("/lose", #"{"reason":"x"}"#), ("/reopen", "{}"), ("/revert", "{}"),
    ("/activities", #"{"kind":"call"}"#),
  ]

  @Test func whatMayOnlyBeReadIsNotChanged() async throws {
    try await withDeals { api, deals in
      let rep = try api.issuer.token(subject: "li.na", roles: [.rep], expiresIn: .seconds(600))
      let visible = try #require(deals["wang.li"])
      for (path, body) in Self.commands {
        let answer = try await api.send(
          path.isEmpty ? .patch : .post, "/v1/opportunities/\(visible)\(path)",
          bytes: Array(body.utf8), token: rep, headers: [.idempotencyKey: "k\(path)"])
        #expect(answer.status == 403 && answer.codes == ["outside-scope"], "\(path)")
      }
      let read = try await api.send(.get, "/v1/opportunities/\(visible)", token: rep)
      #expect(read.status == 200 && read["sequence"] == 1)
    }
  }

  @Test func ownDealsAndThoseBelowAreMoved() async throws {
    try await withDeals { api, deals in
      for (subject, role, owner) in [
        ("li.na", Role.rep, "li.na"), ("wang.li", .manager, "chen.hao"),
        ("zhou.ting", .manager, "unowned"), ("he.yan", .admin, "sun.fei"),
        ("ghost", .rep, "he.yan"),
      ] {
        let token = try api.issuer.token(subject: subject, roles: [role], expiresIn: .seconds(600))
        let answer = try await api.send(
          .post, "/v1/opportunities/\(try #require(deals[owner]))/moves",
          bytes: Array(#"{"to":"needs-analysis"}"#.utf8), token: token)
        #expect(answer.status == 200, "\(subject) as \(role): \(answer.body)")
      }
    }
  }

  @Test func aDealIsMadeForOneselfOrForThoseBelow() async throws {
    try await withDeals { api, _ in
      for (subject, role, owner, team, status) in [
        ("li.na", Role.rep, "li.na", "north", 201), ("li.na", .rep, "wang.li", "east", 403),
        ("li.na", .rep, "he.yan", "west", 403), ("wang.li", .manager, "gu.wen", "north", 201),
        ("wang.li", .manager, "ghost", "east", 201), ("wang.li", .manager, "he.yan", "west", 403),
        ("he.yan", .admin, "li.na", "east", 201), ("ghost", .rep, "li.na", "east", 201),
      ] {
        let token = try api.issuer.token(subject: subject, roles: [role], expiresIn: .seconds(600))
        let body = try JSONCoding.encode(
          API.deal(["owner": .string(owner), "team": .string(team)]))
        let answer = try await api.send(.post, "/v1/opportunities", bytes: body, token: token)
        #expect(answer.status == status, "\(subject) for \(owner): \(answer.body)")
        if status == 403 { #expect(answer.codes == ["outside-scope"]) }
      }
    }
  }

  @Test func whomTheStageNamesReadsAndMovesTheDeal() async throws {
    try await withDeals { api, _ in
      func stage(_ key: String, _ category: String = "open", decider: String? = nil) -> JSONValue {
        var members: [String: JSONValue] = [
          "key": .string(key), "name": ["zh": .string(key), "en": .string(key)],
          "category": .string(category), "entryCriteria": [], "exitCriteria": [],
          "requiredFields": [],
        ]
        if let decider { members["decider"] = .string(decider) }
        return .object(members)
      }
      let definition: JSONValue = [
        "name": ["zh": "评审", "en": "Reviewed"],
        "stages": [
          stage("review", decider: "person:he.yan"), stage("after"), stage("won", "won"),
          stage("lost", "lost"),
        ],
      ]
      let published = try await api.send(
        .post, "/v1/pipelines", ["key": "reviewed", "definition": definition], as: .admin)
      try #require(published.status == 201, "\(published.body)")
      let id = try await api.create(["pipeline": "reviewed"])
      let path = "/v1/opportunities/\(id)"
      let move = Array(#"{"to":"after"}"#.utf8)
      let owner = try await api.send(.post, "\(path)/moves", bytes: move)
      #expect(owner.status == 422 && owner.codes == ["not-the-decider"])
      let decider = try api.issuer.token(subject: "he.yan", roles: [.rep], expiresIn: .seconds(600))
      let read = try await api.send(.get, path, token: decider)
      #expect(read.status == 200)
      let patched = try await api.send(.patch, path, bytes: Array("{}".utf8), token: decider)
      #expect(patched.status == 403 && patched.codes == ["outside-scope"])
      let moved = try await api.send(.post, "\(path)/moves", bytes: move, token: decider)
      #expect(moved.status == 200, "\(moved.body)")
      let gone = try await api.send(.get, path, token: decider)
      #expect(gone.status == 404, "the deal has left the stage")
    }
  }

  @Test func bulkAndAccountsKeepToTheScope() async throws {
    try await withDeals { api, deals in
      let rep = try api.issuer.token(subject: "li.na", roles: [.rep], expiresIn: .seconds(600))
      let ids = try ["li.na", "wang.li", "he.yan"].map { try #require(deals[$0]) }
      let body: JSONValue = [
        "operation": "patch", "ids": .array(ids.map(JSONValue.string)), "name": "renamed",
      ]
      let bulk = try await api.send(
        .post, "/v1/opportunities:bulk", bytes: try JSONCoding.encode(body), token: rep)
      #expect(bulk.status == 200, "\(bulk.body)")
      let results = bulk["items"].items
      #expect(results.map { $0["outcome"] } == ["accepted", "refused", "refused"])
      #expect(results[1]["errors"].items.map { $0["code"] } == ["outside-scope"])
      #expect(results[2]["errors"].items.map { $0["code"] } == ["not-found"])

      let new = try await api.send(
        .post, "/v1/opportunities",
        API.deal(["owner": "he.yan", "team": "west", "account": ["name": "西部重工"]]), as: .admin)
      #expect(new.status == 201)
      func accounts(_ subject: String, _ role: Role, _ query: String = "") async throws
        -> [JSONValue]
      {
        let token = try api.issuer.token(subject: subject, roles: [role], expiresIn: .seconds(600))
        return try await api.send(.get, "/v1/accounts?limit=50\(query)", token: token)["items"]
          .items
      }
      let mine = try await accounts("li.na", .rep)
      #expect(mine.map { $0["name"] } == ["华东机械"] && mine[0]["deals"] == 2)
      let theirs = try await accounts("he.yan", .rep)
      #expect(theirs.map { $0["name"] } == ["华东机械", "西部重工"])
      #expect(theirs.map { $0["openDeals"] } == [1, 1])
      let found = try await accounts("he.yan", .rep, "&q=%E8%A5%BF%E9%83%A8")
      #expect(found.map { $0["name"] } == ["西部重工"])
      let all = try await accounts("he.yan", .viewer)
      #expect(all.map { $0["deals"] } == [8, 1])
    }
  }

  @Test func whoHasLeftIsRefusedEverything() async throws {
    try await withDeals { api, _ in
      try await api.pool.execute("DELETE FROM opportunities WHERE owner = 'gu.wen'")
      let left = try await api.send(.post, "/v1/people/gu.wen/deactivate", as: .admin)
      #expect(left.status == 200)
      let token = try api.issuer.token(
        subject: "gu.wen", roles: [.rep, .admin], expiresIn: .seconds(600))
      for path in [
        "opportunities", "events", "people", "pipelines", "pipelines/general",
        "pipelines/general/drafts", "templates", "definition-schema", "service-accounts",
      ] {
        let answer = try await api.send(.get, "/v1/\(path)", token: token)
        #expect(answer.status == 403 && answer.codes == ["person-inactive"], "\(path)")
      }
    }
  }

  @Test func deadlinesFollowTheDirectory() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      try await api.putStaff()
      let pipeline = try await api.get("/v1/pipelines/general")
      let entry = try #require(pipeline["definition"]["stages"].items.first)
      let days = try #require(entry["followUpDays"].numeric)
      let answer = try await api.send(.post, "/v1/opportunities", API.deal(["owner": "li.na"]))
      let made = try #require(answer["createdAt"].text.flatMap { Instant($0) })
      let due = try #require(answer["followUpDueAt"].text.flatMap { Instant($0) })
      let working = try #require(Staff.directory.workingTime(of: "li.na"))
      #expect(due == working.deadline(from: made, days: days))
    }
  }
}
