import Contracts
import Foundation
import HTTPTypes
import ServiceKit
import Testing

@testable import ActivityIngest

@Suite struct UnmatchedRouteTests {
  /// An API with one deal and an unmatched activity, whose id is passed on.
  private func withUnmatched(
    _ body: @Sendable (API, EntityID, String) async throws -> Void
  ) async throws {
    try await withAPI(readyMade: false) { api in
      var deal = History(1)
      deal.create()
      try await api.bench.publish(Ladder.published)
      try await api.bench.apply(deal.events)
      try await api.bench.observe(.mail("1", "wombat", email: "a@b.cn"))
      let list = try await api.get("/v1/unmatched")
      let id = try #require(list["items"].items.first?["id"].text)
      try await body(api, deal.id, id)
    }
  }

  @Test func theListHasItsForm() async throws {
    try await withUnmatched { api, _, id in
      let list = try await api.get("/v1/unmatched")
      #expect(list.status == 200 && list["next"] == .null && list.body.keys.contains("next"))
      let item = try #require(list["items"].items.first)
      #expect(item["reason"] == "no-such-contact" && item["candidates"] == [])
      #expect(item["message"].keys == ["zh", "en"])
      #expect(item["receivedAt"].text == Bench.now.description)
      let activity = item["activity"]
      #expect(activity["source"] == "/mail" && activity["id"] == "1")
      #expect(activity["kind"] == "email" && activity["text"] == "wombat")
      #expect(activity["contact"] == ["email": "a@b.cn"])
    }
  }

  @Test func pagesFollowEachOther() async throws {
    try await withAPI(readyMade: false) { api in
      for number in 1...5 { try await api.bench.observe(.mail("\(number)")) }
      var ids: [String] = []
      var cursor = ""
      repeat {
        let page = try await api.get("/v1/unmatched?limit=2&cursor=\(cursor)")
        ids += page["items"].items.compactMap { $0["activity"]["id"].text }
        cursor = page["next"].text ?? ""
      } while !cursor.isEmpty
      #expect(ids == ["1", "2", "3", "4", "5"])
      let wrong = try await api.get("/v1/unmatched?limit=0&cursor=x&colour=red")
      #expect(wrong.status == 400 && Set(wrong.fields) == ["limit", "cursor", "colour"])
    }
  }

  @Test func aPersonAssigns() async throws {
    try await withUnmatched { api, deal, id in
      let path = "/v1/unmatched/\(id)/assign"
      let answer = try await api.post(path, ["opportunityId": .string(deal.description)])
      #expect(answer.status == 200 && answer["state"] == "matched")
      #expect(answer["matchedBy"] == "person" && answer["decidedBy"] == "li.na")
      #expect(answer["opportunityId"].text == deal.description)
      #expect(answer["proposals"].items.map { $0["status"] } == ["waiting"])
      #expect(try await api.get("/v1/unmatched")["items"] == [])
      #expect(try await api.outbox(.stageCommands).count == 1)
      #expect(try await api.outbox(.notices).count == 1)
      let again = try await api.post(path, ["opportunityId": .string(deal.description)])
      #expect(again.status == 200 && again.body == answer.body)
      #expect(try await api.outbox(.stageCommands).count == 1)
      var other = History(2)
      other.create()
      try await api.bench.apply(other.events)
      let elsewhere = try await api.post(path, ["opportunityId": .string(other.id.description)])
      #expect(elsewhere.status == 409 && elsewhere["code"] == "already-settled")
      #expect(elsewhere["current"]["state"] == "matched")
      #expect(try await api.post("/v1/unmatched/\(id)/dismiss").status == 409)
    }
  }

  @Test func aPersonDismisses() async throws {
    try await withUnmatched { api, deal, id in
      let answer = try await api.post("/v1/unmatched/\(id)/dismiss")
      #expect(answer.status == 200 && answer["state"] == "dismissed")
      #expect(answer["decidedBy"] == "li.na")
      #expect(try await api.get("/v1/unmatched")["items"] == [])
      #expect(try await api.post("/v1/unmatched/\(id)/dismiss").status == 200)
      let assigned = try await api.post(
        "/v1/unmatched/\(id)/assign", ["opportunityId": .string(deal.description)])
      #expect(assigned.status == 409)
      #expect(try await api.outbox(.stageCommands).isEmpty)
    }
  }

  @Test func whatIsNotThereIsRefused() async throws {
    try await withUnmatched { api, deal, id in
      let path = "/v1/unmatched/\(id)/assign"
      let unknown = try await api.post(
        path, ["opportunityId": .string(History(9).id.description)])
      #expect(unknown.status == 422 && unknown.codes == ["no-such-opportunity"])
      #expect(try await api.post(path, ["opportunityId": "42"]).status == 400)
      #expect(try await api.post(path, [:]).pointers == ["/opportunityId"])
      #expect(try await api.post(path).status == 400)
      let text = try await api.send(
        .post, path, bytes: [1], headers: ["Content-Type": "text/plain"])
      #expect(text.status == 415)
      let nobody = "/v1/unmatched/\(DerivedID.make("none"))"
      let body: JSONValue = ["opportunityId": .string(deal.description)]
      #expect(try await api.post("\(nobody)/assign", body).status == 404)
      #expect(try await api.post("\(nobody)/dismiss").status == 404)
      #expect(try await api.post("/v1/unmatched/42/dismiss").fields == ["id"])
      #expect(try await api.get("/v1/unmatched")["items"].items.count == 1)
    }
  }
}
