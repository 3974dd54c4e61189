import Contracts
import HTTPTypes
import Logging
import Postgres
import Testing

@testable import Forecasting

@Suite struct TimelineRouteTests {
  @Test func theVisitsComeInOrder() async throws {
    try await withAPI { api in
      try await api.pool.publish(Ladder.published)
      var history = History(1)
      history.create(entryUnknown: true)
      history.change { $0.owner = "bob" }
      history.move(to: "offer", afterDays: 1)
      history.move(to: "gone", afterDays: 1.5)
      history.move(to: "lost", afterDays: 0.5)
      try await api.pool.project(history.events)
      let answer = try await api.request("/v1/opportunities/\(history.id)/timeline")
      #expect(answer.status == .ok)
      #expect(answer["id"].text == history.id.description)
      #expect(answer["stage"] == "lost" && answer["sequence"] == 5 && answer["owner"] == "bob")
      #expect(answer["amount"] == .object(["currency": "CNY", "minor": 1_000]))
      #expect(answer["name"] == "Deal" && answer["account"] == "Acme")
      #expect(answer["followUpDueAt"] == .null && answer.body.keys.contains("followUpDueAt"))
      #expect(answer["next"] == .null && answer.body.keys.contains("next"))
      let visits = answer["items"].items
      #expect(visits.map { $0["stage"].text } == ["lead", "offer", "gone", "lost"])
      #expect(
        visits[0]
          == .object([
            "stage": "lead", "name": .object(["zh": "初步接触", "en": "The lead"]),
            "category": "open", "sequence": 1, "entered": .null,
            "left": "2026-03-04T10:00:00.000000Z", "dwellDays": .null, "to": "offer",
            "direction": "advance", "owner": "ann", "team": "north",
          ]))
      #expect(visits[1]["dwellDays"] == 1.5 && visits[1]["owner"] == "bob")
      #expect(visits[2]["name"] == .null && visits[2]["direction"] == "lost")
      #expect(visits[3]["left"] == .null && visits[3]["direction"] == .null)
      // Entered on day 4, and "now" is day 10.
      #expect(visits[3]["dwellDays"] == 6)
      #expect(answer["reverted"] == .array([]))
    }
  }

  @Test func whatWasTakenBackIsNoVisitButTold() async throws {
    try await withAPI { api in
      try await api.pool.publish(Ladder.published)
      var history = History(1)
      history.create()
      history.move(to: "offer", afterDays: 1)
      history.move(to: "talks", afterDays: 1)
      history.revert(afterDays: 1)
      history.revert(afterDays: 1, reason: "the customer had not agreed")
      history.move(to: "won", afterDays: 1)
      try await api.pool.project(history.events)
      let answer = try await api.request("/v1/opportunities/\(history.id)/timeline")
      #expect(answer["stage"] == "won" && answer["sequence"] == 6)
      let visits = answer["items"].items
      #expect(visits.map { $0["stage"].text } == ["lead", "won"])
      #expect(visits[0]["dwellDays"] == 5 && visits[0]["to"] == "won")
      let reverted = answer["reverted"].items
      #expect(reverted.map { $0["to"].text } == ["talks", "offer"])
      #expect(reverted[0]["reason"] == .null)
      #expect(
        reverted[1]
          == .object([
            "from": "lead", "to": "offer", "sequence": 2, "at": "2026-03-03T10:00:00.000000Z",
            "revertedAt": "2026-03-06T10:00:00.000000Z", "by": "test",
            "reason": "the customer had not agreed",
          ]))
    }
  }

  @Test func aDuplicateSaysWhatItBecamePartOf() async throws {
    try await withAPI { api in
      var history = History(1)
      history.create()
      history.move(to: "won")
      try await api.pool.project(history.events)
      let before = try await api.request("/v1/opportunities/\(history.id)/timeline")
      #expect(before["mergedInto"] == .null && before.body.keys.contains("mergedInto"))
      try await api.pool.project([history.merge(into: History(2).id)])
      let answer = try await api.request("/v1/opportunities/\(history.id)/timeline")
      #expect(answer.status == .ok && answer["category"] == "merged" && answer["stage"] == "won")
      #expect(answer["mergedInto"].text == History(2).id.description)
      #expect(answer["items"] == .array([]))
    }
  }

  @Test func anUnknownOpportunityIsNotFound() async throws {
    try await withAPI { api in
      let answer = try await api.request("/v1/opportunities/\(History(9).id)/timeline")
      #expect(answer.status == .notFound && answer["code"] == "not-found")
    }
  }

  @Test func whatIsNoIdentityIsRefused() async throws {
    try await withAPI { api in
      for id in ["42", "%00", "not-a-uuid"] {
        let answer = try await api.request("/v1/opportunities/\(id)/timeline")
        #expect(answer.status == .badRequest && answer.refusedFields == ["id"])
      }
      let answer = try await api.request("/v1/opportunities/\(History(1).id)/timeline?asOf=now")
      #expect(answer.status == .badRequest && answer.refusedFields == ["asOf"])
    }
  }

  @Test func aLostDatabaseIsUnavailable() async throws {
    // Nobody listens on port 1.
    let pool = PostgresPool(
      try PostgresConfiguration(
        url: "postgres://nobody@127.0.0.1:1/none", applicationName: "test"),
      size: 1, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    try await withAPI(pool: pool) { api in
      for path in [
        "/v1/funnel", "/v1/funnel?pipeline=software",
        "/v1/opportunities/\(History(1).id)/timeline",
      ] {
        let answer = try await api.request(path)
        #expect(answer.status == .serviceUnavailable && answer["code"] == "unavailable")
        #expect(answer.headers[.retryAfter] != nil)
      }
    }
    await pool.close()
  }
}
