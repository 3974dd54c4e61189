import Contracts
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import ServiceKit
import Testing

@testable import Forecasting

@Suite struct FigureRouteTests {
  /// Three stays in lead: two and four days long, one that lasts since ten days; one of unknown entry.
  private static func fill(_ api: API) async throws {
    var definition = Ladder.definition
    definition.stages[0].benchmarkDays = 3
    try await api.pool.publish(Ladder.version(1, definition))
    var quick = History(1)
    quick.create()
    quick.move(to: "offer", afterDays: 2)
    quick.move(to: "won", afterDays: 3)
    var slow = History(2)
    slow.create()
    slow.hold(true, afterDays: 1)
    slow.hold(false, afterDays: 2)
    slow.move(to: "lost", afterDays: 3)
    var stays = History(3)
    stays.owner = "=bob"
    stays.create()
    var unknown = History(4)
    unknown.create(entryUnknown: true)
    unknown.move(to: "offer", afterDays: 1)
    try await api.pool.project(quick.events + slow.events + stays.events + unknown.events)
  }

  private static func number(_ value: JSONValue) -> Double? {
    switch value {
    case .integer(let whole): Double(whole)
    case .number(let number): number
    default: nil
    }
  }

  @Test func dwellIsKaplanAndMeiers() async throws {
    try await withAPI { api in
      try await Self.fill(api)
      let answer = try await api.request("/v1/dwell?stage=lead")
      #expect(answer.status == .ok && answer["stage"] == "lead")
      #expect(answer["visits"] == 3 && answer["ended"] == 2 && answer["open"] == 1)
      #expect(answer["unknownEntry"] == 1)
      // Six days, two of them on hold.
      #expect(answer["median"]["days"] == 4)
      #expect(answer["naiveMeanEndedDays"] == 3 && answer["benchmarkDays"] == 3)
      #expect(answer["overBenchmark"] == 1)
      let steps = answer["survival"].items
      #expect(steps.map { $0["day"] } == [0, 2, 4, 10])
      #expect(steps.map { $0["atRisk"] } == [3, 3, 2, 1])
      #expect(abs((Self.number(steps[1]["s"]) ?? 0) - 2.0 / 3) < 1e-12)
      // The area under the curve up to ten days: 2 + 2 × 2/3 + 6 × 1/3.
      let mean = answer["restrictedMean"]
      #expect(abs((Self.number(mean["days"]) ?? 0) - 16.0 / 3) < 1e-9)
      #expect(mean["horizonDays"] == 10)
      #expect(answer["about"]["zh"].text?.contains("Kaplan") == true)
      #expect(answer["freshness"] == .object(["lagSeconds": 1.5, "behind": 7]))

      let lost = try await api.request("/v1/dwell?stage=lead&outcome=lost")
      #expect(lost["outcome"] == "lost")
      let last = lost["incidence"].items.last
      #expect(abs((Self.number(last?["value"] ?? .null) ?? 0) - 1.0 / 3) < 1e-12)
      // What ended before the 5th was never seen; what began before is at risk from then on.
      let late = try await api.request("/v1/dwell?stage=lead&observedFrom=2026-03-05T10:00:00Z")
      #expect(late["visits"] == 2 && late["ended"] == 1)
    }
  }

  @Test func dwellOfNothingAndOfOpenVisitsHasReasons() async throws {
    try await withAPI { api in
      try await api.pool.publish(Ladder.published)
      let empty = try await api.request("/v1/dwell?stage=talks")
      #expect(empty["visits"] == 0 && empty["reason"]["code"] == "no-data")
      #expect(empty["median"]["days"] == .null && empty["median"]["reason"]["code"] == "no-data")
      #expect(empty["survival"] == .array([]))
      var deal = History(1)
      deal.create()
      try await api.pool.project(deal.events)
      let open = try await api.request("/v1/dwell?stage=lead&outcome=won")
      #expect(open["visits"] == 1 && open["reason"]["code"] == "none-ended")
      #expect(open["median"]["days"] == .null && open["naiveMeanEndedDays"] == .null)
    }
  }

  @Test func stagesAreAskedForByTheirKeys() async throws {
    try await withAPI { api in
      try await Self.fill(api)
      let missing = try await api.request("/v1/dwell?outcome=draw")
      #expect(missing.status == .badRequest && missing.refusedFields == ["stage", "outcome"])
      for path in ["/v1/dwell?stage=nowhere", "/v1/conversion?stage=nowhere"] {
        let unknown = try await api.request(path)
        #expect(unknown.status == .badRequest && unknown.refusedFields == ["stage"])
        let message = unknown["errors"].items[0]["message"]
        #expect(message["en"].text?.contains("lead, offer, talks, won, lost") == true)
      }
    }
  }

  @Test func snapshotIsOfTheClosedDeals() async throws {
    try await withAPI { api in
      try await Self.fill(api)
      let all = try await api.request("/v1/conversion")
      #expect(all["mode"] == "snapshot" && all["won"] == 1 && all["lost"] == 1)
      #expect(all["rate"] == 0.5)
      #expect((Self.number(all["low"]) ?? 1) < 0.1 && (Self.number(all["high"]) ?? 0) > 0.9)
      // Won after five days, lost after six.
      for (query, won, lost) in [
        ("to=2026-03-08T10:00:00Z", 1, 0), ("from=2026-03-08T10:00:00Z", 0, 1),
        ("from=2026-03-01T00:00:00Z&asOf=2026-03-07T12:00:00Z", 1, 0),
        ("knownAt=2026-03-07T12:00:00Z", 1, 0), ("owner=ann&currency=CNY", 1, 1),
      ] {
        let answer = try await api.request("/v1/conversion?mode=snapshot&\(query)")
        #expect(answer["won"] == .integer(Int64(won)), "\(query)")
        #expect(answer["lost"] == .integer(Int64(lost)), "\(query)")
      }
      let nothing = try await api.request("/v1/conversion?team=nobody")
      #expect(nothing["rate"] == .null && nothing["reason"]["code"] == "no-data")
      let stage = try await api.request("/v1/conversion?stage=lead")
      #expect(stage["entered"] == 4 && stage["advanced"] == 2 && stage["rate"] == 0.5)
      let period = try await api.request(
        "/v1/conversion?stage=offer&from=2026-03-04T00:00:00Z&to=2026-03-05T00:00:00Z")
      #expect(period["entered"] == 1 && period["advanced"] == 1)
    }
  }

  @Test func cohortsAreAalenAndJohansens() async throws {
    try await withAPI { api in
      try await Self.fill(api)
      var march = History(5)
      march.at = History.start.adding(days: -2)
      march.create()
      try await api.pool.project(march.events)
      let answer = try await api.request("/v1/conversion?mode=cohort&days=3,5,8,30")
      #expect(answer["mode"] == "cohort" && answer["undated"] == 1)
      #expect(answer["cohorts"].items.map { $0["start"] } == ["2026-02-01", "2026-03-01"])
      let group = answer["cohorts"].items[1]
      #expect(group["entered"] == 3 && group["won"] == 1 && group["lost"] == 1)
      #expect(group["open"] == 1)
      let rows = group["incidence"].items
      #expect(rows.map { $0["day"] } == [3, 5, 8, 30])
      #expect(rows[0]["won"] == 0 && rows[0]["lost"] == 0)
      #expect(abs((Self.number(rows[1]["won"]) ?? 0) - 1.0 / 3) < 1e-12)
      #expect(abs((Self.number(rows[2]["lost"]) ?? 0) - 1.0 / 3) < 1e-12)
      #expect(rows[3]["won"] == .null && rows[3]["reason"]["code"] == "not-observed")
      #expect(answer["all"]["start"] == .null && answer["all"]["entered"] == 4)
      let quarter = try await api.request("/v1/conversion?mode=cohort&cohort=quarter")
      #expect(quarter["cohorts"].items.map { $0["start"] } == ["2026-01-01"])
      let observed = try await api.request(
        "/v1/conversion?mode=cohort&observedFrom=2026-03-08T00:00:00Z")
      #expect(observed["all"]["won"] == 0 && observed["all"]["lost"] == 1)
      let wrong = try await api.request(
        "/v1/conversion?mode=cohort&days=30,x&stage=lead&cohort=day")
      #expect(wrong.refusedFields == ["cohort", "days", "stage"])
      let mixed = try await api.request("/v1/conversion?days=30&cohort=month")
      #expect(mixed.refusedFields == ["cohort", "days"])
    }
  }

  @Test func transitionsAreTheWholeMatrix() async throws {
    try await withAPI { api in
      try await Self.fill(api)
      let answer = try await api.request("/v1/transitions")
      #expect(
        answer["stages"].items.map { $0["stage"] } == ["lead", "offer", "talks", "won", "lost"])
      #expect(
        answer["matrix"]
          == .array([
            .array([0, 2, 0, 0, 1]), .array([0, 0, 0, 1, 0]), .array([0, 0, 0, 0, 0]),
            .array([0, 0, 0, 0, 0]), .array([0, 0, 0, 0, 0]),
          ]))
      let first = answer["moves"].items[0]
      #expect(first["from"] == "lead" && first["to"] == "offer" && first["count"] == 2)
      #expect(first["direction"] == "advance" && first["meanDays"] == 2)
      #expect(answer["narrowest"]["stage"] == "lead" && answer["narrowest"]["left"] == 3)
      let early = try await api.request("/v1/transitions?asOf=2026-03-05T00:00:00Z&owner=ann")
      #expect(early["moves"].items.count == 1)
      let none = try await api.request("/v1/transitions?team=nobody")
      #expect(none["moves"] == .array([]) && none["narrowest"] == .null)
      #expect(none["narrowestReason"]["code"] == "no-data")
    }
  }

  @Test func amountsAreSpreadByStageAndCurrency() async throws {
    try await withAPI { api in
      try await api.pool.publish(Ladder.published)
      let amounts: [Money?] = [
        Money(minor: 100, currency: "CNY"), Money(minor: 200, currency: "CNY"),
        Money(minor: 400, currency: "CNY"), Money(minor: 1_000_000_000_000_000, currency: "EUR"),
        nil,
      ]
      try await api.pool.project(
        amounts.enumerated().map { number, amount in
          var deal = History(number)
          deal.amount = amount
          return deal.create()
        })
      for query in ["", "?asOf=2026-03-03T00:00:00Z"] {
        let lead = try await api.request("/v1/amounts\(query)")["stages"].items[0]
        #expect(lead["unpriced"] == 1)
        let yuan = lead["currencies"].items[0]
        #expect(yuan["currency"] == "CNY" && yuan["deals"] == 3 && yuan["total"] == 700)
        let quantiles = yuan["quantiles"].items
        #expect(quantiles.map { $0["share"] } == [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1])
        #expect(quantiles.map { $0["minor"] } == [100, 120, 150, 200, 300, 360, 400])
        let counts = yuan["histogram"].items.compactMap { Self.number($0["count"]) }
        #expect(counts.reduce(0, +) == 3)
        let euro = lead["currencies"].items[1]
        #expect(euro["total"] == 1_000_000_000_000_000)
        #expect(euro["histogram"].items.map { $0["count"] } == [1])
      }
      let talks = try await api.request("/v1/amounts?team=nobody")["stages"].items[2]
      #expect(talks["currencies"] == .array([]) && talks["unpriced"] == 0)
    }
  }

  /// Twenty days against a benchmark of ten.
  @Test func theCostliestStageComesFirstWithItsEvidence() async throws {
    try await withAPI { api in
      var definition = Ladder.definition
      definition.stages[0].benchmarkDays = 10
      definition.stages[1].benchmarkDays = 10
      try await api.pool.publish(Ladder.version(1, definition))
      var events: [StageEvent] = []
      for number in 0..<40 {
        var deal = History(number)
        deal.at = History.start.adding(days: -60 + Double(number) / 10)
        deal.create()
        deal.move(to: "offer", afterDays: 5)
        if number < 30 { deal.move(to: "talks", afterDays: 20) }
        events += deal.events
      }
      try await api.pool.project(events)
      let answer = try await api.request("/v1/bottlenecks")
      #expect(answer["rankedBy"] == "CNY")
      let worst = answer["stages"].items[0]
      #expect(worst["stage"] == "offer" && worst["deals"] == 10)
      #expect(worst["verdict"] == "higher" && worst["benchmarkDays"] == 10)
      #expect(abs((Self.number(worst["medianDays"]["days"]) ?? 0) - 20) < 1e-9)
      #expect((Self.number(worst["excessDays"]) ?? 0) > 10)
      #expect(worst["evidence"]["en"].text?.contains("20.0 days or longer") == true)
      #expect(worst["evidence"]["zh"].text?.contains("20.0 天，参考 10.0 天，确实超出") == true)
      #expect(worst["dealsMonthBefore"] == 10)
      let last = answer["stages"].items[2]
      #expect(last["stage"] == "talks" && last["excessDays"] == .null)
      #expect(last["reason"]["code"] == "none-ended" || last["reason"]["code"] == "not-reached")
      let none = try await api.request("/v1/bottlenecks?team=nobody")
      #expect(none["rankedBy"] == .null)
      #expect(none["stages"].items[0]["reason"]["code"] == "no-data")
    }
  }

  @Test func figuresComeAsCSV() async throws {
    try await withAPI { api in
      try await Self.fill(api)
      let token = try api.token(.viewer)
      for (path, accept, first) in [
        ("/v1/funnel?format=csv", nil, "stage,category,count,unpriced,currency,amountMinor"),
        ("/v1/amounts?format=csv", nil, "stage,currency,deals,unpriced,totalMinor,meanMinor,p0"),
        ("/v1/bottlenecks?format=csv", nil, "stage,deals,dealsMonthBefore,medianDays"),
        ("/v1/transitions", "text/csv", "from,to,count,share,direction,meanDays\r\nlead,offer,2,"),
        (
          "/v1/dwell?stage=lead&format=csv", nil,
          "stage,day,s,low,high,atRisk\r\nlead,0.0,1.0,1.0,1.0,3"
        ),
        ("/v1/conversion?mode=cohort&format=csv", nil, "start,entered,won,lost,open,day"),
      ] as [(String, String?, String)] {
        var headers: HTTPFields = [.authorization: "Bearer \(token)"]
        headers[.accept] = accept
        try await api.client.execute(uri: path, method: .get, headers: headers) { response in
          #expect(response.headers[.contentType] == "text/csv; charset=utf-8")
          let text = String(decoding: response.body.readableBytesView, as: UTF8.self)
          #expect(text.hasPrefix(first), "\(path): \(text.prefix(80))")
          let freshness = response.headers[HTTPField.Name("Sluice-Freshness")!]
          #expect(freshness == "lagSeconds=1.5, behind=7")
        }
      }
      let other = try await api.request("/v1/funnel?format=xml")
      #expect(other.refusedFields == ["format"])
    }
  }

  @Test func cellsAreQuotedAndNoFormulas() {
    let table = CSVTable(
      header: ["a", "b"], rows: [["=1+1", "x,\"y\""], [nil, "-5"], ["line\nbreak", "@sum"]])
    #expect(
      table.text == "a,b\r\n'=1+1,\"x,\"\"y\"\"\"\r\n,-5\r\n\"line\nbreak\",'@sum\r\n")
  }
}
