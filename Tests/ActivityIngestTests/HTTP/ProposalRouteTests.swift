import Contracts
import Foundation
import HTTPTypes
import Messaging
import Postgres
import ServiceKit
import Testing

@testable import ActivityIngest

@Suite struct ProposalRouteTests {
  /// An API with one deal in `proposal` and a proposal of these words, whose path is passed on.
  private func withProposal(
    _ words: String, _ body: @Sendable (API, History, String) async throws -> Void
  ) async throws {
    try await withAPI(readyMade: false) { api in
      var deal = History(1)
      deal.create()
      try await api.bench.publish(Ladder.published)
      try await api.bench.apply(deal.events)
      let outcome = try await api.bench.observe(.mail("1", words, deal: deal.id))
      #expect(outcome.outbox.count == 2)
      try await body(api, deal, "/v1/proposals/\(try await api.bench.proposal().id)")
    }
  }

  @Test func aProposalHasItsForm() async throws {
    try await withProposal("ok, wombat") { api, deal, path in
      let answer = try await api.get(path)
      #expect(answer.status == 200 && answer["status"] == "waiting" && answer["mode"] == "review")
      #expect(answer["opportunityId"].text == deal.id.description && answer["name"] == "Deal")
      #expect(answer["from"] == "proposal" && answer["to"] == "contract")
      #expect(answer["owner"] == "wang.li" && answer["team"] == "east")
      #expect(answer["evidence"]["words"] == "wombat" && answer["evidence"]["start"] == 4)
      #expect(answer["evidence"]["activityId"] == "1" && answer["rule"] == "review-wombat")
      #expect(answer["rejectRequested"] == false && answer["errors"] == [])
      let list = try await api.get(
        "/v1/proposals?status=waiting&opportunityId=\(deal.id)&owner=wang.li&team=east")
      #expect(list["items"] == .array([answer.body]) && list["next"] == .null)
      #expect(try await api.get("/v1/proposals?status=moved")["items"] == [])
    }
  }

  @Test func pagesFollowEachOther() async throws {
    try await withAPI(readyMade: false) { api in
      try await api.bench.publish(Ladder.published)
      for number in 1...3 {
        var deal = History(UInt64(number))
        deal.create()
        try await api.bench.apply(deal.events)
        try await api.bench.observe(.mail("\(number)", "wombat", deal: deal.id))
      }
      let first = try await api.get("/v1/proposals?limit=2")
      let cursor = try #require(first["next"].text)
      let second = try await api.get("/v1/proposals?limit=2&cursor=\(cursor)")
      #expect(first["items"].items.count == 2 && second["items"].items.count == 1)
      #expect(second["next"] == .null)
      let wrong = try await api.get(
        "/v1/proposals?status=gone&opportunityId=42&limit=501&cursor=-1&x=1")
      #expect(wrong.status == 400)
      #expect(Set(wrong.fields) == ["status", "opportunityId", "limit", "cursor", "x"])
    }
  }

  @Test func confirmingMovesTheDeal() async throws {
    try await withProposal("wombat") { api, _, path in
      let answer = try await api.post("\(path)/confirm", ["reason": "on the phone"])
      #expect(answer.status == 200 && answer["status"] == "sent")
      #expect(answer["confirmedBy"] == "li.na" && answer["reason"] == "on the phone")
      let queued = try await api.outbox(.stageCommands)
      #expect(queued.count == 1 && queued[0].header("ce_traceparent") != nil)
      let again = try await api.post("\(path)/confirm")
      #expect(again.status == 200 && again.body == answer.body)
      #expect(try await api.outbox(.stageCommands).count == 1)
    }
  }

  @Test func rejectingStopsIt() async throws {
    try await withProposal("wombat") { api, _, path in
      let answer = try await api.post("\(path)/reject", ["reason": "not so"])
      #expect(answer.status == 200 && answer["status"] == "rejected")
      #expect(answer["rejectedBy"] == "li.na" && answer["reason"] == "not so")
      #expect(try await api.post("\(path)/reject").body == answer.body)
      let confirmed = try await api.post("\(path)/confirm")
      #expect(confirmed.status == 409 && confirmed["code"] == "not-decidable")
      #expect(confirmed["current"]["status"] == "rejected")
      #expect(confirmed["detail"].text?.contains("rejected") == true)
    }
  }

  @Test func rejectingWhatIsUnderWayIsAWish() async throws {
    try await withProposal("quagga") { api, _, path in
      #expect(try await api.post("\(path)/confirm").status == 409)
      let answer = try await api.post("\(path)/reject")
      #expect(answer.status == 200 && answer["status"] == "sent")
      #expect(answer["rejectRequested"] == true)
      #expect(try await api.outbox(.stageCommands).isEmpty)
    }
  }

  @Test func aDealElsewhereIsSuperseded() async throws {
    try await withProposal("wombat") { api, deal, path in
      // As if its event had come between the look and the decision.
      try await api.bench.pool.execute("UPDATE deals SET stage = 'contract'")
      let answer = try await api.post("\(path)/confirm")
      #expect(answer.status == 409 && answer["current"]["status"] == "superseded")
      #expect(try await api.get(path)["status"] == "superseded")
      #expect(try await api.post("\(path)/reject").status == 409)
      #expect(try await api.outbox(.stageCommands).isEmpty)
    }
  }

  @Test func whatIsWrongIsRefused() async throws {
    try await withProposal("wombat") { api, _, path in
      #expect(try await api.post("\(path)/confirm", ["reason": 5]).pointers == ["/reason"])
      #expect(try await api.post("\(path)/confirm", ["reason": "\0"]).status == 400)
      let long = JSONValue.string(String(repeating: "x", count: 501))
      #expect(try await api.post("\(path)/reject", ["reason": long]).status == 400)
      #expect(try await api.send(.post, "\(path)/reject", bytes: [1]).status == 400)
      let text = try await api.send(
        .post, "\(path)/reject", bytes: [1], headers: ["Content-Type": "text/plain"])
      #expect(text.status == 415)
      let none = "/v1/proposals/\(DerivedID.make("none"))"
      #expect(try await api.get(none).status == 404)
      #expect(try await api.post("\(none)/confirm").status == 404)
      #expect(try await api.get("/v1/proposals/42").fields == ["id"])
      #expect(try await api.get("\(path)?x=1").status == 400)
      #expect(try await api.get(path)["status"] == "waiting")
    }
  }
}
