import Contracts
import Foundation
import ServiceKit
import TestSupport
import Testing

@testable import ActivityIngest

/// Whom the directory binds sees, and decides on, what concerns the deals in scope.
@Suite struct ScopeRouteTests {
  /// The organisation of ``Staff`` with a deal of each of these, all in the stage `proposal`; by owner.
  /// li.na's and he.yan's know the same customer. `closed` is a lost one of li.na's.
  private func withStaff(
    definition: PipelineDefinition = Ladder.definition,
    _ body: @Sendable (API, [String: EntityID]) async throws -> Void
  ) async throws {
    try await withAPI(readyMade: false) { api in
      try await Staff.fill(api.bench.pool)
      var published = Ladder.published
      published.definition = definition
      try await api.bench.publish(published)
      var deals: [String: EntityID] = [:]
      func make(_ name: String, _ owner: String, _ fields: [String: JSONValue]) async throws {
        var deal = History(UInt64(deals.count + 1))
        deal.owner = owner
        deal.team = Staff.people.first { $0.id == owner }?.teamId
        deal.create(fields: fields)
        if name == "closed" { deal.move(to: "lost") }
        try await api.bench.apply(deal.events)
        deals[name] = deal.id
      }
      for owner in ["li.na", "he.yan"] {
        try await make(owner, owner, ["contactEmail": "buyer@acme.cn"])
      }
      for owner in ["wang.li", "chen.hao"] { try await make(owner, owner, [:]) }
      try await make("closed", "li.na", ["contactEmail": "old@acme.cn"])
      try await body(api, deals)
    }
  }

  private static let readers: [(person: String, role: Role, deals: Set<String>)] = [
    ("li.na", .rep, ["li.na", "wang.li"]), ("he.yan", .rep, ["he.yan"]),
    ("chen.hao", .rep, ["chen.hao"]), ("gu.wen", .rep, []),
    ("wang.li", .manager, ["li.na", "wang.li", "chen.hao"]), ("sun.fei", .manager, ["he.yan"]),
    ("zhou.ting", .manager, ["li.na", "he.yan", "wang.li", "chen.hao"]),
    ("he.yan", .viewer, ["li.na", "he.yan", "wang.li", "chen.hao"]),
    ("he.yan", .admin, ["li.na", "he.yan", "wang.li", "chen.hao"]),
    ("ghost", .rep, ["li.na", "he.yan", "wang.li", "chen.hao"]),
  ]

  /// A waiting proposal for each deal; their paths by owner.
  private func propose(_ api: API, _ deals: [String: EntityID]) async throws -> [String: String] {
    let open = deals.filter { $0.key != "closed" }.sorted { $0.key < $1.key }
    for (owner, id) in open { try await api.bench.observe(.mail(owner, "wombat", deal: id)) }
    return try await Dictionary(
      uniqueKeysWithValues: api.bench.proposals().map { proposal in
        (
          try #require(open.first { $0.value == proposal.opportunityID }?.key),
          "/v1/proposals/\(proposal.id)"
        )
      })
  }

  @Test func proposalsAreThoseOfTheDealsInScope() async throws {
    try await withStaff { api, deals in
      let paths = try await propose(api, deals)
      #expect(paths.count == 4)
      for (person, role, seen) in Self.readers {
        let list = try await api.by(person).get("/v1/proposals", as: role)
        #expect(
          Set(list["items"].items.compactMap { $0["owner"].text }) == seen, "\(role) \(person)")
        for (owner, path) in paths {
          let answer = try await api.by(person).get(path, as: role)
          #expect(answer.status == (seen.contains(owner) ? 200 : 404), "\(role) \(person) \(owner)")
        }
      }
      let others = try await api.by("he.yan").get("/v1/proposals?owner=li.na", as: .rep)
      #expect(others.status == 200 && others["items"] == [])
    }
  }

  @Test func proposalsAreDecidedByWhoMayMoveTheDeal() async throws {
    try await withStaff { api, deals in
      let paths = try await propose(api, deals)
      let path = try #require(paths["li.na"])
      for decision in ["confirm", "reject"] {
        for person in ["he.yan", "chen.hao"] {
          #expect(try await api.by(person).post("\(path)/\(decision)").status == 404)
        }
        #expect(try await api.by("sun.fei").post("\(path)/\(decision)", as: .manager).status == 404)
        // The team's deals may be looked at.
        let mate = try await api.by("wang.li").post("\(path)/\(decision)")
        #expect(mate.status == 403 && mate.codes == ["outside-scope"])
        #expect(try await api.by("li.na").post("\(path)/\(decision)", as: .viewer).status == 403)
      }
      #expect(try await api.bench.proposals().allSatisfy { $0.status == .waiting })
      #expect(try await api.outbox(.stageCommands).isEmpty)
      #expect(try await api.by("li.na").post("\(path)/confirm")["status"] == "sent")
      let below = try #require(paths["chen.hao"])
      #expect(
        try await api.by("wang.li").post("\(below)/reject", as: .manager)["status"] == "rejected")
      let unknown = try #require(paths["he.yan"])
      #expect(try await api.by("ghost").post("\(unknown)/confirm")["status"] == "sent")
      // The move is under way: to reject it is to take it back.
      #expect(try await api.by("li.na").post("\(path)/reject")["rejectRequested"] == true)
    }
  }

  /// Whom the stage names decides on moves out of it, but takes none back.
  @Test func theStagesDeciderDecidesOnProposals() async throws {
    var definition = Ladder.definition
    let index = try #require(definition.position(of: "proposal"))
    definition.stages[index].decider = .role("legal")
    try await withStaff(definition: definition) { api, deals in
      let legal = Staff.person("he.yan", team: "west") { $0.roles = ["legal"] }
      try await Staff.put(legal, in: api.bench.pool)
      let path = try #require(try await propose(api, deals)["li.na"])
      let caller = api.by("he.yan")
      let list = try await caller.get("/v1/proposals", as: .rep)
      #expect(list["items"].items.map { $0["owner"] } == ["he.yan"])
      #expect(try await caller.get(path, as: .rep).status == 200)
      #expect(try await caller.post("\(path)/confirm")["status"] == "sent")
      let taken = try await caller.post("\(path)/reject")
      #expect(taken.status == 403 && taken.codes == ["outside-scope"])
    }
  }

  /// Activities that belong to no deal: `stray` means none, `several` li.na's or he.yan's, `closed` none
  /// that is open.
  private func lose(_ api: API) async throws -> [String: String] {
    try await api.bench.observe(
      .mail("stray"), .mail("several", email: "buyer@acme.cn"),
      .mail("closed", email: "old@acme.cn"))
    return try await Dictionary(
      uniqueKeysWithValues: api.bench.unmatched().map {
        ($0.activity.id, "/v1/unmatched/\($0.activity.key)")
      })
  }

  @Test func unmatchedActivitiesAreForWhomTheyMayMean() async throws {
    try await withStaff { api, _ in
      #expect(try await lose(api).count == 3)
      let readers: [(person: String, role: Role, ids: Set<String>)] = [
        ("li.na", .rep, ["several", "closed"]), ("he.yan", .rep, ["several"]),
        ("chen.hao", .rep, []), ("wang.li", .rep, ["several", "closed"]),
        ("wang.li", .manager, ["stray", "several", "closed"]),
        ("sun.fei", .manager, ["stray", "several"]), ("gu.wen", .manager, ["stray"]),
        ("gu.wen", .viewer, ["stray", "several", "closed"]),
        ("gu.wen", .admin, ["stray", "several", "closed"]),
        ("ghost", .rep, ["stray", "several", "closed"]),
      ]
      for (person, role, ids) in readers {
        let list = try await api.by(person).get("/v1/unmatched", as: role)
        let found = list["items"].items.compactMap { $0["activity"]["id"].text }
        #expect(Set(found) == ids, "\(role) \(person)")
        for id in ["stray", "several", "closed"] {
          let answer = try await api.by(person).get(
            "/v1/activities?source=/mail&id=\(id)", as: role)
          #expect(answer.status == (ids.contains(id) ? 200 : 404), "\(role) \(person) \(id)")
        }
      }
    }
  }

  @Test func unmatchedActivitiesGoToOwnDeals() async throws {
    try await withStaff { api, deals in
      let paths = try await lose(api)
      func assign(_ activity: String, to deal: String, by person: String, as role: Role = .rep)
        async throws -> API.Answer
      {
        let id = try #require(deals[deal])
        return try await api.by(person).post(
          "\(try #require(paths[activity]))/assign", ["opportunityId": .string(id.description)],
          as: role)
      }
      let hidden = try await assign("several", to: "he.yan", by: "li.na")
      #expect(hidden.status == 422 && hidden.codes == ["no-such-opportunity"])
      let mate = try await assign("several", to: "wang.li", by: "li.na")
      #expect(mate.status == 403 && mate.codes == ["outside-scope"])
      #expect(try await assign("several", to: "chen.hao", by: "chen.hao").status == 404)
      #expect(try await assign("stray", to: "li.na", by: "li.na").status == 404)
      // It may mean a deal of the team's, which may be looked at only.
      let seen = try await assign("closed", to: "wang.li", by: "wang.li")
      #expect(seen.status == 403 && seen.codes == ["outside-scope"])
      #expect(try await api.bench.unmatched().count == 3)
      #expect(try await assign("several", to: "li.na", by: "li.na")["state"] == "matched")
      // Settled as it is, it is he.yan's no more.
      #expect(try await assign("several", to: "he.yan", by: "he.yan").status == 404)
      let stray = try await assign("stray", to: "chen.hao", by: "wang.li", as: .manager)
      #expect(stray["decidedBy"] == "wang.li")
    }
  }

  @Test func unmatchedActivitiesAreDismissedByWhoMaySettleThem() async throws {
    try await withStaff { api, _ in
      let paths = try await lose(api)
      func dismiss(_ activity: String, by person: String, as role: Role = .rep) async throws
        -> API.Answer
      {
        try await api.by(person).post("\(try #require(paths[activity]))/dismiss", as: role)
      }
      #expect(try await dismiss("closed", by: "he.yan").status == 404)
      #expect(try await dismiss("stray", by: "li.na").status == 404)
      let mate = try await dismiss("closed", by: "wang.li")
      #expect(mate.status == 403 && mate.codes == ["outside-scope"])
      #expect(try await dismiss("closed", by: "sun.fei", as: .manager).status == 404)
      #expect(try await api.bench.unmatched().count == 3)
      #expect(try await dismiss("closed", by: "li.na")["state"] == "dismissed")
      #expect(try await dismiss("closed", by: "li.na").status == 200)
      #expect(try await dismiss("closed", by: "he.yan").status == 404)
      #expect(try await dismiss("stray", by: "sun.fei", as: .manager)["state"] == "dismissed")
      #expect(try await dismiss("several", by: "ghost")["state"] == "dismissed")
    }
  }

  @Test func whereAnActivityStandsIsForWhoSeesItsDeal() async throws {
    try await withStaff { api, deals in
      try await api.bench.observe(.mail("1", "wombat", deal: deals["li.na"]))
      let path = "/v1/activities?source=/mail&id=1"
      for (person, role) in [
        ("li.na", .rep), ("wang.li", .rep), ("zhou.ting", .manager), ("he.yan", .viewer),
        ("he.yan", .publisher), ("ghost", .rep),
      ] as [(String, Role)] {
        let answer = try await api.by(person).get(path, as: role)
        #expect(answer.status == 200 && answer["proposals"].items.count == 1, "\(role) \(person)")
      }
      for (person, role) in [("he.yan", .rep), ("sun.fei", .manager)] as [(String, Role)] {
        #expect(try await api.by(person).get(path, as: role).status == 404, "\(role) \(person)")
      }
    }
  }

  /// What people say of a deal may move it, so that it must be theirs.
  @Test func peopleReportOnTheirDealsOnly() async throws {
    try await withStaff { api, deals in
      func event(_ id: String, _ data: [String: JSONValue]) -> JSONValue {
        API.event(id, data: .object(data.merging(["kind": "email"]) { $1 }))
      }
      func on(_ deal: String) throws -> JSONValue {
        event(deal, ["opportunityId": .string(try #require(deals[deal]).description)])
      }
      let refused: [(String, Role, JSONValue)] = [
        ("li.na", .rep, try on("he.yan")), ("wang.li", .rep, try on("li.na")),
        ("sun.fei", .manager, try on("li.na")),
        ("li.na", .rep, event("1", ["opportunityId": .string(History(9).id.description)])),
        ("li.na", .rep, event("2", ["externalId": "none"])), ("li.na", .rep, event("3", [:])),
        ("li.na", .rep, event("4", ["contact": ["email": "buyer@acme.cn"]])),
        ("li.na", .rep, event("5", ["contact": ["email": "nobody@acme.cn"]])),
      ]
      var details: Set<String> = []
      for (person, role, event) in refused {
        let answer = try await api.by(person).publish(event, as: role)
        #expect(answer.status == 403 && answer.codes == ["outside-scope"], "\(person) \(event)")
        details.insert(answer["detail"].text ?? "")
      }
      #expect(details.count == 1, "whether the deal is somebody else's is not told")
      let batch = try await api.by("li.na").publish(
        batch: [try on("li.na"), try on("he.yan"), try on("closed"), event("6", [:])], as: .rep)
      #expect(batch.status == 403 && batch.pointers == ["/1", "/3"])
      #expect(try await api.outbox(.activities).isEmpty)

      for (person, role, event) in [
        ("li.na", .rep, try on("li.na")), ("wang.li", .manager, try on("chen.hao")),
        ("he.yan", .publisher, try on("wang.li")), ("he.yan", .admin, event("7", [:])),
        ("ghost", .rep, event("8", [:])),
      ] as [(String, Role, JSONValue)] {
        let answer = try await api.by(person).publish(event, as: role)
        #expect(answer.status == 202, "\(role) \(person)")
      }
      #expect(try await api.outbox(.activities).count == 5)
    }
  }

  /// A rule moves the deals of all teams.
  @Test func rulesAreForWhoReachesAllDeals() async throws {
    try await withStaff { api, _ in
      let rule: JSONValue = [
        "key": "found", "name": ["zh": "找到", "en": "Found"], "intent": "found",
        "keywords": ["found"], "mode": "hint", "transitions": [["to": "next"]], "confidence": 0.9,
      ]
      let manager = try await api.by("zhou.ting").post("/v1/rules", rule, as: .manager)
      #expect(manager.status == 403 && manager.codes == ["outside-scope"])
      #expect(try await api.by("zhou.ting").post("/v1/rules", rule, as: .admin).status == 201)
      #expect(try await api.by("ghost").post("/v1/rules", rule, as: .manager).status == 200)
      let rep = api.by("li.na")
      #expect(try await rep.get("/v1/rules/found", as: .rep).status == 200)
      let samples: JSONValue = ["texts": [["text": "found it"]]]
      let trial = try await rep.post("/v1/rules/found/dry-run", samples)
      #expect(trial["items"].items[0]["matches"].items.count == 1)
    }
  }

  @Test func whoHasLeftDoesNothing() async throws {
    try await withStaff { api, deals in
      let paths = try await propose(api, deals)
      try await Staff.put(
        Staff.person("li.na", team: "east") { $0.active = false }, in: api.bench.pool)
      for path in [
        "/v1/proposals", try #require(paths["li.na"]), "/v1/unmatched", "/v1/rules",
        "/v1/activities?source=/mail&id=li.na",
      ] {
        let answer = try await api.get(path, as: .rep)
        #expect(answer.status == 403 && answer.codes == ["person-inactive"], "\(path)")
      }
      let confirmed = try await api.post("\(try #require(paths["li.na"]))/confirm")
      #expect(confirmed.status == 403 && confirmed.codes == ["person-inactive"])
      #expect(try await api.publish(API.event("1"), as: .rep).codes == ["person-inactive"])
    }
  }
}
