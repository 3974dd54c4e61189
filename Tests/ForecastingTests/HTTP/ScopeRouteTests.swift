import Contracts
import HTTPTypes
import ServiceKit
import TestSupport
import Testing

@testable import Forecasting

/// Whom the directory binds sees what comes of the deals in scope, and nothing else.
@Suite struct ScopeRouteTests {
  /// Deals of the organisation of ``Staff``: one of li.na that has advanced, one each of wang.li,
  /// chen.hao and he.yan, and one that li.na has handed over to he.yan.
  private static let histories: [History] = {
    var histories = ["li.na", "wang.li", "chen.hao", "he.yan", "li.na"].enumerated().map {
      number, owner in
      var history = History(number + 1)
      history.owner = owner
      history.team = Staff.people.first { $0.id == owner }?.teamId
      history.create()
      return history
    }
    histories[0].move(to: "offer", afterDays: 2)
    histories[4].change {
      $0.owner = "he.yan"
      $0.team = "west"
    }
    return histories
  }()

  private func withStaff(_ body: @Sendable (API) async throws -> Void) async throws {
    try await withAPI { api in
      try await Staff.fill(api.pool)
      try await api.pool.publish(Ladder.published)
      try await api.pool.project(Self.histories.flatMap(\.events))
      try await body(api)
    }
  }

  /// Who asks, and what there is of the stage `lead` (deals, entries) and in `offer`.
  private static let funnels: [(person: String, role: Role, lead: [Int64], offer: Int64)] = [
    ("li.na", .rep, [1, 3], 1), ("he.yan", .rep, [2, 1], 0), ("chen.hao", .rep, [1, 1], 0),
    ("gu.wen", .rep, [0, 0], 0), ("wang.li", .manager, [2, 4], 1),
    ("sun.fei", .manager, [2, 1], 0), ("zhou.ting", .manager, [4, 5], 1),
    ("he.yan", .viewer, [4, 5], 1), ("he.yan", .admin, [4, 5], 1), ("ghost", .rep, [4, 5], 1),
    ("ghost", .manager, [4, 5], 1),
  ]

  @Test func theFunnelCoversTheDealsInScope() async throws {
    try await withStaff { api in
      for (person, role, lead, offer) in Self.funnels {
        let token = try api.token(role, of: person)
        // Out of the sums, and out of the events.
        for query in ["", "?asOf=\(API.now)"] {
          let stages = try await api.request("/v1/funnel\(query)", token: token)["stages"].items
          #expect(
            [stages[0]["count"], stages[0]["entered"]] == lead.map { .integer($0) },
            "\(role) \(person) \(query)")
          #expect(stages[1]["count"] == .integer(offer), "\(role) \(person) \(query)")
          #expect((stages[0]["oldestDays"] == .null) == (lead[0] == 0))
        }
      }
    }
  }

  /// Owner and team are those of the time: the deal was li.na's before it was handed over.
  @Test func theScopeIsThatOfTheTime() async throws {
    try await withStaff { api in
      let then = History.start.adding(days: 0.5)
      for (person, count) in [("li.na", 3), ("he.yan", 1)] as [(String, Int64)] {
        let answer = try await api.request(
          "/v1/funnel?asOf=\(then)", token: api.token(.rep, of: person))
        #expect(answer["stages"].items[0]["count"] == .integer(count), "\(person)")
      }
    }
  }

  @Test func whatIsAskedOfOthersIsEmpty() async throws {
    try await withStaff { api in
      let rep = try api.token(.rep, of: "he.yan")
      for query in ["owner=li.na", "team=east", "owner=li.na&team=west"] {
        for time in ["", "&asOf=\(API.now)"] {
          let answer = try await api.request("/v1/funnel?\(query)\(time)", token: rep)
          #expect(answer.status == .ok)
          #expect(
            answer["stages"].items.allSatisfy { $0["count"] == 0 && $0["entered"] == 0 }, "\(query)"
          )
        }
      }
      let own = try await api.request("/v1/funnel?owner=he.yan", token: rep)
      #expect(own["stages"].items[0]["count"] == 2)
    }
  }

  /// Every figure, as it is now, and of a time.
  private static let figures = [
    "/v1/funnel?", "/v1/transitions?", "/v1/conversion?", "/v1/conversion?stage=lead",
    "/v1/conversion?mode=cohort", "/v1/dwell?stage=lead", "/v1/amounts?", "/v1/bottlenecks?",
    "/v1/forgotten?", "/v1/people?", "/v1/velocity?", "/v1/feedback?",
    "/v1/before-after?at=2026-03-05",
  ].flatMap { path in
    ["", "&asOf=\(API.now)", "&knownAt=\(API.now)", "&from=2026-03-02T00:00:00Z"].map { path + $0 }
      .filter { !$0.contains("before-after") || !$0.contains("from=") }
  }

  /// Deals that each stay with one person: won, lost, open, one that was on hold.
  private static let settled: [String: History] = {
    var histories: [String: History] = [:]
    for (number, owner) in ["li.na", "wang.li", "chen.hao", "he.yan", "sun.fei"].enumerated() {
      var history = History(number + 1)
      history.owner = owner
      history.team = Staff.people.first { $0.id == owner }?.teamId
      history.amount = Money(minor: Int64(number + 1) * 700, currency: "CNY")
      history.followUpDueAt = History.start.adding(days: 1)
      history.create()
      history.change("feedback.lead", to: .object(["score": .integer(Int64(number + 1))]))
      if number != 3 { history.move(to: "offer", afterDays: Double(number + 1) / 2) }
      if number == 2 { history.hold(true) }
      if let end = ["won", "lost", nil, nil, "won"][number] { history.move(to: end, afterDays: 2) }
      histories[owner] = history
    }
    return histories
  }()

  private static func answers(
    of owners: [String], to person: String, _ role: Role
  ) async throws -> [String: JSONValue] {
    try await withAPI { api in
      try await Staff.fill(api.pool)
      try await api.pool.publish(Ladder.published)
      try await api.pool.project(owners.flatMap { settled[$0]?.events ?? [] })
      var answers: [String: JSONValue] = [:]
      for path in figures {
        let answer = try await api.request(path, token: api.token(role, of: person))
        #expect(answer.status == .ok, "\(path)")
        answers[path] = answer.body
      }
      return answers
    }
  }

  /// Whoever is bound gets of all deals what everybody would get if there were only those in scope.
  @Test(arguments: [
    ("li.na", Role.rep, ["li.na", "wang.li"]), ("he.yan", .rep, ["he.yan"]),
    ("wang.li", .manager, ["li.na", "wang.li", "chen.hao"]), ("gu.wen", .rep, []),
  ])
  func everyFigureIsOfTheDealsInScope(_ person: String, _ role: Role, _ own: [String]) async throws
  {
    let all = Self.settled.keys.sorted()
    let scoped = try await Self.answers(of: all, to: person, role)
    let alone = try await Self.answers(of: own, to: "ghost", .viewer)
    let everything = try await Self.answers(of: all, to: "ghost", .viewer)
    #expect(Self.figures.filter { scoped[$0] != alone[$0] } == [])
    #expect(Self.figures.filter { scoped[$0] == everything[$0] } == [])
  }

  @Test func aTimelineOutsideTheScopeIsNotThere() async throws {
    try await withStaff { api in
      let readers: [[(String, Role)]] = [
        [("li.na", .rep), ("wang.li", .rep), ("wang.li", .manager), ("zhou.ting", .manager)],
        [("he.yan", .rep), ("sun.fei", .manager), ("zhou.ting", .manager)],
      ]
      let others: [[(String, Role)]] = [
        [("he.yan", .rep), ("chen.hao", .rep), ("zhou.ting", .rep), ("sun.fei", .manager)],
        [("li.na", .rep), ("wang.li", .manager), ("sun.fei", .rep)],
      ]
      let everybody: [(String, Role)] = [("he.yan", .viewer), ("gu.wen", .admin), ("ghost", .rep)]
      for (index, history) in [Self.histories[0], Self.histories[4]].enumerated() {
        let path = "/v1/opportunities/\(history.id)/timeline"
        for (person, role) in readers[index] + everybody {
          let answer = try await api.request(path, token: api.token(role, of: person))
          #expect(answer.status == .ok, "\(role) \(person) \(index)")
        }
        for (person, role) in others[index] {
          let answer = try await api.request(path, token: api.token(role, of: person))
          #expect(answer.status == .notFound && answer["code"] == "not-found")
          let unknown = try await api.request(
            "/v1/opportunities/\(History(99).id)/timeline", token: api.token(role, of: person))
          #expect(unknown["title"] == answer["title"])
        }
      }
    }
  }

  @Test func whoHasLeftReadsNothing() async throws {
    try await withStaff { api in
      try await Staff.put(Staff.person("li.na", team: "east") { $0.active = false }, in: api.pool)
      let timeline = "/v1/opportunities/\(Self.histories[0].id)/timeline"
      for path in Self.figures + [timeline] {
        for role in [Role.rep, .manager, .viewer, .admin] {
          let answer = try await api.request(path, token: api.token(role, of: "li.na"))
          #expect(answer.status == .forbidden)
          #expect(answer["errors"].items.map { $0["code"] } == ["person-inactive"])
        }
      }
    }
  }
}
