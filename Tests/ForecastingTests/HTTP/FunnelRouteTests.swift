import Contracts
import HTTPTypes
import ServiceKit
import Testing

@testable import Forecasting

@Suite struct FunnelRouteTests {
  private static func fill(_ api: API) async throws {
    try await api.pool.publish(Ladder.published)
    var moved = History(1)
    moved.create()
    moved.move(to: "offer", afterDays: 2)
    var euros = History(2)
    euros.amount = Money(minor: 250, currency: "EUR")
    euros.create()
    var unpriced = History(3)
    unpriced.amount = nil
    unpriced.create()
    var more = History(4)
    more.create()
    try await api.pool.project(moved.events + euros.events + unpriced.events + more.events)
  }

  @Test func theAnswerHasItsForm() async throws {
    try await withAPI { api in
      try await Self.fill(api)
      let answer = try await api.request("/v1/funnel?pipeline=software")
      #expect(answer.status == .ok)
      #expect(
        answer.body.keys == [
          "pipeline", "asOf", "knownAt", "from", "to", "freshness", "about", "stages",
        ])
      #expect(answer["pipeline"] == "software")
      #expect(answer["asOf"].text == API.now.description)
      #expect(answer["knownAt"].text == API.now.description)
      #expect(answer["freshness"] == .object(["lagSeconds": 1.5, "behind": 7]))
      #expect(
        answer["stages"].items.first
          == .object([
            "stage": "lead", "name": .object(["zh": "初步接触", "en": "The lead"]),
            "category": "open", "count": 3,
            "amounts": .array([
              .object(["currency": "CNY", "minor": 1_000]),
              .object(["currency": "EUR", "minor": 250]),
            ]),
            "weighted": .null, "unpriced": 1, "entered": 4, "advanced": 1, "back": 0, "skipped": 0,
            "won": 0, "lost": 0, "conversion": 0.25, "meanDwellDays": 2, "oldestDays": 10,
          ]))
      let won = answer["stages"].items[3]
      #expect(won["stage"] == "won" && won["category"] == "won")
      #expect(won["conversion"] == .null && won.keys.contains("conversion"))
      #expect(won.keys.isSuperset(of: ["meanDwellDays", "oldestDays"]))
    }
  }

  @Test func timesAndFiltersAreTaken() async throws {
    try await withAPI { api in
      try await Self.fill(api)
      let then = try await api.request(
        "/v1/funnel?pipeline=software&asOf=2026-03-03T18:00:00%2B08:00&team=north&owner=ann")
      #expect(then.status == .ok)
      #expect(then["asOf"] == "2026-03-03T10:00:00.000000Z")
      #expect(then["stages"].items[0]["count"] == 4)
      let unknown = try await api.request("/v1/funnel?knownAt=2026-01-01T00:00:00Z")
      #expect(unknown["knownAt"] == "2026-01-01T00:00:00.000000Z")
      #expect(unknown["stages"].items.allSatisfy { $0["count"] == 0 })
      let nobody = try await api.request("/v1/funnel?owner=nobody")
      #expect(nobody["stages"].items.allSatisfy { $0["count"] == 0 && $0["entered"] == 0 })
    }
  }

  @Test func productAndIndustryAndCurrencyNarrowIt() async throws {
    try await withAPI { api in
      try await api.pool.publish(Ladder.published)
      var licence = History(1)
      licence.create()
      licence.set(["product": "licence", "industry": "banking"])
      licence.move(to: "offer")
      var service = History(2)
      service.amount = Money(minor: 9, currency: "EUR")
      service.create()
      service.set(["product": .object(["name": "service"])])
      service.set(["product": "maintenance"])
      try await api.pool.project(licence.events + service.events)
      for (query, counts) in [
        ("product=licence", [0, 1]), ("product=maintenance", [1, 0]), ("product=service", [0, 0]),
        ("industry=banking", [0, 1]), ("industry=banking&product=maintenance", [0, 0]),
        ("currency=EUR", [1, 0]), ("currency=CNY&owner=ann", [0, 1]),
        ("product=licence&asOf=2026-03-02T12:00:00Z", [1, 0]),
      ] {
        let answer = try await api.request("/v1/funnel?\(query)")
        let found = answer["stages"].items.prefix(2).map { $0["count"] }
        #expect(found == counts.map { .integer(Int64($0)) }, "\(query)")
      }
    }
  }

  @Test func aPeriodCountsWhatHappenedInItAndSkippedStagesAreCounted() async throws {
    try await withAPI { api in
      var weighted = Ladder.definition
      weighted.stages[0].probability = 0.15
      weighted.stages[1].probability = 0.5
      try await api.pool.publish(Ladder.version(1, weighted))
      var jump = History(1)
      jump.create()
      jump.move(to: "talks", afterDays: 2)
      jump.move(to: "won", afterDays: 2)
      var lost = History(2)
      lost.amount = Money(minor: 1_003, currency: "CNY")
      lost.create()
      lost.move(to: "offer", afterDays: 3)
      lost.move(to: "lost", afterDays: 3)
      var stays = History(3)
      stays.amount = Money(minor: 1_003, currency: "CNY")
      stays.create()
      try await api.pool.project(jump.events + lost.events + stays.events)
      let all = try await api.request("/v1/funnel")["stages"].items
      #expect(all[0]["weighted"] == .array([.object(["currency": "CNY", "minor": 150])]))
      #expect(all[2]["weighted"] == .null)
      #expect(all[0]["advanced"] == 2 && all[1]["skipped"] == 1 && all[1]["lost"] == 1)
      #expect(all[2]["won"] == 1 && all[2]["advanced"] == 1)
      // History.start is the 2nd at ten o'clock: lost enters offer on the 5th and is lost on the 8th.
      for (query, entered, lost) in [
        ("from=2026-03-05T10:00:00Z&to=2026-03-08T10:00:00Z", 1, 0),
        ("from=2026-03-05T10:00:00.000001Z", 0, 1), ("to=2026-03-08T10:00:00.000001Z", 1, 1),
        ("from=2026-03-04T00:00:00Z&owner=ann", 1, 1),
      ] {
        let answer = try await api.request("/v1/funnel?\(query)")
        #expect(answer["stages"].items[1]["entered"] == .integer(Int64(entered)), "\(query)")
        #expect(answer["stages"].items[1]["lost"] == .integer(Int64(lost)), "\(query)")
        #expect(answer["stages"].items[0]["count"] == 1, "\(query)")
      }
      let backwards = try await api.request(
        "/v1/funnel?from=2026-03-05T10:00:00Z&to=2026-03-05T10:00:00Z")
      #expect(backwards.status == .badRequest && backwards.refusedFields == ["to"])
    }
  }

  @Test func theOnlyPipelineNeedsNoNaming() async throws {
    try await withAPI { api in
      let none = try await api.request("/v1/funnel")
      #expect(none.status == .badRequest && none.refusedFields == ["pipeline"])
      try await Self.fill(api)
      #expect(try await api.request("/v1/funnel")["pipeline"] == "software")
      var other = Ladder.published
      other.key = "hardware"
      try await api.pool.publish(other)
      let two = try await api.request("/v1/funnel?pipeline=")
      #expect(two.status == .badRequest && two.refusedFields == ["pipeline"])
      let message = two["errors"].items[0]["message"]
      #expect(message["en"].text?.contains("there are: hardware, software") == true)
      #expect(message["zh"].text?.contains("hardware, software") == true)
    }
  }

  @Test func anUnknownPipelineIsNotFound() async throws {
    try await withAPI { api in
      let empty = try await api.request("/v1/funnel?pipeline=software")
      #expect(empty.status == .notFound && empty["pipelines"] == .array([]))
      try await Self.fill(api)
      let answer = try await api.request("/v1/funnel?pipeline=nothing")
      #expect(answer.status == .notFound && answer["code"] == "not-found")
      #expect(answer["pipelines"] == .array(["software"]))
      #expect(answer.headers[.contentType] == "application/problem+json")
    }
  }

  @Test func allThatIsWrongIsListedAtOnce() async throws {
    try await withAPI { api in
      let answer = try await api.request(
        "/v1/funnel?asOf=yesterday&knownAt=2026-02-30T00:00:00Z&team=%00&owner=a&owner=b&colour=red"
      )
      #expect(answer.status == .badRequest && answer["code"] == "invalid-request")
      #expect(
        Set(answer.refusedFields) == ["pipeline", "team", "owner", "asOf", "knownAt", "colour"])
      #expect(answer.refusedFields.count == 6)
      let twice = try await api.request("/v1/funnel?pipeline=a&pipeline=b")
      #expect(twice.refusedFields == ["pipeline"])
      #expect(try await api.request("/v1/funnel?pipeline=%FF").status == .badRequest)
    }
  }

  @Test(arguments: [Role.rep, .manager, .admin, .viewer])
  func readersMayRead(role: Role) async throws {
    try await withAPI { api in
      try await Self.fill(api)
      #expect(try await api.request("/v1/funnel", token: api.token(role)).status == .ok)
    }
  }

  @Test func othersMayNot() async throws {
    try await withAPI { api in
      for path in ["/v1/funnel", "/v1/opportunities/\(History(1).id)/timeline"] {
        let publisher = try await api.request(path, token: api.token(.publisher))
        #expect(publisher.status == .forbidden && publisher["code"] == "forbidden")
        let nobody = try await api.request(path, token: "")
        #expect(nobody.status == .unauthorized && nobody["code"] == "token-required")
        let expired = try await api.request(
          path, token: api.token(.viewer, expiresIn: .seconds(-600)))
        #expect(expired.status == .unauthorized && expired["code"] == "invalid-token")
        let unsigned = try await api.request(path, token: "eyJhbGciOiJub25lIn0.e30.")
        #expect(unsigned.status == .unauthorized)
      }
    }
  }

  @Test func otherPathsAndMethodsAreRefused() async throws {
    try await withAPI { api in
      #expect(try await api.request("/v1/nothing").status == .notFound)
      let post = try await api.request("/v1/funnel", .post)
      #expect(post.status == .methodNotAllowed && post.headers[.allow]?.contains("GET") == true)
    }
  }
}
