import Contracts
import HTTPTypes
import ServiceKit
import TestSupport
import Testing

@testable import Notifier

/// Whom the directory binds sees the deadlines of the deals in scope, and the webhooks that are theirs.
@Suite struct ScopeRouteTests {
  /// A deal of each of these people of ``Staff``, and one of the team west that nobody owns.
  private static let events: [StageEvent] =
    ["li.na", "wang.li", "chen.hao", "he.yan", nil].enumerated().map { number, owner in
      var story = Story(number + 1)
      story.owner = owner
      story.team = owner == nil ? "west" : Staff.people.first { $0.id == owner }?.teamId
      return story.create()
    }

  private func withStaff(_ body: @Sendable (API) async throws -> Void) async throws {
    try await withAPI { api in
      try await Staff.fill(api.pool)
      try await body(api)
    }
  }

  @Test func followUpsAreThoseOfTheDealsInScope() async throws {
    try await withStaff { api in
      try await api.pool.read(Self.events)
      let all = ["chen.hao", "he.yan", "li.na", "nobody", "wang.li"]
      for (person, role, owners) in [
        ("li.na", .rep, ["li.na", "wang.li"]), ("he.yan", .rep, ["he.yan"]),
        ("gu.wen", .rep, []), ("wang.li", .manager, ["chen.hao", "li.na", "wang.li"]),
        ("sun.fei", .manager, ["he.yan", "nobody"]), ("zhou.ting", .manager, all),
        ("he.yan", .viewer, all), ("he.yan", .admin, all), ("ghost", .rep, all),
      ] as [(String, Role, [String])] {
        let answer = try await api.by(person).get("/v1/follow-ups", as: role)
        let found = answer["items"].items.map { $0["owner"].text ?? "nobody" }
        #expect(found.sorted() == owners, "\(role) \(person)")
      }
      let others = try await api.by("he.yan").get("/v1/follow-ups?owner=li.na", as: .rep)
      #expect(others.status == 200 && others["items"] == .array([]))
      let pages = try await api.by("sun.fei").get("/v1/follow-ups?limit=1")
      let next = try #require(pages["next"].text)
      let rest = try await api.by("sun.fei").get("/v1/follow-ups?limit=1&cursor=\(next)")
      #expect(rest["items"].items.count == 1 && rest["next"] == .null)
    }
  }

  /// Subscriptions of wang.li, sun.fei and zhou.ting, and one that he.yan made as an admin; by person.
  private func subscribe(_ api: API) async throws -> [String: String] {
    var ids: [String: String] = [:]
    for person in ["wang.li", "sun.fei", "zhou.ting"] {
      ids[person] = try await api.by(person).subscribe()
    }
    ids["he.yan"] = try await api.by("he.yan").subscribe(as: .admin)
    return ids
  }

  private static let handlers: [(person: String, role: Role, people: Set<String>)] = [
    ("wang.li", .manager, ["wang.li"]), ("sun.fei", .manager, ["sun.fei"]),
    // Whoever made it as an admin is below; what it hears of is not.
    ("zhou.ting", .manager, ["zhou.ting", "wang.li", "sun.fei"]), ("li.na", .manager, []),
    ("he.yan", .admin, ["wang.li", "sun.fei", "zhou.ting", "he.yan"]),
    ("ghost", .manager, ["wang.li", "sun.fei", "zhou.ting", "he.yan"]),
  ]

  @Test func subscriptionsAreHandledByWhoseTheyAre() async throws {
    try await withStaff { api in
      let ids = try await subscribe(api)
      for (person, role, people) in Self.handlers {
        let caller = api.by(person)
        let list = try await caller.get("/v1/subscriptions", as: role)
        #expect(
          Set(list["items"].items.compactMap { $0["id"].text }) == Set(people.map { ids[$0]! }),
          "\(role) \(person)")
        for (owner, id) in ids {
          let path = "/v1/subscriptions/\(id)"
          let status = people.contains(owner) ? 200 : 404
          let read = try await caller.get(path, as: role)
          #expect(read.status == status, "\(role) \(person) \(owner)")
          if status == 200 {
            #expect(read["boundTo"] == (owner == "he.yan" ? .null : .string(owner)))
          }
          let patched = try await caller.send(.patch, path, #"{"description":"x"}"#, as: role)
          #expect(patched.status == status)
          let rotated = try await caller.send(.post, "\(path)/rotate-secret", as: role)
          #expect(rotated.status == status)
          let tested = try await caller.send(.post, "\(path)/test", as: role)
          #expect(tested.status == (status == 200 ? 202 : 404))
          if status == 404 {
            #expect(try await caller.send(.delete, path, as: role).status == 404)
          }
        }
      }
      let path = "/v1/subscriptions/\(try #require(ids["wang.li"]))"
      #expect(try await api.by("zhou.ting").send(.delete, path).status == 204)
    }
  }

  @Test func deliveriesAreThoseOfOnesSubscriptions() async throws {
    try await withStaff { api in
      let ids = try await subscribe(api)
      // li.na's deal is of interest to all but sun.fei.
      try await api.pool.read([Self.events[0]])
      let admin = try await api.get("/v1/deliveries", as: .admin)
      let deliveries = admin["items"].items
      #expect(deliveries.count == 3)
      for (person, role, people) in Self.handlers {
        let caller = api.by(person)
        let seen = Set(people.map { ids[$0]! })
        let list = try await caller.get("/v1/deliveries", as: role)
        let expected = deliveries.filter { seen.contains($0["subscriptionId"].text ?? "") }
        #expect(list["items"].items == expected, "\(role) \(person)")
        for delivery in deliveries {
          let path = "/v1/deliveries/\(delivery["id"].text ?? "")"
          let isSeen = expected.contains(delivery)
          #expect(try await caller.get(path, as: role).status == (isSeen ? 200 : 404))
          let retried = try await caller.send(.post, "\(path)/retry", as: role)
          #expect(retried.status == (isSeen ? 202 : 404), "\(role) \(person)")
        }
      }
    }
  }

  @Test func whoHasLeftHandlesNothing() async throws {
    try await withStaff { api in
      let ids = try await subscribe(api)
      try await Staff.put(
        Staff.person("wang.li", team: "east") { $0.active = false }, in: api.pool)
      for path in [
        "/v1/subscriptions", "/v1/subscriptions/\(try #require(ids["wang.li"]))",
        "/v1/deliveries", "/v1/follow-ups",
      ] {
        let answer = try await api.by("wang.li").get(path)
        #expect(answer.status == 403 && answer.refused == ["person-inactive /"], "\(path)")
      }
      // Whoever is above takes it over.
      let path = "/v1/subscriptions/\(try #require(ids["wang.li"]))"
      #expect(try await api.by("zhou.ting").send(.delete, path).status == 204)
    }
  }
}
