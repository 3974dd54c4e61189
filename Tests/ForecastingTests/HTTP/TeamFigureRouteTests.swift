import Contracts
import HTTPTypes
import HummingbirdTesting
import NIOCore
import ServiceKit
import Testing

@testable import Forecasting

/// Forgotten deals, people, velocity and before and after, over HTTP.
@Suite struct TeamFigureRouteTests {
  private static let paths = [
    "/v1/forgotten", "/v1/people", "/v1/velocity", "/v1/feedback",
    "/v1/before-after?at=2026-03-07",
  ]

  /// A won deal, a lost one, and an open one whose deadline has passed.
  private static func fill(_ api: API) async throws {
    try await api.pool.publish(Ladder.published)
    var won = History(1)
    won.create()
    won.move(to: "won", afterDays: 3)
    var lost = History(2)
    lost.create()
    lost.move(to: "lost", afterDays: 6)
    var open = History(3)
    open.followUpDueAt = History.start.adding(days: 2)
    open.create()
    try await api.pool.project(won.events + lost.events + open.events)
  }

  @Test func theySayHowFreshTheyAreAndWhat() async throws {
    try await withAPI { api in
      try await Self.fill(api)
      for path in Self.paths {
        let answer = try await api.request(path)
        #expect(answer.status == .ok, "\(path)")
        #expect(answer["pipeline"] == "software" && answer["asOf"].text == API.now.description)
        #expect(answer["freshness"] == .object(["lagSeconds": 1.5, "behind": 7]))
        for language in ["zh", "en"] {
          #expect(answer["about"][language].text?.isEmpty == false, "\(path)")
        }
      }
    }
  }

  @Test func theForgottenRateHasItsTarget() async throws {
    try await withAPI { api in
      try await Self.fill(api)
      let answer = try await api.request("/v1/forgotten?interval=day&from=2026-03-03T12:00:00Z")
      #expect(answer["interval"] == "day" && answer["target"] == 0.05)
      #expect(answer["points"].items.count == 10)
      let first = answer["points"].items[0]
      #expect(first["start"] == "2026-03-03" && first["at"] == "2026-03-03T23:59:59.999999Z")
      #expect(first["open"] == 3 && first["forgotten"] == 0 && first["isOnTarget"] == true)
      #expect(answer["latest"]["at"].text == API.now.description)
      #expect(answer["latest"]["rate"] == 1 && answer["latest"]["isOnTarget"] == false)
      let lax = try await api.request("/v1/forgotten?target=1")
      #expect(
        lax["latest"]["isOnTarget"] == true && lax["about"]["en"].text?.contains("100.0%") == true)
      let wrong = try await api.request("/v1/forgotten?interval=year&target=2")
      #expect(wrong.status == .badRequest && wrong.refusedFields == ["interval", "target"])
      let long = try await api.request("/v1/forgotten?interval=day&from=2020-01-01T00:00:00Z")
      #expect(long.status == .badRequest && long.refusedFields == ["from"])
    }
  }

  @Test func peopleComeByNameOrDeals() async throws {
    try await withAPI { api in
      try await Self.fill(api)
      let answer = try await api.request("/v1/people")
      #expect(answer["order"] == "name")
      let ann = answer["people"].items[0]
      #expect(ann["owner"] == "ann" && ann["openDeals"] == 1)
      #expect(ann["conversion"]["rate"] == 0.5 && ann["shrunk"]["verdict"] == "cannot-tell")
      #expect(ann["forgotten"]["count"] == 1 && ann["followUps"]["total"] == 1)
      #expect(answer["teams"].items[0]["people"] == 1)
      let wrong = try await api.request("/v1/people?order=rate")
      #expect(wrong.status == .badRequest && wrong.refusedFields == ["order"])
    }
  }

  @Test func aTargetNeedsItsCurrency() async throws {
    try await withAPI { api in
      try await Self.fill(api)
      let wrong = try await api.request("/v1/velocity?targetMinor=0")
      #expect(wrong.status == .badRequest && wrong.refusedFields == ["targetMinor"])
      let alone = try await api.request("/v1/velocity?targetMinor=5")
      #expect(alone.status == .badRequest && alone.refusedFields == ["targetMinor"])
      let answer = try await api.request("/v1/velocity?targetMinor=5&currency=CNY")
      #expect(answer["targetMinor"] == 5 && answer["currencies"].items[0]["neededMinor"] == 5)
      #expect(answer["currencies"].items[0]["coverageReason"]["code"] == "no-probability")
    }
  }

  @Test func beforeAndAfterOfAMomentOrAVersion() async throws {
    try await withAPI { api in
      try await Self.fill(api)
      let day = try await api.request("/v1/before-after?at=2026-03-07&windowDays=30")
      #expect(day["at"] == "2026-03-07T00:00:00.000000Z" && day["version"] == .null)
      // No more than the five days and ten hours that have passed since.
      #expect(day["before"]["from"] == "2026-03-01T14:00:00.000000Z")
      #expect(day["before"]["won"] == 1 && day["after"]["lost"] == 1)
      #expect(day["conversion"]["verdict"] == "cannot-tell")
      var again = Ladder.version(2, Ladder.definition)
      again.publishedAt = Instant("2026-03-08T00:00:00Z")!
      try await api.pool.publish(again)
      let version = try await api.request("/v1/before-after?version=2")
      #expect(version["at"] == "2026-03-08T00:00:00.000000Z" && version["version"] == 2)
      for (query, fields) in [
        ("", ["at"]), ("at=2026-03-07&version=2", ["version"]), ("version=3", ["version"]),
        ("at=March", ["at", "at"]), ("at=2026-03-07&windowDays=0", ["windowDays"]),
        ("at=2026-03-07&from=2026-03-07T00:00:00Z", ["from"]),
      ] {
        let wrong = try await api.request("/v1/before-after?\(query)")
        #expect(wrong.status == .badRequest && wrong.refusedFields == fields, "\(query)")
      }
    }
  }

  @Test func nothingHasReasonsAndNoErrors() async throws {
    try await withAPI { api in
      try await api.pool.publish(Ladder.published)
      for path in Self.paths {
        #expect(try await api.request(path).status == .ok, "\(path)")
      }
      let forgotten = try await api.request("/v1/forgotten")
      #expect(forgotten["reason"]["code"] == "no-data" && forgotten["latest"]["rate"] == .null)
      let ahead = try await api.request("/v1/forgotten?from=2027-01-01T00:00:00Z")
      #expect(ahead["points"] == .array([]) && ahead["latest"] == .null)
      let people = try await api.request("/v1/people")
      #expect(people["people"] == .array([]) && people["reason"]["code"] == "no-data")
      let ever = try await api.request("/v1/before-after?at=2030-01-01")
      #expect(ever["windowDays"] == 0 && ever["conversion"]["reason"]["code"] == "no-data")
      let other = try await api.request("/v1/people?pipeline=nothing")
      #expect(other.status == .notFound && other["pipelines"] == .array(["software"]))
    }
  }

  @Test func stagesThatAreGoneStillCount() async throws {
    try await withAPI { api in
      try await Self.fill(api)
      var smaller = Ladder.definition
      smaller.stages.removeFirst()
      try await api.pool.publish(Ladder.version(2, smaller))
      let forgotten = try await api.request("/v1/forgotten")
      #expect(forgotten["latest"]["open"] == 1)
      let velocity = try await api.request("/v1/velocity")
      #expect(velocity["openDeals"] == 1 && velocity["won"] == 1)
    }
  }

  @Test func theyComeAsCSV() async throws {
    try await withAPI { api in
      try await Self.fill(api)
      let token = try api.token(.viewer)
      for (path, first) in [
        ("/v1/forgotten?format=csv", "start,at,open,forgotten,rate,target,isOnTarget\r\n"),
        ("/v1/people?format=csv", "owner,team,openDeals,won,lost,conversion,low,high,shrunk"),
        ("/v1/feedback?format=csv", "stage,statements,explicit,score1"),
        ("/v1/velocity?format=csv", "currency,openDeals,openMinor,won,lost,winRate"),
        (
          "/v1/before-after?at=2026-03-07&format=csv",
          "figure,currency,before,after,difference,low,high,verdict,zh,en\r\nconversion,,1.0,0.0,"
        ),
      ] {
        let headers: HTTPFields = [.authorization: "Bearer \(token)"]
        try await api.client.execute(uri: path, method: .get, headers: headers) { response in
          #expect(response.headers[.contentType] == "text/csv; charset=utf-8")
          let text = String(decoding: response.body.readableBytesView, as: UTF8.self)
          #expect(text.hasPrefix(first), "\(path): \(text.prefix(120))")
        }
      }
    }
  }
}
