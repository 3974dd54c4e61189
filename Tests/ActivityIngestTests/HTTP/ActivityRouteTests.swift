import Contracts
import Foundation
import HTTPTypes
import Logging
import Messaging
import Postgres
import ServiceKit
import Testing

@testable import ActivityIngest

@Suite struct ActivityRouteTests {
  @Test func allThreeModesAreTaken() async throws {
    try await withAPI(readyMade: false) { api in
      let binary = try await api.send(
        .post, "/v1/activities",
        bytes: Array(#"{"kind":"call","externalId":"CRM-1","more":{"x":1}}"#.utf8), as: .publisher,
        headers: [
          "ce-specversion": "1.0", "ce-id": "b-1", "ce-source": "/calls",
          "ce-type": ObservedActivity.type, "ce-time": "2026-03-03T10:00:00Z",
        ])
      #expect(binary.status == 202)
      #expect(
        binary.body == ["accepted": 1, "items": [["source": "/calls", "id": "b-1"]]])
      #expect(try await api.publish(API.event("s-1")).status == 202)
      let batch = try await api.publish(batch: [API.event("1"), API.event("2"), API.event("1")])
      #expect(batch.status == 202 && batch["accepted"] == 3)
      #expect(batch["items"].items.map { $0["duplicate"] } == [.null, .null, true])
      #expect(try await api.publish(batch: []).body == ["accepted": 0, "items": []])

      let queued = try await api.outbox(.activities)
      #expect(queued.map { $0.header("ce_id") } == ["b-1", "s-1", "1", "2"])
      #expect(queued[0].key == Array("CRM-1".utf8) && queued[1].key == Array("/mail/s-1".utf8))
      #expect(queued[0].header("ce_time") == "2026-03-03T10:00:00.000000Z")
      #expect(queued[0].header("ce_traceparent") != nil && queued[0].header("ce_subject") == nil)
      guard case .payload(let activity, _) = try ObservedActivity.read(queued[0]) else {
        Issue.record("cannot be read")
        return
      }
      #expect(activity.observation.externalId == "CRM-1" && activity.source == "/calls")
    }
  }

  @Test func postingTwiceChangesNothing() async throws {
    try await withAPI(readyMade: false) { api in
      #expect(try await api.publish(API.event("1"))["items"].items[0]["duplicate"] == .null)
      try await api.drain()
      let before = try await api.bench.snapshot()
      let again = try await api.publish(API.event("1"))
      #expect(again.status == 202 && again["accepted"] == 1)
      #expect(again["items"].items[0]["duplicate"] == true)
      #expect(try await api.bench.snapshot() == before)
    }
  }

  @Test func theSubjectMayNameTheDeal() async throws {
    try await withAPI(readyMade: false) { api in
      var deal = History(1)
      deal.create()
      try await api.bench.apply(deal.events)
      guard case .object(var event) = API.event("1") else { return }
      event["subject"] = .string(deal.id.description)
      #expect(try await api.publish(.object(event)).status == 202)
      try await api.drain()
      let standing = try await api.get("/v1/activities?source=/mail&id=1")
      #expect(standing["opportunityId"].text == deal.id.description)
      // An external id that looks like an identity is none.
      let external: JSONValue = ["kind": "call", "externalId": .string(deal.id.description)]
      #expect(try await api.publish(API.event("2", data: external)).status == 202)
      try await api.drain()
      let unmatched = try await api.get("/v1/activities?source=/mail&id=2")
      #expect(unmatched["reason"] == "no-such-external-id")
    }
  }

  @Test func wrongEventsAreListedAndNothingIsStored() async throws {
    try await withAPI(readyMade: false) { api in
      let answer = try await api.publish(batch: [
        API.event("0"), API.event("1", type: "sluice.stage-moved.v1"),
        API.event("2", data: ["kind": 5]), API.event("3", data: ["text": "x"]),
        API.event("4", data: ["kind": " "]),
        API.event("5", data: ["kind": "call", "text": "a\0b"]),
        API.event("6", data: ["kind": "call", "direction": "up"]), API.event("7", data: .null),
        API.event("8", data: ["kind": "call", "opportunityId": "42"]),
      ])
      #expect(answer.status == 400 && answer["code"] == "invalid-request")
      #expect(
        answer.pointers == [
          "/1/type", "/2/data/kind", "/3/data/kind", "/4/data/kind", "/5/data",
          "/6/data/direction", "/7/data", "/8/data/opportunityId",
        ])
      let type = answer["errors"].items[0]["message"]
      #expect(type["en"].text?.contains("event 1") == true)
      #expect(type["en"].text?.contains("sluice.stage-moved.v1") == true)
      #expect(type["zh"].text?.contains(ObservedActivity.type) == true)
      #expect(try await api.outbox(.activities).isEmpty)
    }
  }

  @Test func aWrongEventAloneSaysWhatWouldBeRight() async throws {
    try await withAPI(readyMade: false) { api in
      let headers = [
        "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/a", "ce-type": "other",
      ]
      let type = try await api.send(
        .post, "/v1/activities", bytes: Array("{}".utf8), headers: headers)
      #expect(type.status == 400 && type.fields == ["ce-type"])
      var right = headers
      right["ce-type"] = ObservedActivity.type
      let kind = try await api.send(
        .post, "/v1/activities", bytes: Array("{}".utf8), headers: right)
      #expect(kind.status == 400 && kind.pointers == ["/kind"])
      let empty = try await api.send(.post, "/v1/activities", bytes: [], headers: right)
      #expect(empty.status == 400 && empty.codes == ["invalid-json"])
      right["ce-id"] = "a%00b"
      let null = try await api.send(
        .post, "/v1/activities", bytes: Array(#"{"kind":"call"}"#.utf8), headers: right)
      #expect(null.status == 400)
      right["ce-id"] = String(repeating: "i", count: 600)
      let long = try await api.send(
        .post, "/v1/activities", bytes: Array(#"{"kind":"call"}"#.utf8), headers: right)
      #expect(long.status == 400 && long.fields == ["ce-id"] && long.codes == ["too-long"])
      let none = try await api.post("/v1/activities", ["kind": "call"])
      #expect(none.status == 400 && none["code"] == "not-a-cloud-event")
      let xml = try await api.send(
        .post, "/v1/activities", bytes: [60],
        headers: ["Content-Type": "application/cloudevents+xml"])
      #expect(xml.status == 415)
    }
  }

  @Test func sizesAreBounded() async throws {
    try await withAPI(readyMade: false) { api in
      let many = try await api.publish(batch: (0...1_000).map { API.event("\($0)") })
      #expect(many.status == 400 && many.codes == ["too-many-events"])
      let text = String(repeating: "x", count: 950_000)
      let large = try await api.publish(
        API.event("1", data: ["kind": "email", "text": .string(text)]))
      #expect(large.status == 400 && large.codes == ["too-large"])
      let tooLarge = try await api.publish(
        API.event("1", data: ["kind": "email", "text": .string(text + text)]))
      #expect(tooLarge.status == 413)
      #expect(try await api.outbox(.activities).isEmpty)
    }
  }

  @Test(arguments: [
    (Role.rep, 202), (.manager, 202), (.admin, 202), (.publisher, 202), (.viewer, 403),
  ])
  func rolesMayPublish(role: Role, status: Int) async throws {
    try await withAPI(readyMade: false) { api in
      let answer = try await api.publish(API.event("1"), as: role)
      #expect(answer.status == status)
    }
  }

  @Test func nobodyMayNot() async throws {
    try await withAPI(readyMade: false) { api in
      let id = DerivedID.make("none").description
      for path in [
        "/v1/activities?source=a&id=b", "/v1/unmatched", "/v1/proposals", "/v1/proposals/\(id)",
      ] {
        let answer = try await api.get(path, as: nil)
        #expect(answer.status == 401)
      }
      for path in [
        "/v1/activities", "/v1/unmatched/\(id)/assign", "/v1/unmatched/\(id)/dismiss",
        "/v1/proposals/\(id)/confirm", "/v1/proposals/\(id)/reject",
      ] {
        #expect(try await api.post(path, [:], as: nil).status == 401)
        #expect(try await api.post(path, [:], as: .viewer).status == 403)
      }
      #expect(try await api.get("/v1/unmatched", as: .publisher).status == 403)
      #expect(try await api.get("/v1/proposals", as: .publisher).status == 403)
      #expect(try await api.send(.delete, "/v1/unmatched").status == 405)
    }
  }

  @Test func whereAnActivityStands() async throws {
    try await withAPI(readyMade: false) { api in
      let path = "/v1/activities?source=/mail&id=1"
      #expect(try await api.get(path).status == 404)
      #expect(try await api.get("/v1/activities?source=/mail").fields == ["id"])
      #expect(try await api.get(path + "&colour=red").status == 400)
      _ = try await api.publish(
        API.event("1", data: ["kind": "email", "contact": ["email": "a@b.cn"]]))
      try await api.drain()
      let unmatched = try await api.get(path)
      #expect(unmatched.status == 200 && unmatched["state"] == "unmatched")
      #expect(unmatched["reason"] == "no-such-contact" && unmatched["proposals"] == [])
      #expect(unmatched["activity"]["contact"]["email"] == "a@b.cn")
    }
  }

  @Test func aLostDatabaseIsUnavailable() async throws {
    // Nobody listens on port 1.
    let pool = PostgresPool(
      try PostgresConfiguration(
        url: "postgres://nobody@127.0.0.1:1/none", applicationName: "test"),
      size: 1, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    try await withAPI(pool: pool, readyMade: false) { api in
      for path in ["/v1/activities?source=a&id=b", "/v1/unmatched", "/v1/proposals"] {
        let answer = try await api.get(path)
        #expect(answer.status == 503 && answer["code"] == "unavailable")
      }
      #expect(try await api.publish(API.event("1")).status == 503)
    }
    await pool.close()
  }
}
